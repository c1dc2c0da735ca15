"""Supernet weights on disk: safetensors with the whole configuration in the header.

safetensors holds arrays and strings and runs no code when read.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import safetensors
import safetensors.torch
from torch import Tensor

from evonasc.errors import DataFileError
from evonasc.files import write_atomically

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
    """Write a checkpoint atomically."""
    write_atomically(path, encode_checkpoint(checkpoint))


def encode_checkpoint(checkpoint: Checkpoint) -> bytes:
    """Return the bytes of a checkpoint file."""
    tensors = {name: tensor.contiguous() for name, tensor in checkpoint.tensors.items()}
    data: bytes = safetensors.torch.save(tensors, {"evonasc": json.dumps(checkpoint.header)})
    return data


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint.

    Raises:
        DataFileError: The file is missing, a folder, or no checkpoint of evonasc.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        inside = path / CHECKPOINT_FILE
        remedy = f" Give the file in it: {inside}" if inside.is_file() else ""
        raise DataFileError(
            f"Cannot read the checkpoint {path}: {error.strerror}.{remedy}"
        ) from error
    return decode_checkpoint(data, where=str(path))


def decode_checkpoint(data: bytes, *, where: str) -> Checkpoint:
    """Return the checkpoint that a file's bytes hold.

    Args:
        data: The file.
        where: Named in errors.

    Raises:
        DataFileError: Not a checkpoint of evonasc.
    """
    try:
        tensors = safetensors.torch.load(data)
        size = int.from_bytes(data[:8], "little")
        header = json.loads(json.loads(data[8 : 8 + size])["__metadata__"]["evonasc"])
        if not isinstance(header.get("config"), dict):
            raise ValueError("it does not say how it was trained")
    except (safetensors.SafetensorError, AttributeError, ValueError, KeyError, TypeError) as error:
        raise DataFileError(f"{where} is no checkpoint of evonasc ({error}).") from error
    return Checkpoint(tensors, header)
