"""Supernet weights on disk: safetensors with the whole configuration in the header.

safetensors holds arrays and strings and runs no code when read. It does not see a flipped bit, so
the header holds a checksum; files from before it did are taken as they are.
"""

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from evonasc.errors import DataFileError
from evonasc.files import write_atomically
from evonasc.inputs import MOST_ARRAYS, file_bytes
from evonasc.parsing import json_value

_CHECKSUM = "sha256"

#: Name of the checkpoint in the folder of a training.
CHECKPOINT_FILE = "checkpoint.safetensors"


@dataclass(frozen=True)
class Checkpoint:
    """Named tensors and what they belong to."""

    #: Tensors by name.
    tensors: dict[str, Tensor]
    #: Anything JSON can hold; ``"config"`` is compared when training resumes.
    header: dict[str, object]


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint, with its checksum, atomically."""
    header = {**checkpoint.header, _CHECKSUM: _checksum(checkpoint)}
    write_atomically(path, encode_checkpoint(Checkpoint(checkpoint.tensors, header)))


def encode_checkpoint(checkpoint: Checkpoint) -> bytes:
    """Return the bytes of a checkpoint file, without a checksum: the form that is hashed itself."""
    tensors = {name: tensor.contiguous() for name, tensor in checkpoint.tensors.items()}
    data: bytes = safetensors.torch.save(tensors, {"evonasc": json.dumps(checkpoint.header)})
    return data


def _checksum(checkpoint: Checkpoint) -> str:
    """Return the SHA-256 of header and tensors: their names, types, shapes and values."""
    digest = hashlib.sha256(json.dumps(checkpoint.header).encode())
    for name, tensor in sorted(checkpoint.tensors.items()):
        digest.update(f"\n{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        values = tensor.detach().contiguous().reshape(-1)
        digest.update(values.view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint.

    Raises:
        DataFileError: The file is missing, a folder, no checkpoint of evonasc, or damaged.
    """
    inside = path / CHECKPOINT_FILE
    remedy = f"Give the file in it: {inside}" if os.path.isfile(inside) else ""
    data = file_bytes(path, kind="checkpoint", most=MOST_ARRAYS, remedy=remedy)
    return decode_checkpoint(data, where=str(path))


def decode_checkpoint(data: bytes, *, where: str) -> Checkpoint:
    """Return the checkpoint that a file's bytes hold; ``where`` names it in errors.

    Raises:
        DataFileError: Not a checkpoint of evonasc, or one that does not match its checksum.
    """
    try:
        tensors = safetensors.torch.load(data)
        size = int.from_bytes(data[:8], "little")
        header = json_value(json_value(data[8 : 8 + size])["__metadata__"]["evonasc"])
        if not isinstance(header.get("config"), dict):
            raise ValueError("it does not say how it was trained")
    except (safetensors.SafetensorError, AttributeError, ValueError, KeyError, TypeError) as error:
        raise DataFileError(f"{where} is no checkpoint of evonasc ({error}).") from error
    expected = header.pop(_CHECKSUM, None)
    checkpoint = Checkpoint(tensors, header)
    if expected is not None and _checksum(checkpoint) != expected:
        raise DataFileError(
            f"{where} is a damaged checkpoint: its contents must match the checksum in its header. "
            "Restore it from a copy, or train again."
        )
    return checkpoint
