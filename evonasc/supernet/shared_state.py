"""The file in which weights in training, and the search that trains them, stand while they learn.

A search that trains weights is not replayed when it is gone on with, which would train them anew:
it goes on from this file, to the bit (on a CPU). It is a checkpoint like that of a supernet's
training: arrays with a checksum, no code.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from evonasc.arrays import State
from evonasc.errors import ConfigError, DataFileError
from evonasc.supernet.checkpoint import Checkpoint, load_checkpoint, save_checkpoint


@dataclass(frozen=True)
class StateFile:
    """Where states are kept, and what they belong to."""

    path: Path

    def write(self, state: State, settings: dict[str, Any]) -> None:
        """Replace what is kept, atomically.

        Args:
            state: Arrays by name.
            settings: What the state belongs to, as JSON can hold it.

        Raises:
            ConfigError: The file cannot be written.
        """
        tensors = {name: torch.from_numpy(values.copy()) for name, values in state.items()}
        try:
            save_checkpoint(self.path, Checkpoint(tensors, {"config": _as_json(settings)}))
        except OSError as error:
            raise ConfigError(
                f"Cannot write {self.path}: {error.strerror}. What was kept before stays. Make "
                "room, or choose another place."
            ) from error

    def read(self, settings: dict[str, Any]) -> State | None:
        """Return what is kept; None where nothing is.

        Raises:
            ConfigError: It belongs to other settings.
            DataFileError: The file is damaged.
        """
        if not self.path.exists():
            return None
        checkpoint = load_checkpoint(self.path)
        found, wanted = checkpoint.header["config"], _as_json(settings)
        assert isinstance(found, dict)  # or it could not be loaded
        if found != wanted:
            names = sorted(name for name in wanted if wanted[name] != found.get(name))
            raise ConfigError(
                f"{self.path} belongs to another run: {', '.join(names) or 'more'} differ. Put the "
                f"run's own back, or remove it: {REMEDY}."
            )
        return {name: tensor.numpy() for name, tensor in checkpoint.tensors.items()}

    def damaged(self, error: Exception) -> DataFileError:
        """Return the error of a state that does not fit what it is to restore."""
        return DataFileError(f"{self.path} is damaged ({error}). Remove it: {REMEDY}.")


#: What happens without the file.
REMEDY = "the run then trains from its seed again"


def _as_json(settings: dict[str, Any]) -> dict[str, Any]:
    """Return settings as they are read again."""
    as_read: dict[str, Any] = json.loads(json.dumps(settings, default=str))
    return as_read


def prefixed(prefix: str, state: State) -> State:
    """Return a state under longer names."""
    return {f"{prefix}.{name}": values for name, values in state.items()}


def part(prefix: str, state: State) -> State:
    """Return what of a state has names with a prefix, without it."""
    start = f"{prefix}."
    return {
        name.removeprefix(start): values for name, values in state.items() if name.startswith(start)
    }
