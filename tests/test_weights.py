import hashlib

import pytest

from evonasc.errors import DataFileError
from evonasc.nasbench201.assets import ASSETS
from evonasc.nasbench201.network import SupernetConfig, initialise
from evonasc.nasbench201.supernet import FAMILY, WEIGHTS_ASSET, shipped_supernet
from evonasc.supernet.checkpoint import (
    Checkpoint,
    encode_checkpoint,
    load_checkpoint,
    save_checkpoint,
)
from evonasc.supernet.training_state import read_epoch_logs
from evonasc.supernet.weights import half_precision, read_supernet

TRAINING = {
    "supernet": {"channels": 2, "cells_per_stage": 1, "n_classes": 3},
    "data": "digits",
    "n_validation": 9,
    "seed": 0,
}
LINE = {
    "epoch": 1,
    "train_loss": 2.0,
    "train_accuracy": 0.5,
    "held_out_error": 0.5,
    "learning_rate": 0.1,
    "seconds": 3.5,
}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "w.safetensors"


def checkpoint(**changed):
    supernet = initialise(SupernetConfig(2, 1, 3), seed=5)
    tensors = {f"weight.{name}": w.detach() for name, w in supernet.named_parameters()}
    config = {name: value for name, value in {**TRAINING, **changed}.items() if value is not None}
    return Checkpoint(tensors, {"config": config, "logs": [LINE]})


def test_the_digest_is_that_of_the_shipping_form_which_holds_no_checksum(path):
    """Score files and trainings name a supernet by it: with a checksum they would be orphaned."""
    weights = {name: tensor.half() for name, tensor in checkpoint().tensors.items()}
    shipping = encode_checkpoint(Checkpoint(weights, {"config": TRAINING}))
    digest = hashlib.sha256(shipping).hexdigest()
    save_checkpoint(path, checkpoint())
    assert half_precision(load_checkpoint(path)) == shipping
    assert read_supernet(path, family=FAMILY).digest == digest
    path.write_bytes(encode_checkpoint(checkpoint()))  # as written before there was a checksum
    assert read_supernet(path, family=FAMILY).digest == digest
    assert shipped_supernet().digest == hashlib.sha256(ASSETS.read(WEIGHTS_ASSET)).hexdigest()


def test_a_changed_weight_is_not_used(path):
    save_checkpoint(path, checkpoint())
    data = bytearray(path.read_bytes())
    data[-3] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(DataFileError, match="is a damaged checkpoint: .* checksum in its header"):
        read_supernet(path, family=FAMILY)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"data": None}, "its data must be of type str, got None"),
        ({"n_validation": None}, "its n_validation must be of type int, got None"),
        ({"n_validation": "9"}, "its n_validation must be of type int, got '9'"),
        ({"supernet": [2, 1, 3]}, "its supernet must be of type dict"),
        ({"supernet": {"channels": 0}}, r"channels must lie in \[1, 256\], got 0\)"),
        ({"supernet": {"channels": "2"}}, "holds no supernet of evonasc"),
        ({"supernet": {"channels": 4, "n_classes": 3}}, "holds no supernet of evonasc"),
        ({"supernet": {"width": 4}}, "unexpected keyword argument 'width'"),
    ],
)
def test_a_header_that_describes_no_supernet_is_refused(path, changed, message):
    save_checkpoint(path, checkpoint(**changed))
    with pytest.raises(DataFileError, match=message):
        read_supernet(path, family=FAMILY)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (None, "is a damaged checkpoint"),
        (["x"], "is a damaged checkpoint"),
        ([{**LINE, "seconds": "long"}], "its log must hold numbers, got 'long'"),
        ([{**LINE, "train_loss": None}], "its log must hold numbers, got None"),
    ],
)
def test_a_log_of_something_else_is_refused(path, lines, message):
    made = checkpoint()
    save_checkpoint(path, Checkpoint(made.tensors, {**made.header, "logs": lines}))
    with pytest.raises(DataFileError, match=message):
        read_epoch_logs(path)
