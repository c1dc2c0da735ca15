"""The one-shot supernet over NAS-Bench-201 cells: every operation of every edge, weights shared.

Reads bottom up: operation, cell, network. The cell to run is an argument of ``forward``, never
state of the network. Batch normalisation always uses the statistics of the batch at hand
(``track_running_stats=False``, no affine part), so no cell's statistics leak into another's.

References: Dong and Yang 2020, NAS-Bench-201, arXiv 2001.00326 (macro network and operations);
Guo et al. 2020, "Single Path One-Shot Neural Architecture Search with Uniform Sampling", ECCV,
arXiv 1904.00420 (one path a step).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from evonasc.arrays import IntArray
from evonasc.errors import ConfigError
from evonasc.nasbench201.cells import CONV1X1, CONV3X3, EDGES, NONE, POOL, SKIP
from evonasc.nasbench201.space import N_STAGES, NasBench201, supernet_cuts
from evonasc.supernet.family import Memo, Supernet

#: How many edges, in the order of EDGES, decide the value of each node.
_EDGES_UP_TO = (0, 1, 3, 6)

#: Bounds of a size: beyond them a supernet fills no purpose but the memory.
MAX_CHANNELS, MAX_CELLS_PER_STAGE, MAX_WEIGHTS = 256, 64, 500_000_000


@dataclass(frozen=True)
class SupernetConfig:
    """Size of the supernet; the benchmark's own networks are ``channels=16, cells_per_stage=5``.

    Raises:
        ConfigError: A size outside ``[1, MAX_CHANNELS]`` or ``[1, MAX_CELLS_PER_STAGE]``, no
            classes, or more than ``MAX_WEIGHTS`` weights (2 GB; training holds three such sets).
    """

    #: Channels of the first stage; doubled at each of the two reductions.
    channels: int = 16
    #: Cells in each of the three stages.
    cells_per_stage: int = 1
    #: Classes of the data set.
    n_classes: int = 10

    def __post_init__(self) -> None:
        for name, most in (("channels", MAX_CHANNELS), ("cells_per_stage", MAX_CELLS_PER_STAGE)):
            value = getattr(self, name)
            if not 1 <= value <= most:
                raise ConfigError(f"{name} must lie in [1, {most}], got {value}.")
        if self.n_classes < 1:
            raise ConfigError(f"n_classes must be at least 1, got {self.n_classes}.")
        if self.n_weights > MAX_WEIGHTS:
            raise ConfigError(
                f"A supernet must have at most {MAX_WEIGHTS:,} weights, got {self.n_weights:,} "
                f"with {self.channels} channels and {self.cells_per_stage} cells a stage. Give "
                "fewer of either."
            )

    @property
    def n_weights(self) -> int:
        """Weights of the supernet."""
        c, n_classes = self.channels, self.n_classes
        total = 3 * 9 * c + 4 * c * n_classes + n_classes  # stem and classifier
        for width in (c, 2 * c, 4 * c):
            total += self.cells_per_stage * len(EDGES) * (1 + 9) * width**2
        for width in (c, 2 * c):
            total += (2 * 9 + 4 * 9 + 2) * width**2  # two convolutions and the downsampling one
        return total

    @property
    def n_blocks(self) -> int:
        """Stem, three stages of cells, two reductions, classifier."""
        return N_STAGES * self.cells_per_stage + 4


def _norm(channels: int) -> nn.BatchNorm2d:
    """Normalise by the batch's own statistics, in training and in evaluation."""
    return nn.BatchNorm2d(channels, affine=False, track_running_stats=False)


class ReluConvNorm(nn.Sequential):
    """ReLU, convolution, normalisation: the benchmark's ``nor_conv`` order."""

    def __init__(self, c_in: int, c_out: int, kernel: int, stride: int = 1) -> None:
        super().__init__(
            nn.ReLU(),
            nn.Conv2d(c_in, c_out, kernel, stride, padding=kernel // 2, bias=False),
            _norm(c_out),
        )


class Cell(nn.Module):
    """One cell with all operations; ``forward`` computes only those of the cell it is given."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels
        self.conv1x1 = nn.ModuleList(ReluConvNorm(channels, channels, 1) for _ in EDGES)
        self.conv3x3 = nn.ModuleList(ReluConvNorm(channels, channels, 3) for _ in EDGES)
        self.pool: nn.Module = nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False)

    def forward(
        self,
        x: Tensor,
        cell: Sequence[int],
        *,
        memo: Memo | None = None,
        weights: Tensor | None = None,
    ) -> Tensor:
        """Run the six genes of ``cell`` on ``x`` (n, c, h, w); same shape out.

        ``memo`` keeps what operations gave, for other cells on the same ``x``; ``weights``,
        ``(n_edges, n_operations)``, multiply what they give.
        """
        nodes: list[Tensor | None] = [x, None, None, None]
        # In the order of EDGES every source node is complete before it is read.
        for edge, (source, target) in enumerate(EDGES):
            value, total = nodes[source], nodes[target]
            if cell[edge] == NONE or value is None:
                continue
            # Cells that agree on all edges up to the source node have the same value there.
            key = ((edge, cell[edge]), tuple(cell[: _EDGES_UP_TO[source]]))
            if memo is not None and key in memo:
                term = memo[key]
            else:
                term = self.operate(edge, cell[edge], value)
                if memo is not None:
                    memo[key] = term
            if weights is not None:
                term = term * weights[edge, cell[edge]]
            nodes[target] = term if total is None else total + term
        return x * 0 if nodes[3] is None else nodes[3]

    def operate(self, edge: int, operation: int, x: Tensor) -> Tensor:
        """Run one operation, none apart, of one edge on ``x``; same shape out."""
        if operation == SKIP:
            return x
        if operation == POOL:
            pooled: Tensor = self.pool(x)
            return pooled
        convolution = {CONV1X1: self.conv1x1, CONV3X3: self.conv3x3}[operation][edge]
        result: Tensor = convolution(x)
        return result


class EdgeCorrectedPool(nn.Module):
    """The 3 x 3 average, padding left out of the count, as a depthwise convolution."""

    def __init__(self, channels: int, *, is_bf16: bool) -> None:
        super().__init__()
        weight = torch.full((3, 3), 1 / 9)
        if is_bf16:
            # Neighbours of 1/9 that bfloat16 holds, and whose nine add up to 1 exactly: 1/9 itself
            # would be rounded, and every average too small by a five-hundredth.
            weight = torch.full((3, 3), 227 / 2048)
            weight[::2, ::2] = weight[1, 1] = 228 / 2048
        self.register_buffer("weight", weight.expand(channels, 1, 3, 3).clone())

    def forward(self, x: Tensor) -> Tensor:
        """Average ``x`` (n, c, h, w), h and w at least 2; same shape out."""
        weight = self.get_buffer("weight")
        y = nn.functional.conv2d(x, weight, padding=1, groups=x.shape[1])
        # At a border, 6 of 9 values are there: the average over those is half as much again.
        for side in (y[:, :, 0], y[:, :, -1], y[..., 0], y[..., -1]):
            side *= 1.5
        return y


class Reduction(nn.Module):
    """Residual block that halves the image and doubles the channels."""

    def __init__(self, c_in: int) -> None:
        super().__init__()
        self.conv_a = ReluConvNorm(c_in, 2 * c_in, 3, stride=2)
        self.conv_b = ReluConvNorm(2 * c_in, 2 * c_in, 3)
        self.downsample = nn.Sequential(
            nn.AvgPool2d(2, stride=2), nn.Conv2d(c_in, 2 * c_in, 1, bias=False)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, c, h, w) to (n, 2c, h/2, w/2)."""
        result: Tensor = self.downsample(x) + self.conv_b(self.conv_a(x))
        return result


class CellSupernet(Supernet):
    """All NAS-Bench-201 networks at once."""

    space = NasBench201()
    config: SupernetConfig

    def __init__(self, config: SupernetConfig) -> None:
        super().__init__()
        self.config = config
        c, n = config.channels, config.cells_per_stage
        blocks: list[nn.Module] = [
            nn.Sequential(nn.Conv2d(3, c, 3, padding=1, bias=False), _norm(c))
        ]
        for stage in range(N_STAGES):
            if stage:
                blocks.append(Reduction(c))
                c *= 2
            blocks += [Cell(c) for _ in range(n)]
        classifier = [_norm(c), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
        blocks.append(nn.Sequential(*classifier, nn.Linear(c, config.n_classes)))
        self.blocks = nn.ModuleList(blocks)

    def forward(
        self,
        x: Tensor,
        network: Sequence[int],
        *,
        start: int = 0,
        stop: int | None = None,
        memo: Memo | None = None,
    ) -> Tensor:
        """Run blocks of the network whose cells have six genes; ``memo`` serves the first cell."""
        for block in list(self.blocks)[start:stop]:
            if isinstance(block, Cell):
                x, memo = block(x, network, memo=memo), None
            else:
                x = block(x)
        return x

    def cuts(self) -> IntArray:
        """See :func:`evonasc.nasbench201.space.supernet_cuts`."""
        return supernet_cuts(self.config.cells_per_stage)

    def source_blocks(self, start: Supernet) -> list[int]:
        """Take each cell from the same place of its stage; those beyond, from the stage's last.

        Raises:
            ConfigError: Other channels or classes, or another benchmark's.
        """
        if not isinstance(start, CellSupernet):
            raise ConfigError("The supernet to start from must be one of NAS-Bench-201.")
        found, wanted = start.config, self.config
        if (found.channels, found.n_classes) != (wanted.channels, wanted.n_classes):
            raise ConfigError(
                f"The supernet to start from must have {wanted.channels} channels and "
                f"{wanted.n_classes} classes, got {found.channels} and {found.n_classes}."
            )
        n_found, n_wanted = found.cells_per_stage, wanted.cells_per_stage
        sources = [0]
        for stage in range(N_STAGES):
            first = 1 + stage * (n_found + 1)
            if stage:
                sources.append(first - 1)  # the reduction before the stage
            sources += [first + min(cell, n_found - 1) for cell in range(n_wanted)]
        return [*sources, N_STAGES * (n_found + 1)]  # the classifier

    def quicken(self, *, is_bf16: bool) -> None:
        """Pool by convolutions."""
        for module in self.modules():
            if isinstance(module, Cell):
                module.pool = EdgeCorrectedPool(module.channels, is_bf16=is_bf16)

    def weighted_logits(self, x: Tensor, network: Sequence[int], weights: Tensor) -> Tensor:
        """See :meth:`evonasc.supernet.family.Supernet.weighted_logits`."""
        for block in self.blocks:
            x = block(x, network, weights=weights) if isinstance(block, Cell) else block(x)
        return x


def initialise(config: SupernetConfig, *, seed: int) -> CellSupernet:
    """Build a supernet, channels last, with reproducible weights from a generator of its own.

    Convolutions are drawn by He et al. 2015 (fan out), the classifier uniformly as torch does.
    """
    generator = torch.Generator().manual_seed(seed)
    with torch.device("meta"):
        supernet = CellSupernet(config)
    supernet = supernet.to_empty(device="cpu")
    for module in supernet.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(
                module.weight, mode="fan_out", nonlinearity="relu", generator=generator
            )
        elif isinstance(module, nn.Linear):
            bound = module.in_features**-0.5
            nn.init.uniform_(module.weight, -bound, bound, generator=generator)
            nn.init.uniform_(module.bias, -bound, bound, generator=generator)
    return supernet.to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]  # torch's stubs omit it
