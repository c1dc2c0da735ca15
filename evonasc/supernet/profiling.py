"""Timing networks, their blocks and their layers on this machine, by PyTorch, one input at a time.

What runs is the benchmark's network as it would be deployed: only the operations of the canonical
cell, normalisation with fixed statistics, no gradients, float32, channels last. Nothing is trained;
times do not depend on the weights.

Machines have other things to do. So everything is measured in rounds, spread over the whole
session, in an order drawn anew each round; a round's value is, block by block, the quickest of a
few runs right after one another (after one to warm up), and the time is the median over the
rounds, with the interquartile range beside it. A network takes the sum of its blocks: another
program that takes the processor for a moment hits a block or two of one run. On a machine that is
never quiet the clock can be that of the processor: the time this thread was computing, which is
the wall time it would take with nobody else there.
"""

import platform
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from evonasc.arrays import FloatArray, IntArray
from evonasc.cost.profile_fit import Profile
from evonasc.errors import ConfigError
from evonasc.limits import require_seed, require_workers
from evonasc.nasbench201.network import Cell, Reduction, Supernet, SupernetConfig, initialise
from evonasc.nasbench201.space import NasBench201

#: Fewest networks that a fit of layers and totals can stand on.
MIN_NETWORKS = 10
_BENCHMARK = SupernetConfig(channels=16, cells_per_stage=5, n_classes=10)
_CALLS_OF_A_LAYER = 10  # one call is too short for the clock

Clock = Literal["cpu", "wall"]


@dataclass(frozen=True)
class ProfileConfig:
    """How much is measured.

    Raises:
        ConfigError: A value out of range.
    """

    #: Networks, drawn at random, besides the one whose cells compute nothing.
    n_networks: int = 60
    #: Rounds over everything.
    n_rounds: int = 9
    #: Runs right after one another in a round, of which the quickest counts, block by block.
    n_repeats: int = 5
    #: Threads that compute.
    n_threads: int = 1
    #: ``wall``, or ``cpu``: the processor time of the one thread that computes.
    clock: Clock = "wall"
    #: Draws the networks and the order of measuring.
    seed: int = 0

    def __post_init__(self) -> None:
        bounds = {
            "n_networks": (MIN_NETWORKS, 5000),  # the space has 5,424
            "n_rounds": (2, 10_000),
            "n_repeats": (1, 10_000),
        }
        for name, (low, high) in bounds.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise ConfigError(f"{name} must lie in [{low}, {high}], got {value}.")
        require_workers("n_threads", self.n_threads)
        require_seed(self.seed)
        if self.clock not in ("cpu", "wall"):
            raise ConfigError(f"clock must be 'cpu' or 'wall', got {self.clock!r}.")
        if self.clock == "cpu" and self.n_threads > 1:
            raise ConfigError(
                "The clock 'cpu' must be used with one thread: it sees only the thread it is read "
                f"in, got n_threads = {self.n_threads}. Use the clock 'wall'."
            )


QUICK = ProfileConfig(n_networks=20, n_rounds=3, n_repeats=3)


def profile_this_machine(
    config: ProfileConfig, *, report: Callable[[int, int], None] = lambda done, of: None
) -> Profile:
    """Measure random networks and every layer of the space on this machine.

    Args:
        config: How much.
        report: Called after each round with the rounds done and their number.
    """
    rng = np.random.default_rng(config.seed)
    return measure_networks(distinct_networks(config.n_networks, rng=rng), config, report=report)


def distinct_networks(n: int, *, rng: np.random.Generator) -> IntArray:
    """Return the network whose cells compute nothing and ``n`` random others, ``(n + 1, 6)``."""
    space = NasBench201()
    networks = space.networks()
    bare = np.array([space.bare_network])
    others = networks[(networks != bare).any(axis=1)]
    return np.concatenate([bare, others[rng.choice(len(others), size=n, replace=False)]])


def measure_networks(
    cells: IntArray,
    config: ProfileConfig,
    *,
    report: Callable[[int, int], None] = lambda done, of: None,
) -> Profile:
    """Measure given networks, block by block, and every layer of the space on this machine.

    Args:
        cells: Canonical cells, ``(n, 6)``.
        config: Rounds, repeats, threads, clock; its number of networks plays no part.
        report: Called after each round with the rounds done and their number.
    """
    network = deployed_network()
    x = _image(3, 32)
    clock = {"cpu": time.thread_time_ns, "wall": time.perf_counter_ns}[config.clock]
    parts = layer_parts(network)
    rng = np.random.default_rng([config.seed, 1])
    blocks = np.empty((config.n_rounds, len(cells), len(network.blocks)))
    layers = np.empty((config.n_rounds, len(parts)))
    busyness = np.empty((config.n_rounds, len(cells)))
    with _threads(config.n_threads), torch.inference_mode():
        for round_ in range(config.n_rounds):
            for i in rng.permutation(len(cells) + len(parts)).tolist():
                if i < len(cells):
                    blocks[round_, i], busyness[round_, i] = _time_blocks(
                        network, cells[i].tolist(), x, clock, config.n_repeats
                    )
                else:
                    part, shape = parts[i - len(cells)]
                    layers[round_, i - len(cells)] = _time_layer(
                        part, _image(*shape), clock, config.n_repeats
                    )
            report(round_ + 1, config.n_rounds)
    totals = blocks.sum(axis=2)
    low, median, high = np.quantile(totals, (0.25, 0.5, 0.75), axis=0)
    return Profile(
        cells=cells,
        block_ms=np.median(blocks, axis=0),
        total_ms=median,
        noise=(high - low) / median,
        layer_ms=np.median(layers, axis=0),
        description=_describe(config),
        busyness=float(np.median(busyness)) if config.n_threads == 1 else float("nan"),
    )


def deployed_network() -> Supernet:
    """Return the benchmark's network with every cell's operations, ready for inference."""
    network = initialise(_BENCHMARK, seed=0)
    _fix_statistics(network)
    return network.eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]  # torch's stubs omit it


def layer_parts(network: Supernet) -> list[tuple[Callable[[Tensor], Tensor], tuple[int, int]]]:
    """Return what computes each layer of ``NasBench201.layers``, with channels and side read.

    The first cell of a stage speaks for all of them, as it does in the space.
    """
    parts: list[tuple[Callable[[Tensor], Tensor], tuple[int, int]]] = []
    space = NasBench201()
    previous: nn.Module | None = None
    for module, shape in zip(network.blocks, space.cut_shapes, strict=False):
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


def _fix_statistics(module: nn.Module) -> None:
    """Replace normalisation by batch statistics with the affine one of a trained network."""
    for name, child in module.named_children():
        if isinstance(child, nn.BatchNorm2d):
            setattr(module, name, nn.BatchNorm2d(child.num_features))
        else:
            _fix_statistics(child)


def _add(x: Tensor) -> Tensor:
    """Add two tensors, as the end of an edge does."""
    return x + x


def _image(channels: int, side: int) -> Tensor:
    """Return a random input ``(1, channels, side, side)``, channels last."""
    generator = torch.Generator().manual_seed(channels)
    values = torch.randn(1, channels, side, side, generator=generator)
    return values.to(memory_format=torch.channels_last)


def _time_blocks(
    network: Supernet, cell: list[int], x: Tensor, clock: Callable[[], int], n_repeats: int
) -> tuple[FloatArray, float]:
    """Return the least time of each block in a few runs, ms, and wall over processor time."""
    runs = []
    network(x, cell)
    wall, computing = time.perf_counter_ns(), time.thread_time_ns()
    for _ in range(n_repeats):
        value, marks = x, [clock()]
        for block in network.blocks:
            value = block(value, cell) if isinstance(block, Cell) else block(value)
            marks.append(clock())
        runs.append(np.diff(marks) / 1e6)
    computing = time.thread_time_ns() - computing
    busyness = (time.perf_counter_ns() - wall) / max(computing, 1)
    return np.min(runs, axis=0), busyness


def _time_layer(
    part: Callable[[Tensor], Tensor], x: Tensor, clock: Callable[[], int], n_repeats: int
) -> float:
    """Return the time of one layer in the quickest of a few runs, ms."""
    times = []
    part(x)
    for _ in range(n_repeats):
        start = clock()
        for _ in range(_CALLS_OF_A_LAYER):
            part(x)
        times.append((clock() - start) / _CALLS_OF_A_LAYER / 1e6)
    return min(times)


@contextmanager
def _threads(n: int) -> Iterator[None]:
    """Compute with that many threads for a while."""
    before = torch.get_num_threads()
    torch.set_num_threads(n)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _describe(config: ProfileConfig) -> str:
    """Return machine, runtime and settings in a line."""
    threads = f"{config.n_threads} thread{'s' if config.n_threads > 1 else ''}"
    return (
        f"measured by evonasc hardware profile on {_processor()}, {threads}, PyTorch "
        f"{torch.__version__} eager, batch 1, {config.clock} clock"
    )


def _processor() -> str:
    """Return the model of the processor as the system names it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:  # not Linux
        lines = []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    named = [*models, platform.processor(), platform.machine()]
    return " ".join(next(name for name in [*named, "an unknown processor"] if name).split())[:80]
