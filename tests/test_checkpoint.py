import pytest
import torch

from evonasc.errors import DataFileError
from evonasc.supernet.checkpoint import (
    Checkpoint,
    decode_checkpoint,
    encode_checkpoint,
    load_checkpoint,
    save_checkpoint,
)

HEADER = {"config": {"data": "digits", "rate": 0.1}, "logs": [{"epoch": 1}]}
TENSORS = {
    "weight.a": torch.arange(6.0).reshape(2, 3),
    "weight.b": torch.tensor(0.5, dtype=torch.bfloat16),
    "momentum.a": torch.zeros(2, 3).T,
}


@pytest.fixture
def path(tmp_path):
    save_checkpoint(tmp_path / "c.safetensors", Checkpoint(TENSORS, HEADER))
    return tmp_path / "c.safetensors"


def test_a_checkpoint_reads_as_it_was_written(path):
    found = load_checkpoint(path)
    assert found.header == HEADER
    assert found.tensors.keys() == TENSORS.keys()
    for name, tensor in TENSORS.items():
        assert torch.equal(found.tensors[name], tensor)
    before = path.read_bytes()
    save_checkpoint(path, found)
    assert path.read_bytes() == before


def test_no_inverted_byte_goes_unnoticed(path):
    """safetensors itself takes any weights."""
    data = path.read_bytes()
    for place in range(len(data)):
        changed = bytearray(data)
        changed[place] ^= 0xFF
        with pytest.raises(DataFileError, match="is no checkpoint of|is a damaged checkpoint"):
            decode_checkpoint(bytes(changed), where="here")
    changed = bytearray(data)
    changed[-1] ^= 1
    with pytest.raises(DataFileError, match="here is a damaged checkpoint: .* Restore it from"):
        decode_checkpoint(bytes(changed), where="here")


def test_files_from_before_the_checksum_are_read():
    old = encode_checkpoint(Checkpoint(TENSORS, HEADER))
    assert b"sha256" not in old
    assert decode_checkpoint(old, where="here").header == HEADER


def test_a_header_nested_too_deeply_is_refused():
    import safetensors.torch

    data = safetensors.torch.save({}, {"evonasc": "[" * 100_000})
    with pytest.raises(DataFileError, match="its JSON is nested too deeply"):
        decode_checkpoint(data, where="here")
