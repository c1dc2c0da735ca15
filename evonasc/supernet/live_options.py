"""How live evaluation runs: how many images, kept or not, stopped early or not, and where."""

from dataclasses import dataclass

from evonasc.errors import ConfigError, UnknownNameError

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
        ConfigError: Fewer than one image.
        UnknownNameError: No such device.
    """

    #: Images to measure on; None for as many as the scores have, or 1,000 where there are as many.
    n_images: int | None = None
    #: Keep losses on disk for the next run with the same weights and images.
    is_cached: bool = True
    #: Stop evaluating a design once one that is no worse otherwise clearly has the lower loss. Off:
    #: it saves a fifth of the images, and the front of what was evaluated is the same, but what a
    #: search breeds from its estimates is not (benchmarks/early_decision.py).
    decides_early: bool = False
    #: One of ``DEVICES``.
    device: str = "auto"

    def __post_init__(self) -> None:
        if self.n_images is not None and self.n_images < 1:
            raise ConfigError(f"images must be at least 1, got {self.n_images}.")
        if self.device not in DEVICES:
            raise UnknownNameError("device", self.device, DEVICES)
