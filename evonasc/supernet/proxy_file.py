"""Measuring the proxies of every network into a file, resumably, and shipping them."""

import platform
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import joblib
import numpy as np
import torch
from torch import Tensor

from evonasc.arrays import FloatArray, IntArray
from evonasc.errors import ConfigError
from evonasc.files import write_atomically
from evonasc.limits import require_seed, require_workers
from evonasc.nasbench201.assets import ASSETS
from evonasc.nasbench201.cells import canonical_connected_cells
from evonasc.nasbench201.errors.proxies import (
    MEASURED,
    PROXIES_ASSET,
    ProxyTable,
    encode_proxies,
    read_proxies,
)
from evonasc.nasbench201.network import Supernet, SupernetConfig, initialise
from evonasc.supernet.fisher_spectrum import fisher_entropy
from evonasc.supernet.proxy_signals import SIGNALS, untrained_signals

_SIDE = 32
_MAX_SEED = 2**31


@dataclass(frozen=True)
class ProxyConfig:
    """Everything that decides measured proxies.

    Raises:
        ConfigError: A value out of range.
    """

    #: Repeats with weights and images of their own.
    n_repeats: int = 1
    #: Images a batch.
    n_images: int = 16
    #: Channels of the first stage.
    channels: int = 16
    #: Cells in each stage, for all proxies but ``fisher``.
    cells_per_stage: int = 3
    #: Of everything random.
    seed: int = 0

    def __post_init__(self) -> None:
        for name, least in (("n_repeats", 1), ("n_images", 2), ("channels", 1)):
            value = getattr(self, name)
            if value < least:
                raise ConfigError(f"{name} must be at least {least}, got {value}.")
        require_seed(self.seed)


@dataclass(frozen=True)
class _Bench:
    """Random weights and images of one repeat."""

    supernet: Supernet
    small: Supernet
    images: Tensor
    small_images: Tensor
    sign_seed: int

    def measure(self, cells: IntArray) -> FloatArray:
        """Return the measured proxies of cells, ``(n, 6)``; each on its own, so order is free."""
        rows = np.empty((len(cells), len(MEASURED)))
        for row, cell in enumerate(cells.tolist()):
            signs = torch.Generator().manual_seed(self.sign_seed)
            signals = untrained_signals(self.supernet, cell, self.images, generator=signs)
            values = dict(zip(SIGNALS, signals, strict=True))
            values["fisher"] = fisher_entropy(self.small, cell, self.small_images)
            rows[row] = [values[name] for name in MEASURED]
        return rows


def random_images(n: int, *, side: int, rng: np.random.Generator) -> Tensor:
    """Return ``(n, 3, side, side)`` noise whose amplitude falls with frequency, as in photographs.

    White noise would be averaged away by the first pooling: it has no large structures. Each image
    has mean 0 and standard deviation 1.

    Source: Field 1987, "Relations between the statistics of natural images and the response
    properties of cortical cells", J. Opt. Soc. Am. A 4 (amplitude spectrum 1 / f).
    """
    frequency = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.fftfreq(side))
    amplitude = 1 / np.maximum(frequency, 1 / side)
    amplitude[0, 0] = 0
    spectrum = np.fft.fft2(rng.standard_normal((n, 3, side, side))) * amplitude
    pixels = np.fft.ifft2(spectrum).real
    pixels /= pixels.std(axis=(1, 2, 3), keepdims=True)
    images = torch.from_numpy(pixels.astype(np.float32))
    return images.contiguous(memory_format=torch.channels_last)


def _bench(config: ProxyConfig, repeat: int) -> _Bench:
    """Draw the weights and images of one repeat."""
    rng = np.random.default_rng([config.seed, repeat])
    seeds = rng.integers(_MAX_SEED, size=3).tolist()
    full = SupernetConfig(config.channels, config.cells_per_stage)
    return _Bench(
        supernet=initialise(full, seed=seeds[0]).requires_grad_(False),
        # One backward pass a class: a smaller network and half the images make up for it.
        small=initialise(SupernetConfig(config.channels, 1), seed=seeds[1]).requires_grad_(False),
        images=random_images(config.n_images, side=_SIDE, rng=rng),
        small_images=random_images(config.n_images // 2, side=_SIDE // 2, rng=rng),
        sign_seed=seeds[2],
    )


def file_header(config: ProxyConfig) -> dict[str, object]:
    """Return how a file was made; a repeat does not depend on how many there are."""
    fields = asdict(config)
    del fields["n_repeats"]
    return {"config": fields}


def measure_to_file(
    out: Path,
    config: ProxyConfig,
    *,
    n_jobs: int = 1,
    cells: IntArray | None = None,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> ProxyTable:
    """Measure every canonical connected cell, going on where ``out`` stops.

    A finished file goes on with further repeats where ``config`` asks for more.

    Args:
        out: Proxy file; written after every chunk of networks.
        config: Sizes, repeats, seed.
        n_jobs: Worker processes, one thread each; changes nothing in the result.
        cells: ``(n, 6)`` canonical connected cells to measure; all by default.
        on_progress: Called with (measurements done, measurements in all).

    Raises:
        DataFileError: A started file is damaged.
        ConfigError: ``out`` was made otherwise, or cannot be written; ``n_jobs`` out of range.
    """
    require_workers("jobs", n_jobs)
    chosen = canonical_connected_cells() if cells is None else cells
    header = file_header(config)
    values = np.full((config.n_repeats, len(chosen), len(MEASURED)), np.nan)
    if out.exists():
        started = read_proxies(out)
        if started.header != header or not np.array_equal(started.cells, chosen):
            raise ConfigError(f"{out} was made with other settings. Choose another --out.")
        n_kept = min(len(started.values), len(values))
        values[:n_kept] = started.values[:n_kept]
    elif not out.parent.is_dir():
        raise ConfigError(f"The folder of {out} must exist.")
    total = values.shape[0] * values.shape[1]
    for repeat in range(config.n_repeats):
        todo = np.flatnonzero(np.isnan(values[repeat]).any(axis=1))
        on_progress(int((~np.isnan(values).any(axis=2)).sum()), total)
        if not len(todo):
            continue
        for rows, measured in _in_parallel(_bench(config, repeat), chosen, todo, n_jobs=n_jobs):
            values[repeat, rows] = measured
            write_atomically(out, encode_proxies(ProxyTable(chosen, values, header)))
            on_progress(int((~np.isnan(values).any(axis=2)).sum()), total)
    return read_proxies(out)  # as it will be read: rounded to single precision


def _in_parallel(
    bench: _Bench, cells: IntArray, todo: IntArray, *, n_jobs: int, chunk: int = 32
) -> Iterator[tuple[IntArray, FloatArray]]:
    """Yield (rows, measured proxies) of chunks, in order."""
    parts = np.array_split(todo, -(-len(todo) // chunk))
    with joblib.parallel_config(backend="loky", n_jobs=n_jobs, inner_max_num_threads=1):
        results = joblib.Parallel(return_as="generator")(
            joblib.delayed(_measure_part)(bench, cells[part]) for part in parts
        )
        yield from zip(parts, results, strict=True)


def _measure_part(bench: _Bench, cells: IntArray) -> FloatArray:
    """Measure in a worker process."""
    torch.set_num_threads(1)
    return bench.measure(cells)


def ship(table: ProxyTable, *, command: str) -> Path:
    """Make a table the shipped one, averaged over its repeats; for developers of evonasc.

    Raises:
        ConfigError: The table is not complete.
    """
    n = len(canonical_connected_cells())
    if not table.is_complete or len(table.cells) != n:
        raise ConfigError(f"Proxies must cover all {n} networks in every repeat.")
    mean = ProxyTable(table.cells, table.values.mean(axis=0, keepdims=True), table.header)
    return ASSETS.write(
        PROXIES_ASSET,
        encode_proxies(mean),
        command=command,
        note=f"Training-free proxies of {n} networks on random images, mean of "
        f"{len(table.values)} random initialisations; {platform.machine()} CPU.",
    )
