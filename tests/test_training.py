import contextlib
from dataclasses import replace

import numpy as np
import pytest
import torch

from evonasc.data.datasets import DataSet
from evonasc.data.images import Images
from evonasc.errors import ConfigError, DataFileError, EvaluationError
from evonasc.nasbench201.cells import CONV1X1, CONV3X3, canonical_connected_cells
from evonasc.nasbench201.network import SupernetConfig, initialise
from evonasc.nasbench201.space import NasBench201
from evonasc.nasbench201.supernet import FAMILY
from evonasc.supernet.batches import as_input, augmented_batch
from evonasc.supernet.checkpoint import load_checkpoint, save_checkpoint
from evonasc.supernet.network_list import random_networks
from evonasc.supernet.scoring import score_networks
from evonasc.supernet.training import TrainingConfig, held_out_error, learning_rate, train_supernet
from evonasc.supernet.weights import copy_weights, read_supernet

SPACE = NasBench201()

CONFIG = TrainingConfig(
    supernet=SupernetConfig(channels=4, n_classes=2),
    data="cifar10",
    epochs=3,
    batch_size=16,
    n_validation=8,
)


def images(n, seed=0):
    """Stripes across and stripes along: two classes that can be told apart."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(2, size=n)
    across = np.tile(np.arange(16)[:, None] % 4 < 2, (1, 16))
    stripes = np.where(labels[:, None, None], across, across.T)[:, None] * 150
    return Images((stripes + rng.integers(100, size=(n, 3, 16, 16))).astype(np.uint8), labels)


@pytest.fixture(scope="module")
def data():
    return DataSet("cifar10", 2, images(48), images(8, 1), images(8, 2))


def weights(supernet):
    return torch.cat([w.detach().flatten() for w in supernet.parameters()])


class StopError(Exception):
    pass


def test_resuming_gives_the_weights_of_an_uninterrupted_run(data, tmp_path):
    whole = weights(train_supernet(CONFIG, data, tmp_path / "whole", family=FAMILY))

    def stop_in_the_second_epoch(step, n_steps):
        if step == 4:  # three steps an epoch
            raise StopError

    with pytest.raises(StopError):
        train_supernet(
            CONFIG, data, tmp_path / "parts", on_step=stop_in_the_second_epoch, family=FAMILY
        )
    steps = []
    parts = train_supernet(
        CONFIG,
        data,
        tmp_path / "parts",
        on_step=lambda step, n_steps: steps.append(step),
        family=FAMILY,
    )
    assert steps == [4, 5, 6, 7, 8, 9]  # the first epoch was not repeated
    assert torch.equal(weights(parts), whole)
    log = (tmp_path / "parts" / "log.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in log] == ["epoch", "1", "2", "3"]


def test_the_data_set_must_be_named():
    """Else a file would say that its weights are of a set that they never saw."""
    with pytest.raises(TypeError, match="data"):
        TrainingConfig(CONFIG.supernet)


@pytest.mark.slow
def test_training_learns_to_tell_stripes_apart(data, tmp_path):
    logs, more = [], DataSet("cifar10", 2, images(192), data.validation, data.test)
    train_supernet(
        TrainingConfig(
            supernet=CONFIG.supernet,
            data="cifar10",
            epochs=20,
            batch_size=16,
            n_validation=8,
            is_bf16=False,
        ),
        more,
        tmp_path,
        on_epoch=logs.append,
        family=FAMILY,
    )
    assert logs[-1].train_loss < 0.5 * logs[0].train_loss
    assert logs[-1].train_accuracy > 0.9


def test_a_checkpoint_of_other_settings_is_refused_and_kept(data, tmp_path):
    train_supernet(TrainingConfig(**{**vars(CONFIG), "epochs": 1}), data, tmp_path, family=FAMILY)
    before = (tmp_path / "checkpoint.safetensors").read_bytes()
    with pytest.raises(ConfigError, match="another configuration: batch_size is 16, not 8"):
        train_supernet(changed(epochs=1, batch_size=8), data, tmp_path, family=FAMILY)
    assert (tmp_path / "checkpoint.safetensors").read_bytes() == before


def test_a_finished_training_can_be_given_more_epochs_and_resumes_to_the_bit(data, tmp_path):
    found = []
    for place, stops in ((tmp_path / "whole", False), (tmp_path / "parts", True)):
        train_supernet(changed(epochs=1), data, place, family=FAMILY)

        def stop(step, n_steps, stops=stops):
            if stops and step == 8:  # in the third epoch of three steps
                raise StopError

        with contextlib.suppress(StopError):
            train_supernet(CONFIG, data, place, family=FAMILY, on_step=stop)
        found.append(weights(train_supernet(CONFIG, data, place, family=FAMILY)))
        header = load_checkpoint(place / "checkpoint.safetensors").header
        assert (header["config"]["epochs"], header["config"]["restarts"]) == (3, [1])
        assert [line["epoch"] for line in header["logs"]] == [1, 2, 3]
    assert torch.equal(*found)
    # it is another training than one of three epochs from the start
    assert not torch.equal(
        found[0], weights(train_supernet(CONFIG, data, tmp_path / "once", family=FAMILY))
    )
    with pytest.raises(ConfigError, match="another configuration: epochs is 3, not 2"):
        train_supernet(changed(epochs=2), data, tmp_path / "whole", family=FAMILY)


def test_the_learning_rate_is_a_cosine_to_each_restart():
    config = changed(epochs=6, restarts=(2,), learning_rate=0.4)
    rates = [learning_rate(config, done) for done in (0, 1, 1.999999, 2, 4, 5.999999)]
    np.testing.assert_allclose(rates, [0.4, 0.2, 0, 0.4, 0.2, 0], atol=1e-6)


def test_the_error_that_is_shown_is_of_images_held_out(data, tmp_path):
    logs = []
    config = changed(epochs=1)
    supernet = train_supernet(config, data, tmp_path, family=FAMILY, on_epoch=logs.append)
    assert logs[0].held_out_error == held_out_error(supernet, data.validation)
    before = weights(supernet).clone()
    rng = np.random.default_rng(0)
    networks = random_networks(FAMILY.space, 4, rng=rng)
    _, n_right = score_networks(supernet, networks, data.validation)
    assert held_out_error(supernet, data.validation) == 1 - n_right.sum() / (4 * 8)
    one = held_out_error(supernet, data.validation, networks[:1])
    assert one == 1 - score_networks(supernet, networks[:1], data.validation)[1][0] / 8
    assert torch.equal(weights(supernet), before)


@pytest.mark.parametrize("name", ["log.csv", "curve.svg"])
def test_files_that_are_of_no_training_are_not_replaced(data, tmp_path, name):
    (tmp_path / name).write_text("mine")
    with pytest.raises(ConfigError, match=f"must hold no {name} but that of its own checkpoint"):
        train_supernet(CONFIG, data, tmp_path, family=FAMILY)
    assert (tmp_path / name).read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_damaged_checkpoint_is_refused(data, tmp_path):
    (tmp_path / "checkpoint.safetensors").write_bytes(b"\x00" * 100)
    with pytest.raises(DataFileError, match="is no checkpoint of evonasc"):
        train_supernet(CONFIG, data, tmp_path, family=FAMILY)


def test_training_that_diverges_says_so(data, tmp_path):
    config = TrainingConfig(**{**vars(CONFIG), "learning_rate": 1e30, "is_bf16": False})
    with pytest.raises(EvaluationError, match="diverged in epoch 1: .* learning_rate below"):
        train_supernet(config, data, tmp_path, family=FAMILY)


def test_the_global_random_states_are_untouched(data, tmp_path):
    torch_state, numpy_state = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    train_supernet(TrainingConfig(**{**vars(CONFIG), "epochs": 1}), data, tmp_path, family=FAMILY)
    assert torch.equal(torch.get_rng_state(), torch_state)
    assert np.array_equal(np.random.get_state()[1], numpy_state)  # noqa: NPY002


@pytest.mark.parametrize("name", ["epochs", "batch_size", "n_validation"])
def test_counts_must_be_positive(name):
    with pytest.raises(ConfigError, match=f"{name} must be at least 1, got 0"):
        changed(**{name: 0})


def test_augmentation_shifts_and_mirrors_whole_images():
    """Each result is one of the 9 x 9 x 2 images that padding, cropping and mirroring allow."""
    one = Images(np.arange(1, 13, dtype=np.uint8).reshape(1, 3, 2, 2), np.array([1]))
    padded = np.pad(one.pixels[0], ((0, 0), (4, 4), (4, 4)))
    allowed = {
        crop[:, :, ::order].tobytes()
        for top in range(9)
        for left in range(9)
        for crop in [padded[:, top : top + 2, left : left + 2]]
        for order in (1, -1)
    }
    many = one.take(np.zeros(500, dtype=np.int64))
    batch, labels = augmented_batch(many, rng=np.random.default_rng(0))
    pixels = (batch * 64 + 121).round().numpy().astype(np.uint8)
    assert {image.tobytes() for image in np.ascontiguousarray(pixels)} <= allowed
    # Of a 2 x 2 image, 3 x 3 positions show something, each in two ways; the others nothing.
    assert len({image.tobytes() for image in np.ascontiguousarray(pixels)}) == 3 * 3 * 2 + 1
    assert labels.tolist() == [1] * 500


def test_input_is_scaled_by_one_mean_and_deviation():
    value = as_input(np.full((1, 3, 2, 2), 185, dtype=np.uint8))
    assert value.unique().tolist() == [1.0]  # (185 - 121) / 64


def test_a_checkpoint_holds_weights_momentum_and_the_log(data, tmp_path):
    train_supernet(TrainingConfig(**{**vars(CONFIG), "epochs": 1}), data, tmp_path, family=FAMILY)
    checkpoint = load_checkpoint(tmp_path / "checkpoint.safetensors")
    names = {name.split(".", 1)[1] for name in checkpoint.tensors}
    assert all(f"weight.{name}" in checkpoint.tensors for name in names)
    assert all(f"momentum.{name}" in checkpoint.tensors for name in names)
    assert checkpoint.header["config"]["supernet"]["channels"] == 4
    assert [line["epoch"] for line in checkpoint.header["logs"]] == [1]


def changed(**values):
    return TrainingConfig(**{**vars(CONFIG), "epochs": 1, **values})


def test_only_the_chosen_networks_are_trained(data, tmp_path):
    """The convolutions of an edge that no chosen network has keep their first weights."""
    cells = canonical_connected_cells()
    chosen = cells[~np.isin(cells[:, 5], (CONV1X1, CONV3X3))]
    config = changed(epochs=3)
    before = dict(
        train_supernet(changed(), data, tmp_path / "all", family=FAMILY).named_parameters()
    )
    after = train_supernet(config, data, tmp_path / "chosen", networks=chosen, family=FAMILY)
    first = dict(initialise(CONFIG.supernet, seed=0).named_parameters())
    untouched = {name for name, w in after.named_parameters() if torch.equal(w, first[name])}
    never = {name for name in first if ".conv1x1.5." in name or ".conv3x3.5." in name}
    assert never <= untouched
    assert not {name for name in before if "blocks.0" in name} & untouched


def test_fair_groups_cannot_be_drawn_from_a_choice(data, tmp_path):
    chosen = canonical_connected_cells()[[1, 2]]
    with pytest.raises(ConfigError, match="'fair' draws from all networks"):
        train_supernet(
            changed(path_sampling="fair"), data, tmp_path / "t", networks=chosen, family=FAMILY
        )
    assert not (tmp_path / "t").exists()


def test_who_starts_from_weights_holds_out_what_they_never_saw(data, tmp_path):
    train_supernet(changed(), data, tmp_path / "first", family=FAMILY)
    first = read_supernet(tmp_path / "first" / "checkpoint.safetensors", family=FAMILY)
    other = changed(seed=1)
    with pytest.raises(ConfigError, match="must be those that the supernet to start from never"):
        train_supernet(other, data, tmp_path / "second", start=first, family=FAMILY)
    kept = changed(seed=1, split=0)
    train_supernet(kept, data, tmp_path / "second", start=first, family=FAMILY)
    second = read_supernet(tmp_path / "second" / "checkpoint.safetensors", family=FAMILY)
    assert (first.split_seed, second.split_seed) == (0, 0)
    assert second.training["seed"] == 1


def test_another_spelling_of_a_folder_holds_out_no_seen_image(data, tmp_path):
    train_supernet(changed(data="folder:photos"), data, tmp_path / "first", family=FAMILY)
    first = read_supernet(tmp_path / "first" / "checkpoint.safetensors", family=FAMILY)
    other = changed(seed=1, data="folder:photos/")
    with pytest.raises(ConfigError, match="must be those that the supernet to start from never"):
        train_supernet(other, data, tmp_path / "second", start=first, family=FAMILY)


FOLDER = "folder:photos"


def folder_data(digest, data):
    return replace(data, name=FOLDER, digest=digest)


def test_changed_images_of_a_folder_are_another_configuration(data, tmp_path):
    train_supernet(changed(data=FOLDER), folder_data("one", data), tmp_path, family=FAMILY)
    before = (tmp_path / "checkpoint.safetensors").read_bytes()
    assert load_checkpoint(tmp_path / "checkpoint.safetensors").header["config"]["images"] == "one"
    with pytest.raises(
        ConfigError, match="another configuration: the images of 'folder:photos' ar"
    ):
        train_supernet(changed(data=FOLDER), folder_data("two", data), tmp_path, family=FAMILY)
    assert (tmp_path / "checkpoint.safetensors").read_bytes() == before


def test_the_same_images_go_on_where_their_folder_lies_now(data, tmp_path):
    train_supernet(changed(data=FOLDER), folder_data("one", data), tmp_path, family=FAMILY)
    steps = []
    train_supernet(
        changed(data="folder:moved"),
        replace(data, name="folder:moved", digest="one"),
        tmp_path,
        on_step=lambda step, n_steps: steps.append(step),
        family=FAMILY,
    )
    assert steps == []  # it was finished


def without_images(folder):
    """Leave a checkpoint as versions wrote it that knew nothing of the images' digest."""
    path = folder / "checkpoint.safetensors"
    checkpoint = load_checkpoint(path)
    del checkpoint.header["config"]["images"]
    save_checkpoint(path, checkpoint)


def test_a_checkpoint_of_a_folder_without_a_digest_goes_on(data, tmp_path):
    train_supernet(changed(data=FOLDER), folder_data("one", data), tmp_path, family=FAMILY)
    without_images(tmp_path)
    train_supernet(changed(data=FOLDER), folder_data("two", data), tmp_path, family=FAMILY)


def test_official_data_sets_have_no_digest_in_their_checkpoints(data, tmp_path):
    """So that the digest of their weights is that of every version before."""
    train_supernet(changed(), data, tmp_path, family=FAMILY)
    assert "images" not in load_checkpoint(tmp_path / "checkpoint.safetensors").header["config"]


def test_who_starts_from_weights_holds_the_same_images(data, tmp_path):
    """Files that came or went would mix what they saw with what they never saw."""
    train_supernet(
        changed(data=FOLDER), folder_data("one", data), tmp_path / "first", family=FAMILY
    )
    first = read_supernet(tmp_path / "first" / "checkpoint.safetensors", family=FAMILY)
    config = changed(data=FOLDER)
    with pytest.raises(ConfigError, match="must be those that the supernet to start from was tra"):
        train_supernet(
            config, folder_data("two", data), tmp_path / "second", start=first, family=FAMILY
        )
    train_supernet(
        config, folder_data("one", data), tmp_path / "second", start=first, family=FAMILY
    )
    copied = changed(data="folder:copy", seed=1)
    with pytest.raises(ConfigError, match="must be those that the supernet to start from never"):
        train_supernet(
            copied,
            replace(data, name="folder:copy", digest="one"),
            tmp_path / "third",
            start=first,
            family=FAMILY,
        )


def test_a_deeper_supernet_starts_with_the_cells_of_a_shallower_one(data, tmp_path):
    train_supernet(changed(), data, tmp_path / "one", family=FAMILY)
    one = read_supernet(tmp_path / "one" / "checkpoint.safetensors", family=FAMILY)
    deep = initialise(SupernetConfig(channels=4, cells_per_stage=3, n_classes=2), seed=7)
    copy_weights(one.supernet, deep)
    # stem, three cells, reduction, three cells, reduction, three cells, classifier
    for place, source in enumerate((0, 1, 1, 1, 2, 3, 3, 3, 4, 5, 5, 5, 6)):
        copied = deep.blocks[place].state_dict()
        for name, weight in one.supernet.blocks[source].state_dict().items():
            assert torch.equal(copied[name], weight), (place, name)
    again = initialise(one.supernet.config, seed=8)
    copy_weights(deep, again)  # and back: the first cells of each stage
    assert torch.equal(weights(again), weights(one.supernet))


def test_weights_of_another_width_are_no_start(data, tmp_path):
    train_supernet(changed(), data, tmp_path / "one", family=FAMILY)
    one = read_supernet(tmp_path / "one" / "checkpoint.safetensors", family=FAMILY)
    wider = changed(supernet=SupernetConfig(channels=8, n_classes=2))
    with pytest.raises(ConfigError, match="must have 8 channels and 2 classes, got 4 and 2"):
        train_supernet(wider, data, tmp_path / "two", start=one, family=FAMILY)


@pytest.mark.parametrize(("capability", "is_bf16"), [("AVX512", True), ("AVX2", False)])
def test_the_precision_is_the_processors_and_stays_what_it_was(capability, is_bf16, monkeypatch):
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
    undecided = replace(CONFIG, is_bf16=None)
    assert undecided.settled().is_bf16 is is_bf16
    for begun in (True, False):
        assert undecided.settled({"is_bf16": begun}).is_bf16 is begun
        assert replace(CONFIG, is_bf16=begun).settled({"is_bf16": not begun}).is_bf16 is begun
