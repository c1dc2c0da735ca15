"""Is one contender better than another, or were its seeds lucky?

Paired by seed: Wilcoxon's signed-rank test, two-sided, corrected for the number of pairs by Holm.
How much better: the Vargha-Delaney effect size A12, the chance that a trial of the first beats one
of the second (0.5: no difference; 0.56 small, 0.64 medium, 0.71 large).

References: Wilcoxon 1945; Holm 1979, "A Simple Sequentially Rejective Multiple Test Procedure";
Vargha and Delaney 2000, "A Critique and Improvement of the CL Common Language Effect Size Statistic
of McGraw and Wong".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import scipy  # its `stats` takes a second to import and is loaded when it is used

from evonasc.arrays import FloatArray

#: Below this a difference is called one.
LEVEL = 0.05
#: Digits after the point that count; values closer than this differ by rounding only.
_DIGITS = 12


@dataclass(frozen=True)
class Pair:
    """Two contenders, the first ahead seed by seed: that is what the test is about."""

    first: str
    second: str
    #: Median of the paired differences, first minus second; never below 0.
    median_difference: float
    #: Of Wilcoxon's signed-rank test, and that corrected by Holm for all pairs.
    p_value: float
    p_holm: float
    #: Chance that a trial of the first is larger than one of the second.
    a12: float
    #: Seeds that both have.
    n_seeds: int

    @property
    def is_significant(self) -> bool:
        """Whether the difference stands at the level of 5 %."""
        return self.p_holm < LEVEL


def compare_pairs(values: Mapping[str, FloatArray]) -> list[Pair]:
    """Compare every two contenders over the seeds that both have.

    Args:
        values: Contender -> ``(n_seeds,)`` indicator, larger is better, in the order of the seeds;
            NaN where there is no trial.

    Returns:
        All pairs with a seed in common, the least p-value first; empty for a single contender.

    Raises:
        ValueError: Columns of different lengths.
    """
    if len({len(column) for column in values.values()}) > 1:
        raise ValueError("values must have a place for the same seeds for every contender.")
    pairs = []
    for one, other in combinations(values, 2):
        is_shared = ~np.isnan(values[one] - values[other])
        if not is_shared.any():
            continue
        first, second = (one, other)
        shared = {name: values[name][is_shared] for name in (one, other)}
        if _lead(shared[other], shared[one]) > _lead(shared[one], shared[other]):
            first, second = (other, one)
        pairs.append((first, second, shared[first], shared[second]))
    p_values = [signed_rank(ahead, behind) for _, _, ahead, behind in pairs]
    result = [
        Pair(
            first=first,
            second=second,
            median_difference=float(np.median(ahead - behind)),
            p_value=p,
            p_holm=p_holm,
            a12=a12(ahead, behind),
            n_seeds=len(ahead),
        )
        for (first, second, ahead, behind), p, p_holm in zip(
            pairs, p_values, holm(p_values), strict=True
        )
    ]
    return sorted(result, key=lambda pair: (pair.p_holm, -pair.a12))


def _lead(first: FloatArray, second: FloatArray) -> tuple[float, float]:
    """Return how far the first is ahead: seed by seed, and, where that is nothing, by medians."""
    return float(np.median(first - second)), float(np.median(first) - np.median(second))


def signed_rank(first: FloatArray, second: FloatArray) -> float:
    """Return the two-sided p-value of Wilcoxon's test on paired values; 1 where all are equal."""
    differences = np.round(first - second, _DIGITS)
    # Pairs of equal values say nothing. Left in, they make scipy approximate where few others are
    # left, and then it names p-values below the least possible, 2 ** (1 - n).
    differences = differences[differences != 0]
    if len(differences) == 0:
        return 1.0
    return float(scipy.stats.wilcoxon(differences).pvalue)


def holm(p_values: list[float]) -> list[float]:
    """Return p-values corrected for how many there are, in the given order.

    Example:
        >>> holm([0.01, 0.04, 0.03])
        [0.03, 0.06, 0.06]
    """
    order = np.argsort(p_values, kind="stable")
    corrected, largest = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(order.tolist()):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[place]))
        corrected[place] = largest
    return corrected


def a12(first: FloatArray, second: FloatArray) -> float:
    """Return the chance that a value of ``first`` is larger than one of ``second``, ties half."""
    rounded = np.round(first, _DIGITS), np.round(second, _DIGITS)
    statistic = scipy.stats.mannwhitneyu(*rounded, method="asymptotic").statistic
    return float(statistic / (len(first) * len(second)))


def fewest_seeds(n_pairs: int) -> int:
    """Return the number of seeds below which no difference among that many pairs is significant.

    The smallest p-value of Wilcoxon's test on n pairs of values is ``2 ** (1 - n)``.
    """
    n = 2
    while n_pairs * 2.0 ** (1 - n) >= LEVEL:
        n += 1
    return n


def verdict(values: Mapping[str, FloatArray]) -> str:
    """Say in one sentence who is ahead and of whom significantly; see :func:`compare_pairs`."""
    medians = {name: float(np.nanmedian(column)) for name, column in values.items()}
    best = max(medians, key=lambda name: medians[name])
    pairs = [pair for pair in compare_pairs(values) if best in (pair.first, pair.second)]
    beaten = [pair.second for pair in pairs if pair.first == best and pair.is_significant]
    ahead = [pair.first for pair in pairs if pair.second == best and pair.is_significant]
    open_ = [name for name in medians if name != best and name not in (*beaten, *ahead)]
    parts = [f"{best} has the largest median"]
    if ahead:
        parts.append(f"seed by seed {', '.join(sorted(ahead))} is significantly ahead of it")
    if beaten:
        parts.append(f"significantly ahead of {', '.join(sorted(beaten))}")
    n_seeds = max((pair.n_seeds for pair in pairs if not pair.is_significant), default=0)
    n_needed = fewest_seeds(len(values) * (len(values) - 1) // 2)
    if open_ and n_seeds < n_needed:
        parts.append(
            f"{seeds_in_words(n_seeds)} {'is' if n_seeds == 1 else 'are'} too few for any p below "
            f"{LEVEL:g}, {n_needed} are not"
            if not beaten and not ahead
            else f"too few seeds to tell it from {', '.join(sorted(open_))}"
        )
    elif open_:
        parts.append(f"not significantly ahead of {', '.join(sorted(open_))}")
    return "; ".join(parts) + "."


def seeds_in_words(*counts: int) -> str:
    """Return numbers of seeds as people say them.

    Example:
        >>> seeds_in_words(1), seeds_in_words(2, 2), seeds_in_words(2, 5, 3)
        ('1 seed', '2 seeds', '2 to 5 seeds')
    """
    least, most = min(counts), max(counts)
    if least < most:
        return f"{least} to {most} seeds"
    return f"{most} seed{'' if most == 1 else 's'}"
