"""Supernet weights as they ship, half precision, with what trained them in the header."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import torch

from evonasc.errors import ConfigError, DataFileError
from evonasc.supernet.checkpoint import (
    Checkpoint,
    decode_checkpoint,
    encode_checkpoint,
    load_checkpoint,
)
from evonasc.supernet.family import Supernet, SupernetFamily


@dataclass(frozen=True)
class TrainedSupernet:
    """A supernet and where it comes from."""

    #: Ready to score, channels last.
    supernet: Supernet
    #: The training configuration, as JSON holds it.
    training: dict[str, object]
    #: SHA-256 of the weights as they ship.
    digest: str = ""

    @property
    def split_seed(self) -> int:
        """Seed of the split that held out the images it never saw.

        Raises:
            ConfigError: The header gives none.
        """
        split = self.training.get("split")
        seed = self.training.get("seed") if split is None else split
        if not isinstance(seed, int):
            raise ConfigError(
                f"The supernet's header must give the seed of its split, got {seed!r}."
            )
        return seed


def half_precision(checkpoint: Checkpoint) -> bytes:
    """Return the shipping form of a training checkpoint: weights only, float16."""
    weights = {
        name: tensor.half()
        for name, tensor in checkpoint.tensors.items()
        if name.startswith("weight.")
    }
    return encode_checkpoint(Checkpoint(weights, {"config": checkpoint.header["config"]}))


def read_supernet(path: Path, family: SupernetFamily) -> TrainedSupernet:
    """Return the supernet of a weight file or training checkpoint.

    The weights are rounded to half precision first, as they would ship, so that scores do not
    depend on which of the two files they were made from.

    Raises:
        DataFileError: The file is missing or is no supernet of the family.
    """
    checkpoint = load_checkpoint(path)
    # Weight files, and checkpoints from before there were several spaces, do not say.
    space = checkpoint.header.get("space", family.space.name)
    if space != family.space.name:
        raise DataFileError(
            f"{path} must hold a supernet of the space {family.space.name!r}, got one of "
            f"{space!r}. Name that space with --space."
        )
    return decode_supernet(half_precision(checkpoint), family, where=str(path))


def decode_supernet(content: bytes, family: SupernetFamily, *, where: str) -> TrainedSupernet:
    """Return the supernet that a weight file's bytes hold.

    Raises:
        DataFileError: They hold none of the family.
    """
    checkpoint = decode_checkpoint(content, where=where)
    training = checkpoint.header["config"]
    try:
        if not isinstance(training, dict):
            raise TypeError("its config must be an object")
        for name, kind in (("data", str), ("n_validation", int), ("supernet", dict)):
            if not isinstance(training.get(name), kind):
                found = training.get(name)
                raise TypeError(f"its {name} must be of type {kind.__name__}, got {found!r}")
        supernet = family.initialise(family.config_type(**training["supernet"]), seed=0)
        with torch.no_grad():
            for name, weight in supernet.named_parameters():
                weight.copy_(checkpoint.tensors[f"weight.{name}"].float())
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        reason = str(error).rstrip(".")
        raise DataFileError(f"{where} holds no supernet of evonasc ({reason}).") from error
    return TrainedSupernet(supernet, training, hashlib.sha256(content).hexdigest())


def copy_weights(start: Supernet, supernet: Supernet) -> None:
    """Give a supernet, in place, the weights of another of its family, block by block.

    Raises:
        ConfigError: Their sizes do not allow it.
    """
    for block, source in zip(supernet.blocks, supernet.source_blocks(start), strict=True):
        block.load_state_dict(start.blocks[source].state_dict())
