"""What a search under latency thresholds answers: one design a threshold."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Answer:
    """What one threshold gave: the most probable design when its search ended."""

    #: The threshold, ms.
    max_latency_ms: float
    #: Genes of the design, canonical, its cut repaired.
    genes: tuple[int, ...]
    #: Its error, fraction.
    error: float
    #: Its latency, ms.
    latency_ms: float
    #: Whether it meets the threshold.
    is_feasible: bool
    #: Whether the most probable cut was not allowed, so that the nearest allowed one was taken.
    is_repaired: bool = False
