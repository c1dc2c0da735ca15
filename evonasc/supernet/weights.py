"""Supernet weights as they ship: half precision, with what trained them in the header."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import torch

from evonasc.errors import ConfigError, DataFileError
from evonasc.nasbench201.assets import ASSETS
from evonasc.nasbench201.network import Supernet, SupernetConfig, initialise
from evonasc.supernet.checkpoint import (
    Checkpoint,
    decode_checkpoint,
    encode_checkpoint,
    load_checkpoint,
)

WEIGHTS_ASSET = "supernet/cifar10-c16-n1.safetensors"


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


def shipped_supernet() -> TrainedSupernet:
    """Return the supernet that ships with evonasc.

    Raises:
        AssetError: The file is missing or damaged.
    """
    return _build(ASSETS.read(WEIGHTS_ASSET), WEIGHTS_ASSET)


def read_supernet(path: Path) -> TrainedSupernet:
    """Return the supernet of a weight file or training checkpoint.

    The weights are rounded to half precision first, as they would ship, so that scores do not
    depend on which of the two files they were made from.

    Raises:
        DataFileError: The file is missing or is no supernet.
    """
    return _build(half_precision(load_checkpoint(path)), str(path))


def _build(content: bytes, where: str) -> TrainedSupernet:
    """Put the weights of a weight file into a supernet of their size."""
    checkpoint = decode_checkpoint(content, where=where)
    training = checkpoint.header["config"]
    try:
        if not isinstance(training, dict):
            raise TypeError("its config must be an object")
        for name, kind in (("data", str), ("n_validation", int), ("supernet", dict)):
            if not isinstance(training.get(name), kind):
                found = training.get(name)
                raise TypeError(f"its {name} must be of type {kind.__name__}, got {found!r}")
        config = SupernetConfig(**training["supernet"])
        supernet = initialise(config, seed=0)
        with torch.no_grad():
            for name, weight in supernet.named_parameters():
                weight.copy_(checkpoint.tensors[f"weight.{name}"].float())
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        reason = str(error).rstrip(".")
        raise DataFileError(f"{where} holds no supernet of evonasc ({reason}).") from error
    return TrainedSupernet(supernet, training, hashlib.sha256(content).hexdigest())
