"""Timing networks, their blocks and their layers on this machine, by PyTorch, one input at a time.

What runs is the benchmark's network as it would be deployed: only the operations of the canonical
network, normalisation with fixed statistics, no gradients, float32. Tensors lie channels last
unless told otherwise: on a processor PyTorch's pooling takes several times as long in its own
default layout. Nothing is trained; times do not depend on the weights.

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
from evonasc.space import SearchSpace
from evonasc.supernet.family import Supernet, SupernetFamily
from evonasc.supernet.network_list import random_networks

#: Fewest networks that a fit of layers and totals can stand on.
MIN_NETWORKS = 10
_CALLS_OF_A_LAYER = 10  # one call is too short for the clock

Clock = Literal["cpu", "wall"]
Layout = Literal["channels-last", "contiguous"]


@dataclass(frozen=True)
class ProfileConfig:
    """How much is measured.

    Raises:
        ConfigError: A value out of range.
    """

    #: Networks, drawn at random, besides the one that computes nothing.
    n_networks: int = 60
    #: Rounds over everything.
    n_rounds: int = 9
    #: Runs right after one another in a round, of which the quickest counts, block by block.
    n_repeats: int = 5
    #: Threads that compute.
    n_threads: int = 1
    #: ``wall``, or ``cpu``: the processor time of the one thread that computes.
    clock: Clock = "wall"
    #: How tensors and weights lie in memory; ``contiguous`` is what PyTorch does by itself.
    layout: Layout = "channels-last"
    #: Draws the networks and the order of measuring.
    seed: int = 0

    def __post_init__(self) -> None:
        bounds = {
            "n_networks": (MIN_NETWORKS, 5000),
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
        if self.layout not in ("channels-last", "contiguous"):
            raise ConfigError(
                f"layout must be 'channels-last' or 'contiguous', got {self.layout!r}."
            )
        if self.clock == "cpu" and self.n_threads > 1:
            raise ConfigError(
                "The clock 'cpu' must be used with one thread: it sees only the thread it is read "
                f"in, got n_threads = {self.n_threads}. Use the clock 'wall'."
            )


QUICK = ProfileConfig(n_networks=20, n_rounds=3, n_repeats=3)


def profile_this_machine(
    config: ProfileConfig,
    family: SupernetFamily,
    *,
    networks: IntArray | None = None,
    report: Callable[[int, int], None] = lambda done, of: None,
) -> Profile:
    """Measure networks, block by block, and every layer of the space on this machine.

    The networks are canonical, ``(n, n_operation_genes)``; random ones by default. After each
    round, the report is told how many are done and their number.

    Raises:
        ConfigError: The networks cannot be timed, or there are fewer than are to be drawn.
    """
    if networks is None:
        rng = np.random.default_rng(config.seed)
        networks = profiled_networks(family.space, config.n_networks, rng=rng)
    network = deployed_network(family, layout=config.layout)
    channels, side, _ = family.space.cut_shapes[0]
    x = _image(channels, side, config.layout)
    clock = {"cpu": time.thread_time_ns, "wall": time.perf_counter_ns}[config.clock]
    parts = family.layer_parts(network)
    rng = np.random.default_rng([config.seed, 1])
    blocks = np.empty((config.n_rounds, len(networks), len(network.blocks)))
    layers = np.empty((config.n_rounds, len(parts)))
    busyness = np.empty((config.n_rounds, len(networks)))
    with _threads(config.n_threads), torch.inference_mode():
        for round_ in range(config.n_rounds):
            for i in rng.permutation(len(networks) + len(parts)).tolist():
                if i < len(networks):
                    blocks[round_, i], busyness[round_, i] = _time_blocks(
                        network, networks[i].tolist(), x, clock, config.n_repeats
                    )
                else:
                    part, shape = parts[i - len(networks)]
                    layers[round_, i - len(networks)] = _time_layer(
                        part, _image(shape[0], shape[1], config.layout), clock, config.n_repeats
                    )
            report(round_ + 1, config.n_rounds)
    totals = blocks.sum(axis=2)
    low, median, high = np.quantile(totals, (0.25, 0.5, 0.75), axis=0)
    return Profile(
        networks=networks,
        block_ms=np.median(blocks, axis=0),
        total_ms=median,
        noise=(high - low) / median,
        layer_ms=np.median(layers, axis=0),
        description=_describe(config),
        busyness=float(np.median(busyness)) if config.n_threads == 1 else float("nan"),
    )


def profiled_networks(space: SearchSpace, n: int, *, rng: np.random.Generator) -> IntArray:
    """Return the network that computes nothing and ``n`` random others, each once.

    Raises:
        ConfigError: The space has fewer.
    """
    bare = np.array([space.bare_network])
    others = random_networks(space, n, rng=rng, other_than=bare)
    if len(others) < n:
        raise ConfigError(f"n_networks must lie in [{MIN_NETWORKS}, {len(others)}], got {n}.")
    return np.concatenate([bare, others])


def deployed_network(family: SupernetFamily, *, layout: Layout = "channels-last") -> Supernet:
    """Return the networks of a benchmark as they are deployed, ready for inference.

    Raises:
        ConfigError: They cannot be timed.
    """
    network = family.initialise(family.deployed_config(), seed=0)
    _fix_statistics(network)
    return network.eval().to(memory_format=_memory_format(layout))  # type: ignore[call-overload,no-any-return]  # torch's stubs omit it


def _fix_statistics(module: nn.Module) -> None:
    """Replace normalisation by batch statistics with the affine one of a trained network."""
    for name, child in module.named_children():
        if isinstance(child, nn.BatchNorm2d):
            setattr(module, name, nn.BatchNorm2d(child.num_features))
        else:
            _fix_statistics(child)


def _memory_format(layout: Layout) -> torch.memory_format:
    """Return what torch calls a layout."""
    return torch.channels_last if layout == "channels-last" else torch.contiguous_format


def _image(channels: int, side: int, layout: Layout) -> Tensor:
    """Return a random input ``(1, channels, side, side)``."""
    generator = torch.Generator().manual_seed(channels)
    values = torch.randn(1, channels, side, side, generator=generator)
    return values.to(memory_format=_memory_format(layout))


def _time_blocks(
    supernet: Supernet, network: list[int], x: Tensor, clock: Callable[[], int], n_repeats: int
) -> tuple[FloatArray, float]:
    """Return the least time of each block in a few runs, ms, and wall over processor time."""
    runs = []
    supernet(x, network)
    wall, computing = time.perf_counter_ns(), time.thread_time_ns()
    for _ in range(n_repeats):
        value, marks = x, [clock()]
        for block in range(len(supernet.blocks)):
            value = supernet(value, network, start=block, stop=block + 1)
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
        f"{torch.__version__} eager, {config.layout}, batch 1, {config.clock} clock"
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
