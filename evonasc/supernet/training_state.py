"""What a training keeps in its checkpoint: weights, momentum, log, and its settings.

Settings are those of :class:`evonasc.supernet.training.TrainingConfig` as a dictionary. One that a
version did not have yet is not in its checkpoints, which go on with the default.
"""

import json
from dataclasses import asdict
from pathlib import Path

import torch
from torch import Tensor

from evonasc.errors import ConfigError, DataFileError
from evonasc.nasbench201.network import Supernet
from evonasc.supernet.checkpoint import CHECKPOINT_FILE, Checkpoint, save_checkpoint
from evonasc.supernet.training_log import EpochLog, epoch_logs, write_log

#: Settings that checkpoints of earlier versions lack, and what these did.
_LATER = {"path_sampling": "uniform", "start": "", "networks": "", "split": None}


def save_state(
    folder: Path,
    settings: dict[str, object],
    supernet: Supernet,
    momenta: dict[str, Tensor],
    logs: list[EpochLog],
) -> None:
    """Write checkpoint and log after an epoch.

    Args:
        folder: Of the training.
        settings: Everything that decides the weights. Without a digest of ``images`` none is
            written, so that checkpoints of official data sets are those of earlier versions.
        supernet: Whose weights are kept.
        momenta: By the name of the weight, of its shape.
        logs: One line an epoch done.
    """
    tensors = {f"weight.{name}": w.detach() for name, w in supernet.named_parameters()}
    tensors |= {f"momentum.{name}": momentum for name, momentum in momenta.items()}
    config = {name: value for name, value in settings.items() if name != "images" or value}
    header: dict[str, object] = {"config": config, "logs": [asdict(log) for log in logs]}
    save_checkpoint(folder / CHECKPOINT_FILE, Checkpoint(tensors, header))
    write_log(folder, logs)


def restore_state(
    checkpoint: Checkpoint,
    settings: dict[str, object],
    supernet: Supernet,
    momenta: dict[str, Tensor],
    *,
    where: Path,
) -> list[EpochLog]:
    """Put a checkpoint's tensors in place and return its log.

    Args:
        checkpoint: Of the training to go on with.
        settings: They must be the checkpoint's. One without a digest of ``images`` is of an earlier
            version and goes on with any; one with the same may name their folder otherwise.
        supernet: Its weights are changed in place.
        momenta: Changed in place.
        where: The checkpoint's file, for messages.

    Raises:
        ConfigError: Other settings or images.
        DataFileError: The checkpoint is damaged.
    """
    found, wanted = checkpoint.header.get("config"), json.loads(json.dumps(settings))
    if isinstance(found, dict):
        found = {**_LATER, "images": wanted["images"], **found}
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
