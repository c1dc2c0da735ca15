"""How searches came to their fronts, told without the exact ones: by what they found at last."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evonasc.analysis.indicators import evaluation_counts, hypervolume_curve
from evonasc.arrays import BoolArray, FloatArray, IntArray
from evonasc.front import MOST_EXACT_OBJECTIVES, non_dominated

#: Points of a curve, at most, and where the hypervolume is approximated, which takes longer.
_MOST_COUNTS, _MOST_APPROXIMATED = 40, 12


@dataclass(frozen=True)
class Convergence:
    """One search."""

    #: ``(n,)`` evaluations, rising.
    counts: IntArray
    #: ``(n,)`` what it held after so many.
    values: FloatArray
    #: What the values are.
    words: str


def convergence(
    evaluated: Sequence[FloatArray], *, is_within: Sequence[BoolArray], objectives: Sequence[str]
) -> list[Convergence]:
    """Return how each search went on: its share of the hypervolume that all found together.

    Of one objective, the least value so far. A search that found nothing within bounds has no part
    in it, so that the list is empty where none did.

    Args:
        evaluated: ``(n, n_obj)`` each, in the order of evaluation.
        is_within: ``(n,)`` each, what keeps to bounds; the rest counts for nothing.
        objectives: Their names.
    """
    found = [points[within] for points, within in zip(evaluated, is_within, strict=True)]
    together = np.concatenate(found)
    if len(together) == 0:
        return []
    if len(objectives) == 1:
        return [
            _least(points, within, f"least {objectives[0]} so far")
            for points, within in zip(evaluated, is_within, strict=True)
            if within.any()
        ]
    front = np.unique(together[non_dominated(together)], axis=0)
    is_exact = len(objectives) <= MOST_EXACT_OBJECTIVES
    whose = "share of the final hypervolume" if len(found) == 1 else "share of all hypervolume"
    words = whose if is_exact else "hypervolume, approximated share"
    curves = []
    for points, within in zip(evaluated, is_within, strict=True):
        most = _MOST_COUNTS if is_exact else _MOST_APPROXIMATED
        counts = evaluation_counts(len(points), most=most)
        shares = hypervolume_curve(points, front, is_within=within, counts=counts)
        curves.append(Convergence(counts, shares, words))
    return curves


def _least(points: FloatArray, within: BoolArray, words: str) -> Convergence:
    """Return the least value so far, from the first that keeps to bounds on."""
    first = int(np.flatnonzero(within)[0])
    least = np.minimum.accumulate(np.where(within, points[:, 0], np.inf))[first:]
    return Convergence(np.arange(first, len(points)) + 1, least, words)
