"""Measuring the proxies of networks into a file, resumably."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from evonasc.arrays import FloatArray, IntArray
from evonasc.errors import ConfigError
from evonasc.files import write_atomically
from evonasc.limits import require_seed, require_workers
from evonasc.space import SearchSpace
from evonasc.supernet.family import SupernetConfig, SupernetFamily
from evonasc.supernet.fisher_spectrum import fisher_entropy
from evonasc.supernet.network_list import listed_networks
from evonasc.supernet.proxy_signals import SIGNALS, untrained_signals
from evonasc.supernet.proxy_table import MEASURED, ProxyTable, encode_proxies, read_proxies
from evonasc.supernet.scoring import in_parallel

_MAX_SEED = 2**31


@dataclass(frozen=True)
class ProxyConfig:
    """Everything that decides measured proxies.

    The usual sizes are :meth:`evonasc.supernet.family.SupernetFamily.proxy_configs`.

    Raises:
        ConfigError: A value out of range.
    """

    #: Sizes of the networks, for all proxies but ``fisher``.
    supernet: SupernetConfig
    #: Sizes for ``fisher``, smaller in number of blocks alone.
    small: SupernetConfig
    #: Repeats with weights and images of their own.
    n_repeats: int = 1
    #: Images a batch.
    n_images: int = 16
    #: Of everything random.
    seed: int = 0

    def __post_init__(self) -> None:
        for name, least in (("n_repeats", 1), ("n_images", 2)):
            value = getattr(self, name)
            if value < least:
                raise ConfigError(f"{name} must be at least {least}, got {value}.")
        require_seed(self.seed)


class _Bench:
    """Random weights and images of one repeat."""

    def __init__(self, config: ProxyConfig, family: SupernetFamily, repeat: int) -> None:
        rng = np.random.default_rng([config.seed, repeat])
        seeds = rng.integers(_MAX_SEED, size=3).tolist()
        side = family.space.cut_shapes[0][1]
        self._supernet = family.initialise(config.supernet, seed=seeds[0]).requires_grad_(False)
        # One backward pass a class: a smaller network and half the images make up for it.
        self._small = family.initialise(config.small, seed=seeds[1]).requires_grad_(False)
        self._images = random_images(config.n_images, side=side, rng=rng)
        self._small_images = random_images(config.n_images // 2, side=side // 2, rng=rng)
        self._sign_seed = seeds[2]

    def measure(self, networks: IntArray) -> FloatArray:
        """Return the proxies of networks, ``(n, n_proxies)``; each on its own, so order is free."""
        rows = np.empty((len(networks), len(MEASURED)))
        for row, network in enumerate(networks.tolist()):
            signs = torch.Generator().manual_seed(self._sign_seed)
            signals = untrained_signals(self._supernet, network, self._images, generator=signs)
            values = dict(zip(SIGNALS, signals, strict=True))
            values["fisher"] = fisher_entropy(self._small, network, self._small_images)
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


def file_header(config: ProxyConfig, space: SearchSpace) -> dict[str, object]:
    """Return how a file was made; a repeat does not depend on how many there are."""
    sizes, small = asdict(config)["supernet"], asdict(config)["small"]
    n_classes = sizes.pop("n_classes")
    return {
        "config": {"n_images": config.n_images, **sizes, "seed": config.seed},
        "space": space.name,
        "n_classes": n_classes,
        "small": small,
    }


def measure_to_file(
    out: Path,
    config: ProxyConfig,
    family: SupernetFamily,
    *,
    n_jobs: int = 1,
    networks: IntArray | None = None,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> ProxyTable:
    """Measure every network, or a choice of them, going on where ``out`` stops.

    The file is written after every chunk of networks. A finished one goes on with further repeats
    where ``config`` asks for more. Networks are canonical, ``(n, n_operation_genes)``; all by
    default. The number of worker processes, one thread each, changes nothing in the result.
    ``on_progress`` is called with (measurements done, measurements in all).

    Raises:
        DataFileError: A started file is damaged.
        ConfigError: ``out`` was made otherwise, or cannot be written; ``n_jobs`` out of range; all
            networks are wanted and too many to list.
    """
    require_workers("jobs", n_jobs)
    chosen = networks
    if chosen is None:
        chosen = listed_networks(family.space, remedy="Name some: --networks FILE.csv.")
    header = file_header(config, family.space)
    values = np.full((config.n_repeats, len(chosen), len(MEASURED)), np.nan)
    if out.exists():
        started = read_proxies(out, family.space)
        # files from before these were said go on as they began
        unsaid = {key: value for key, value in header.items() if key != "config"}
        is_same = isinstance(started.header, dict) and {**unsaid, **started.header} == header
        if not is_same or not np.array_equal(started.networks, chosen):
            raise ConfigError(f"{out} was made with other settings. Choose another --out.")
        header = started.header
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
        bench = _Bench(config, family, repeat)
        for rows, proxies in in_parallel(bench.measure, chosen, todo, n_jobs=n_jobs):
            values[repeat, rows] = proxies
            table = ProxyTable(chosen, values, header, family.space)
            write_atomically(out, encode_proxies(table))
            on_progress(int((~np.isnan(values).any(axis=2)).sum()), total)
    return read_proxies(out, family.space)  # as it will be read: rounded to single precision
