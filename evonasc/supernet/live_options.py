"""Options of errors that torch computes: live evaluation, and weights that the search trains."""

from dataclasses import dataclass
from pathlib import Path

from evonasc.errors import ConfigError, UnknownNameError
from evonasc.field_types import require_types
from evonasc.limits import require_workers

#: Where forward passes may run.
DEVICES = {
    "auto": "a CUDA device where torch sees one, else the CPU",
    "cpu": "the CPU",
    "cuda": "a CUDA device, or an error",
}


@dataclass(frozen=True)
class LiveOptions:
    """How live evaluation runs; the cache alone changes no result.

    Raises:
        ConfigError: Fewer than one image; threads out of range.
        UnknownNameError: No such device.
    """

    #: Folder with the files of the supernet's data set, where it needs one.
    data_root: Path | None = None
    #: A supernet of the user; None for the one that ships with the benchmark.
    weights: Path | None = None
    #: Its score file, which says how losses read as errors and, unless ``n_images`` does, how many
    #: images are used. Without one, losses are put on the scale of the top-1 errors of some random
    #: networks, run first; those count as no evaluation.
    scores: Path | None = None
    #: Images to measure on; None for as many as the scores have, or 1,000 where there are as many.
    n_images: int | None = None
    #: Keep losses on disk for the next run with the same weights and images.
    is_cached: bool = True
    #: One of ``DEVICES``.
    device: str = "auto"
    #: Threads of torch: with another number sums are rounded otherwise.
    threads: int = 1

    def __post_init__(self) -> None:
        require_types(self)
        if self.n_images is not None and self.n_images < 1:
            raise ConfigError(f"images must be at least 1, got {self.n_images}.")
        require_workers("threads", self.threads)
        if self.device not in DEVICES:
            raise UnknownNameError("device", self.device, DEVICES)


@dataclass(frozen=True)
class CotrainedOptions:
    """What weights that the search itself trains learn from.

    Raises:
        ConfigError: Threads out of range.
        UnknownNameError: No such device.
    """

    #: Data set: see :mod:`evonasc.data.datasets`.
    data: str | None = None
    #: Folder with its files, where it needs one.
    data_root: Path | None = None
    #: One of ``DEVICES``. The CPU unless said: on a GPU sums are not of one order, and the same
    #: seed need not give the same weights.
    device: str = "cpu"
    #: Threads of torch: with another number sums are rounded otherwise.
    threads: int = 1

    def __post_init__(self) -> None:
        require_types(self)
        require_workers("threads", self.threads)
        if self.device not in DEVICES:
            raise UnknownNameError("device", self.device, DEVICES)
