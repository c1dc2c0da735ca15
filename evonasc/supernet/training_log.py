"""The log of a training: one line an epoch, kept in the checkpoint and written as a table."""

import csv
import io
from dataclasses import asdict, dataclass
from pathlib import Path

from evonasc.errors import ConfigError, DataFileError
from evonasc.files import write_atomically
from evonasc.supernet.checkpoint import Checkpoint, load_checkpoint

LOG_FILE = "log.csv"
#: What a training writes beside its checkpoint: the log, and the curve in two forms.
_OUTPUTS = (LOG_FILE, "curve.png", "curve.svg")


@dataclass(frozen=True)
class EpochLog:
    """One line of the training log."""

    #: Epochs done, from 1.
    epoch: int
    #: Mean training loss of the epoch's sampled paths.
    train_loss: float
    #: Share of training images classified right by the sampled paths.
    train_accuracy: float
    #: Learning rate at the epoch's end.
    learning_rate: float
    #: Wall time of the epoch.
    seconds: float


def epoch_logs(checkpoint: Checkpoint, *, where: Path) -> list[EpochLog]:
    """Return the log that a checkpoint holds, one line an epoch done.

    Raises:
        DataFileError: It holds none, or values that are no numbers.
    """
    lines = checkpoint.header.get("logs")
    try:
        if not isinstance(lines, list):
            raise TypeError(f"its log must be a list, got {lines!r}")
        logs = [EpochLog(**line) for line in lines]
        for value in (value for log in logs for value in asdict(log).values()):
            if not isinstance(value, int | float):
                raise TypeError(f"its log must hold numbers, got {value!r}")
        return logs
    except TypeError as error:
        raise DataFileError(f"{where} is a damaged checkpoint ({error}).") from error


def read_epoch_logs(path: Path) -> list[EpochLog]:
    """Return the log in a checkpoint file; empty where there is none, no epoch being finished.

    Raises:
        DataFileError: The file is damaged.
    """
    return epoch_logs(load_checkpoint(path), where=path) if path.exists() else []


def require_free(folder: Path) -> None:
    """Refuse to start a training where it would replace files that are not of a training.

    Raises:
        ConfigError: The folder, which has no checkpoint, holds one.
    """
    taken = [name for name in _OUTPUTS if (folder / name).exists()]
    if taken:
        raise ConfigError(
            f"{folder} must hold no {taken[0]} but that of its own checkpoint, and has no "
            "checkpoint. Move it away, or choose another --out."
        )


def unfinished_note(path: Path) -> str:
    """Return a sentence about a checkpoint whose training is not finished, else nothing.

    A weight file in half precision has no log and says nothing.

    Raises:
        DataFileError: The file is missing or damaged.
    """
    checkpoint = load_checkpoint(path)
    config = checkpoint.header["config"]
    if "logs" not in checkpoint.header or not isinstance(config, dict):
        return ""
    n_done, n_epochs = len(epoch_logs(checkpoint, where=path)), config.get("epochs")
    if n_done == n_epochs:
        return ""
    return (
        f"{path} is trained {n_done} of {n_epochs} epochs: these are no scores of the finished "
        "supernet. Finish it with the command that began it."
    )


def write_log(folder: Path, logs: list[EpochLog]) -> None:
    """Write ``log.csv``; nothing where no epoch is done."""
    if not logs:
        return
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(asdict(logs[0])), lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(log) for log in logs)
    write_atomically(folder / LOG_FILE, text.getvalue().encode())
