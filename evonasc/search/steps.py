"""What passes between an algorithm and whoever drives it.

An algorithm is a generator: ``values = yield genes``. It says which designs it wants to know of,
``(n, n_genes)``, and is sent their objectives, ``(n, n_obj)``, a row a design, all minimised;
infinite where the evaluation failed. Designs known before cost nothing. When the budget is spent it
is not sent anything any more. It may also yield :class:`Answers` or :class:`Passes`, and is then
sent an empty array.
"""

from collections.abc import Generator
from dataclasses import dataclass

from evonasc.arrays import FloatArray, IntArray


@dataclass(frozen=True)
class Answer:
    """What one latency threshold gave: the most probable design when its search ended."""

    #: The threshold, ms.
    max_latency_ms: float
    #: Genes of the design, canonical, its cut repaired.
    genes: tuple[int, ...]
    #: Its error, fraction.
    error: float
    #: Its latency, ms.
    latency_ms: float
    #: Whether it meets the threshold, and bounds on other columns.
    is_feasible: bool
    #: Whether the most probable cut was not allowed, so that the nearest allowed one was taken.
    is_repaired: bool = False


@dataclass(frozen=True)
class Answers:
    """What a search under thresholds would itself name as its result, once more."""

    found: list[Answer]


@dataclass(frozen=True)
class Passes:
    """Forward passes on single batches, by weights in training: they count against the budget.

    What they gave is kept nowhere: the weights move on.
    """

    n: int


#: What an algorithm is.
Steps = Generator[IntArray | Answers | Passes, FloatArray, None]
