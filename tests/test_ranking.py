"""Ranks, crowding distances and duels, against rules written out by hand and against pymoo's."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pymoo.operators.survival.rank_and_crowding.metrics import calc_crowding_distance
from pymoo.util.nds.non_dominated_sorting import NonDominatedSorting

from evonasc.search.ranking import (
    Ranked,
    crowding_distances,
    dominates,
    duels,
    ranks_of,
    survivors,
)

POINTS = st.integers(1, 3).flatmap(
    lambda n_obj: hnp.arrays(
        np.float64,
        st.tuples(st.integers(1, 25), st.just(n_obj)),
        elements=st.integers(0, 6).map(float),
    )
)


@settings(max_examples=100)
@given(POINTS)
def test_ranks_and_crowding_are_pymoos(values):
    ranks = ranks_of(values, np.zeros(len(values)))
    crowding = crowding_distances(values, ranks)
    for rank, rows in enumerate(NonDominatedSorting().do(values)):
        np.testing.assert_array_equal(np.sort(np.flatnonzero(ranks == rank)), np.sort(rows))
        front = np.flatnonzero(ranks == rank)
        _, first = np.unique(values[front], axis=0, return_index=True)
        is_first = np.isin(np.arange(len(front)), first)
        assert (crowding[front[~is_first]] == 0).all()
        theirs = calc_crowding_distance(values[front[is_first]], filter_out_duplicates=False)
        np.testing.assert_allclose(crowding[front[is_first]] / values.shape[1], theirs)


def test_designs_beyond_bounds_come_last_by_how_much_they_miss():
    values = np.array([[0.0, 0.0], [5.0, 5.0], [1.0, 1.0], [6.0, 4.0]])
    assert ranks_of(values, np.array([2.0, 0.0, 0.5, 0.0])).tolist() == [2, 0, 1, 0]
    assert ranks_of(values, np.array([2.0, 1.0, 1.0, 2.0])).tolist() == [1, 0, 0, 1]


def test_failed_designs_are_behind_all_that_keep_to_the_bounds():
    values = np.array([[np.inf, np.inf], [5.0, 5.0], [1.0, 1.0]])
    assert ranks_of(values, np.zeros(3)).tolist() == [2, 1, 0]
    assert ranks_of(values[:1], np.zeros(1)).tolist() == [0]


def test_survivors_are_the_front_then_the_least_crowded():
    values = np.array([[0.0, 9.0], [1.0, 8.0], [1.5, 7.5], [4.0, 4.0], [9.0, 0.0], [9.0, 9.0]])
    kept = survivors(np.arange(6)[:, None], values, np.zeros(6), n=4, rng=np.random.default_rng(0))
    assert sorted(kept.genes[:, 0].tolist()) == [0, 2, 3, 4]  # 1 is nearest to its neighbours
    everybody = survivors(
        np.arange(6)[:, None], values, np.zeros(6), n=9, rng=np.random.default_rng(0)
    )
    assert everybody.genes[-1, 0] == 5


def test_ties_are_drawn():
    values = np.zeros((50, 2))
    kept = [
        set(
            survivors(
                np.arange(50)[:, None], values, np.zeros(50), n=10, rng=np.random.default_rng(seed)
            ).genes[:, 0]
        )
        for seed in (1, 2)
    ]
    assert kept[0] != kept[1]


def test_dominance_row_by_row():
    one = np.array([[1.0, 2.0], [1.0, 2.0], [1.0, 2.0], [9.0, 9.0]])
    other = np.array([[1.0, 3.0], [1.0, 2.0], [0.0, 3.0], [1.0, 1.0]])
    missed, other_missed = np.array([0.0, 0, 0, 0.1]), np.array([0.0, 0, 0, 0.2])
    assert dominates((one, missed), (other, other_missed)).tolist() == [True, False, False, True]
    assert not dominates((other, other_missed), (one, missed)).any()


@pytest.mark.parametrize("n", [1, 2, 7])
def test_duels_are_won_by_dominance_then_room_then_chance(n):
    genes = np.arange(4)[:, None]
    values = np.array([[0.0, 3.0], [1.0, 1.0], [3.0, 0.0], [4.0, 4.0]])
    ranked = Ranked(genes, values, np.zeros(4), np.array([np.inf, 1.0, np.inf, 0.0]))
    winners = np.concatenate(
        [duels(ranked, n, rng=np.random.default_rng(seed)) for seed in range(300)]
    )
    shares = np.bincount(winners, minlength=4) / len(winners)
    assert shares[3] == 0  # loses to anyone
    # of six pairs 1 wins one; the ends win two each for sure and one of two between them
    np.testing.assert_allclose(shares[[0, 1, 2]], [2.5 / 6, 1 / 6, 2.5 / 6], atol=0.08)
