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

from evonasc.errors import ConfigError
from evonasc.nasbench201.cells import CONV1X1, CONV3X3, EDGES, NONE, POOL, SKIP

N_STAGES = 3
#: Results of one cell's operations: (edge, operation, genes before the source node) -> tensor.
Memo = dict[tuple[int, int, tuple[int, ...]], Tensor]
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

    def forward(self, x: Tensor, cell: Sequence[int], memo: Memo | None = None) -> Tensor:
        """Run the six genes of ``cell`` on ``x`` (n, c, h, w); same shape out.

        Args:
            x: The tensor before the cell.
            cell: Six genes.
            memo: Keeps what operations gave, for other cells on the same ``x``; a table that
                starts empty for each ``x``.
        """
        nodes: list[Tensor | None] = [x, None, None, None]
        # In the order of EDGES every source node is complete before it is read.
        for edge, (source, target) in enumerate(EDGES):
            value, total = nodes[source], nodes[target]
            if cell[edge] == NONE or value is None:
                continue
            # Cells that agree on all edges up to the source node have the same value there.
            key = (edge, cell[edge], tuple(cell[: _EDGES_UP_TO[source]]))
            if memo is not None and key in memo:
                term = memo[key]
            else:
                term = self.operate(edge, cell[edge], value)
                if memo is not None:
                    memo[key] = term
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


class Supernet(nn.Module):
    """All NAS-Bench-201 networks at once.

    Args:
        config: Size.
    """

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
        cell: Sequence[int],
        *,
        start: int = 0,
        stop: int | None = None,
        memo: Memo | None = None,
    ) -> Tensor:
        """Run blocks ``start`` to ``stop`` of the network that ``cell`` describes.

        Args:
            x: ``(n, 3, 32, 32)`` images, or the tensor at cut ``start``.
            cell: Six genes of the space, edge order of :data:`evonasc.nasbench201.cells.EDGES`.
            start: First block to run.
            stop: Block to stop before; all by default.
            memo: For the first cell, whose input is the same for every network; see
                :class:`Cell`.

        Returns:
            Class scores ``(n, n_classes)``, or the tensor at cut ``stop``.
        """
        for block in list(self.blocks)[start:stop]:
            if isinstance(block, Cell):
                x, memo = block(x, cell, memo), None
            else:
                x = block(x)
        return x


def initialise(config: SupernetConfig, *, seed: int) -> Supernet:
    """Build a supernet, channels last, with reproducible weights from a generator of its own.

    Convolutions are drawn by He et al. 2015 (fan out), the classifier uniformly as torch does.
    """
    generator = torch.Generator().manual_seed(seed)
    with torch.device("meta"):
        supernet = Supernet(config)
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
