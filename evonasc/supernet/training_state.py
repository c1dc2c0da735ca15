"""What a training keeps in its folder: a checkpoint of weights, momentum, settings, and its log.

The log has one line an epoch, kept in the checkpoint and written as a table. Settings are those of
:class:`evonasc.supernet.training.TrainingConfig` as a dictionary. One that a version did not have
yet is not in its checkpoints, which go on with the default.
"""

import csv
import io
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor

from evonasc.errors import ConfigError, DataFileError
from evonasc.files import write_atomically
from evonasc.supernet.checkpoint import (
    CHECKPOINT_FILE,
    Checkpoint,
    load_checkpoint,
    save_checkpoint,
)
from evonasc.supernet.family import Supernet
from evonasc.supernet.loss_scale import chance_note

LOG_FILE = "log.csv"
#: What a training writes beside its checkpoint: the log, and the curve in two forms.
_OUTPUTS = (LOG_FILE, "curve.pdf", "curve.png", "curve.svg")
#: Settings that checkpoints of earlier versions lack, and what these did.
_LATER = {
    "path_sampling": "uniform",
    "start": "",
    "networks": "",
    "split": None,
    "device": "cpu",
}
#: Settings that are not written at these values, so that checkpoints stay those of before.
_UNWRITTEN = {"images": "", "device": "cpu"}


@dataclass(frozen=True)
class EpochLog:
    """One line of the training log."""

    #: Epochs done, from 1.
    epoch: int
    #: Mean training loss of the epoch's sampled paths.
    train_loss: float
    #: Share of training images classified right by the sampled paths.
    train_accuracy: float
    #: Mean top-1 error of a few networks on held-out images, a fraction.
    held_out_error: float
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
    """Refuse, by a ConfigError, to train where it would replace files that are not of a training.

    To be asked where the folder has no checkpoint.
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


def training_note(path: Path) -> str:
    """Return a sentence about a training that hardly learned anything, else nothing.

    Of the last epoch's sampled paths on the training images; a weight file in half precision has no
    log and says nothing.

    Raises:
        DataFileError: The file is missing or damaged.
    """
    checkpoint = load_checkpoint(path)
    config = checkpoint.header["config"]
    size = config.get("supernet") if isinstance(config, dict) else None
    if "logs" not in checkpoint.header or not isinstance(size, dict):
        return ""
    logs, n_classes = epoch_logs(checkpoint, where=path), size.get("n_classes")
    if not logs or type(n_classes) is not int or n_classes < 2:
        return ""
    return chance_note(1 - logs[-1].train_accuracy, n_classes=n_classes)


def write_log(folder: Path, logs: list[EpochLog]) -> None:
    """Write ``log.csv``; nothing where no epoch is done."""
    if not logs:
        return
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(asdict(logs[0])), lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(log) for log in logs)
    write_atomically(folder / LOG_FILE, text.getvalue().encode())


def save_state(
    folder: Path,
    settings: dict[str, object],
    supernet: Supernet,
    momenta: dict[str, Tensor],
    logs: list[EpochLog],
) -> None:
    """Write checkpoint and log after an epoch.

    Momenta are by the name of the weight. An empty digest of ``images`` and the CPU are not
    written, so that checkpoints of official data sets are those of earlier versions.
    """
    tensors = {f"weight.{name}": w.detach().cpu() for name, w in supernet.named_parameters()}
    tensors |= {f"momentum.{name}": momentum.cpu() for name, momentum in momenta.items()}
    config = {name: value for name, value in settings.items() if _UNWRITTEN.get(name) != value}
    header: dict[str, object] = {
        "config": config,
        "logs": [asdict(log) for log in logs],
        "space": supernet.space.name,
    }
    save_checkpoint(folder / CHECKPOINT_FILE, Checkpoint(tensors, header))
    write_log(folder, logs)


def restarts_of(checkpoint: Checkpoint, epochs: int, *, where: Path) -> tuple[int, ...]:
    """Return after which epochs the schedule of a training begins anew, given the epochs asked for.

    A training that is finished and is asked for more begins anew where it ended.

    Raises:
        DataFileError: The checkpoint is damaged.
    """
    config = checkpoint.header.get("config")
    if not isinstance(config, dict):  # restoring tells what it is
        return ()
    before, n_epochs = config.get("restarts", []), config.get("epochs")
    if not isinstance(before, list) or not all(type(one) is int for one in (*before, n_epochs)):
        raise DataFileError(f"{where} is damaged: its epochs and restarts must be counts.")
    n_done = len(epoch_logs(checkpoint, where=where))
    if n_done == n_epochs and n_done < epochs:
        before = [*before, n_done]
    return tuple(before)


def restore_state(
    checkpoint: Checkpoint,
    settings: dict[str, object],
    supernet: Supernet,
    momenta: dict[str, Tensor],
    *,
    where: Path,
) -> list[EpochLog]:
    """Put a checkpoint's tensors in place and return its log; ``where`` is its file.

    A checkpoint without a digest of ``images`` is of an earlier version and goes on with any; one
    with the same may name their folder otherwise.

    Raises:
        ConfigError: It is of other settings or images.
        DataFileError: The checkpoint is damaged.
    """
    found, wanted = checkpoint.header.get("config"), json.loads(json.dumps(settings))
    if isinstance(found, dict):
        found = {**_LATER, "images": wanted["images"], **found}
        if found.get("epochs") in wanted["restarts"]:  # finished, and given more
            found |= {"epochs": wanted["epochs"], "restarts": wanted["restarts"]}
        if found["images"] and found["images"] == wanted["images"]:
            found["data"] = wanted["data"]  # the folder has moved
    if found != wanted:
        raise ConfigError(
            f"{where} belongs to another configuration: {_difference(found, wanted)}. "
            "Choose another --out, or the same settings."
        )
    try:
        with torch.no_grad():
            for name, weight in supernet.named_parameters():
                weight.copy_(checkpoint.tensors[f"weight.{name}"])
                momenta[name].copy_(checkpoint.tensors[f"momentum.{name}"])
    except (KeyError, RuntimeError, TypeError) as error:
        raise DataFileError(f"{where} is a damaged checkpoint ({error}).") from error
    return epoch_logs(checkpoint, where=where)


def _difference(found: object, wanted: dict[str, object]) -> str:
    """Name the settings in which two configurations differ."""
    if not isinstance(found, dict):
        return "it has none"
    names = [name for name in wanted if found.get(name) != wanted[name]]
    return ", ".join(
        f"the images of {found.get('data')!r} are others than those it was trained on"
        if name == "images"
        else f"{name} is {found.get(name)!r}, not {wanted[name]!r}"
        for name in names
    )
