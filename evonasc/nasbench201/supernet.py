"""The family of NAS-Bench-201's supernets, and the one that ships."""

from dataclasses import replace

from torch import Tensor, nn

from evonasc.nasbench201.assets import ASSETS
from evonasc.nasbench201.cells import OPERATIONS
from evonasc.nasbench201.errors.supernet_scores import shipped_scores
from evonasc.nasbench201.network import Cell, Reduction, SupernetConfig, initialise
from evonasc.nasbench201.space import NasBench201
from evonasc.supernet.family import LayerPart, Supernet, SupernetFamily
from evonasc.supernet.score_table import ScoreTable
from evonasc.supernet.weights import TrainedSupernet, decode_supernet

WEIGHTS_ASSET = "supernet/cifar10-c16-n1.safetensors"


class CellSupernets(SupernetFamily):
    """See :class:`evonasc.nasbench201.network.CellSupernet`."""

    space = NasBench201()
    config_type = SupernetConfig

    def default_sizes(self, *, is_large: bool) -> dict[str, int]:
        """A small set has too little to teach wide layers."""
        return {"channels": 16 if is_large else 8, "cells_per_stage": 1}

    def initialise(self, config: SupernetConfig, *, seed: int) -> Supernet:  # type: ignore[override]  # its own sizes
        """See :func:`evonasc.nasbench201.network.initialise`."""
        return initialise(config, seed=seed)

    def choice_names(self, gene: int) -> tuple[str, ...]:
        """Return the operations."""
        return OPERATIONS

    def proxy_configs(self) -> tuple[SupernetConfig, SupernetConfig]:
        """Return sizes of three cells a stage, and of one for ``fisher``."""
        config = SupernetConfig(channels=16, cells_per_stage=3)
        return config, replace(config, cells_per_stage=1)

    def deployed_config(self) -> SupernetConfig:
        """Return the benchmark's own sizes."""
        return SupernetConfig(channels=16, cells_per_stage=5, n_classes=10)

    def layer_parts(self, network: Supernet) -> list[LayerPart]:
        """Let the first cell of a stage speak for all of them, as it does in the space."""
        parts: list[LayerPart] = []
        previous: nn.Module | None = None
        for module, shape in zip(network.blocks, self.space.cut_shapes, strict=False):
            channels, side = shape[0], shape[1]
            if isinstance(module, Reduction):
                wide, half = 2 * channels, side // 2
                pool, projection = module.downsample[0], module.downsample[1]
                parts += [
                    (module.conv_a, (channels, side)),
                    (module.conv_b, (wide, half)),
                    (pool, (channels, side)),
                    (projection, (channels, half)),
                    (_add, (wide, half)),
                ]
            elif not isinstance(module, Cell):
                parts.append((module, (channels, side)))
            elif not isinstance(previous, Cell):
                kinds = [module.conv1x1[0], module.conv3x3[0], module.pool]
                parts += [(part, (channels, side)) for part in kinds]
                parts.append((_add, (channels, side)))
            previous = module
        return parts


def _add(x: Tensor) -> Tensor:
    """Add two tensors, as the end of an edge does."""
    return x + x


FAMILY = CellSupernets()


def shipped_supernet() -> TrainedSupernet:
    """Return the supernet that ships with evonasc.

    Raises:
        AssetError: The file is missing or damaged.
    """
    return decode_supernet(ASSETS.read(WEIGHTS_ASSET), FAMILY, where=WEIGHTS_ASSET)


def shipped() -> tuple[TrainedSupernet, ScoreTable]:
    """Return that supernet with its scores.

    Raises:
        AssetError: A file is missing or damaged.
    """
    return shipped_supernet(), shipped_scores()
