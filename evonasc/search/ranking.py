"""Who is better: ranks of fronts, crowding distances, survivors, duels; on arrays.

Reference: Deb et al. 2002, "A Fast and Elitist Multiobjective Genetic Algorithm: NSGA-II", IEEE
Transactions on Evolutionary Computation 6(2). Ranks are moocore's.
"""

from dataclasses import dataclass

import moocore
import numpy as np

from evonasc.arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True)
class Ranked:
    """Designs in a row, and what they are compared by."""

    #: ``(n, n_genes)``.
    genes: IntArray
    #: ``(n, n_obj)``, minimised; infinite where the evaluation failed.
    values: FloatArray
    #: ``(n,)`` by how much bounds are missed; 0 where all are kept, infinite where it failed.
    violation: FloatArray
    #: ``(n,)`` crowding distance in the front of its rank; infinite at its ends.
    crowding: FloatArray

    def __len__(self) -> int:
        return len(self.genes)


def survivors(
    genes: IntArray,
    values: FloatArray,
    violation: FloatArray,
    *,
    n: int,
    rng: np.random.Generator,
) -> Ranked:
    """Return the ``n`` best by front, then crowding distance, then chance.

    Designs that miss bounds come after all others, by how much they miss (section VI); one front
    each, where they miss by another amount.
    """
    ranks = ranks_of(values, violation)
    crowding = crowding_distances(values, ranks)
    order = np.lexsort((rng.random(len(genes)), -crowding, ranks))[:n]
    return Ranked(genes[order], values[order], violation[order], crowding[order])


def ranks_of(values: FloatArray, violation: FloatArray) -> IntArray:
    """Return the number of each design's front, from 0, ``(n,)``."""
    is_within = violation <= 0
    if not is_within.all():
        ranks = np.empty(len(values), dtype=np.int64)
        ranks[is_within] = ranks_of(values[is_within], violation[is_within])
        last = ranks[is_within].max(initial=-1)
        _, place = np.unique(violation[~is_within], return_inverse=True)
        ranks[~is_within] = last + 1 + place
        return ranks
    if len(values) == 0:
        return np.zeros(0, dtype=np.int64)
    if values.shape[1] == 1:  # moocore wants two objectives
        return np.unique(values[:, 0], return_inverse=True)[1].astype(np.int64)
    ranked: IntArray = np.asarray(moocore.pareto_rank(values), dtype=np.int64)
    return ranked


def crowding_distances(values: FloatArray, ranks: IntArray) -> FloatArray:
    """Return the crowding distance of each design in the front of its rank, ``(n,)``.

    Of designs with the same objectives the first counts, and the others are as crowded as can be.
    An objective that is the same in the whole front counts for nothing.
    """
    n, n_obj = values.shape
    distance = np.zeros(n)
    if n == 0:
        return distance
    finite = np.where(np.isfinite(values), values, 0.0)
    order = np.lexsort((*finite.T[::-1], ranks))
    ordered, of_rank = finite[order], ranks[order]
    is_repeat = np.zeros(n, dtype=bool)
    is_repeat[1:] = (of_rank[1:] == of_rank[:-1]) & (ordered[1:] == ordered[:-1]).all(axis=1)
    once = np.sort(order[~is_repeat])
    for column in range(n_obj):
        rows = once[np.lexsort((finite[once, column], ranks[once]))]
        some, front = finite[rows, column], ranks[rows]
        begins = np.concatenate([[True], front[1:] != front[:-1]])
        ends = np.concatenate([begins[1:], [True]])
        lowest, highest = some[begins], some[ends]
        spread = (highest - lowest)[np.cumsum(begins) - 1]
        gap = np.zeros(len(rows))
        gap[1:-1] = some[2:] - some[:-2]
        gap[begins | ends] = np.inf
        distance[rows] += np.divide(gap, spread, out=np.zeros(len(rows)), where=spread > 0)
    return distance


def dominates(
    one: tuple[FloatArray, FloatArray], other: tuple[FloatArray, FloatArray]
) -> BoolArray:
    """Tell row by row whether one dominates the other, ``(n,)``.

    Each is ``(n, n_obj)`` objectives and ``(n,)`` violations: less missed is better; of those that
    miss nothing, nowhere worse and somewhere better.
    """
    (values, violation), (others, other_violation) = one, other
    is_better = (values <= others).all(axis=1) & (values < others).any(axis=1)
    found: BoolArray = np.where(
        (violation > 0) | (other_violation > 0), violation < other_violation, is_better
    )
    return found


def duels(ranked: Ranked, n: int, *, rng: np.random.Generator) -> IntArray:
    """Return the winners of ``n`` duels, rows, by dominance, then crowding, then chance.

    Everybody fights about as often as everybody else.
    """
    n_orders = -(-2 * n // len(ranked))
    order = rng.permuted(np.tile(np.arange(len(ranked)), (n_orders, 1)), axis=1).ravel()
    left, right = order[: 2 * n].reshape(n, 2).T
    one, other = ((ranked.values[rows], ranked.violation[rows]) for rows in (left, right))
    room, other_room = ranked.crowding[left], ranked.crowding[right]
    is_left = np.where(room == other_room, rng.random(n) < 0.5, room > other_room)
    is_left = np.where(dominates(other, one), False, is_left)
    is_left = np.where(dominates(one, other), True, is_left)
    winners: IntArray = np.where(is_left, left, right)
    return winners
