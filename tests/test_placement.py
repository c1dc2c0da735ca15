"""Split points over one link and over several, against loops over every placement."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evonasc.operators import CutRepair, DesignCrossover, DesignMutation, DesignSampling
from evonasc.problems.toy import ToySpace
from evonasc.runs.design_rows import placement_columns
from evonasc.runs.tabulated import _tabulated_designs
from evonasc.space import DesignSpace, Genome, placement


@st.composite
def masks(draw):
    """Give masks ``(n, n_links, n_cuts)`` of a few cuts."""
    n_links, n_cuts = draw(st.integers(1, 3)), draw(st.integers(1, 5))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    return rng.random((6, n_links, n_cuts)) < draw(st.sampled_from([0.2, 0.5, 0.9]))


def by_hand(mask):
    """List the allowed placements of one row, ``(n_links, n_cuts)``."""
    n_links, n_cuts = mask.shape
    return [
        splits
        for splits in itertools.product(range(n_cuts), repeat=n_links)
        if list(splits) == sorted(splits)
        and all(mask[link, cut] for link, cut in enumerate(splits))
    ]


@given(masks())
def test_every_placement_is_listed_once_in_order(allowed):
    rows, found = placement.every(allowed)
    for row in range(len(allowed)):
        assert [tuple(one) for one in found[rows == row].tolist()] == by_hand(allowed[row])


@given(masks())
def test_what_is_completable_begins_a_placement(allowed):
    left = placement.completable(allowed)
    for row in range(len(allowed)):
        begins = {splits[0] for splits in by_hand(allowed[row])}
        assert set(np.flatnonzero(left[row, 0]).tolist()) == begins


@given(masks(), st.integers(0, 1000))
def test_nearest_and_drawn_placements_are_allowed(allowed, seed):
    rng = np.random.default_rng(seed)
    has_one = placement.completable(allowed)[:, 0].any(axis=1)
    allowed = allowed[has_one]
    wanted = rng.integers(allowed.shape[2], size=allowed.shape[:2])
    for found in (placement.nearest(wanted, allowed), placement.draw(allowed, rng=rng)):
        assert placement.is_placement(found, allowed).all()


@given(masks(), st.integers(0, 1000))
def test_a_placement_that_is_allowed_stays(allowed, seed):
    rows, every = placement.every(allowed)
    np.testing.assert_array_equal(placement.nearest(every, allowed[rows]), every)


def test_nearest_takes_the_earlier_of_two_and_sorts_first():
    allowed = np.array([[[True, False, True, False, False], [True] * 5]])
    assert placement.nearest(np.array([[1, 3]]), allowed).tolist() == [[0, 3]]
    assert placement.nearest(np.array([[4, 1]]), allowed).tolist() == [[0, 4]]  # 1 and 4, sorted
    assert placement.nearest(np.array([[3, 0]]), allowed).tolist() == [[0, 3]]


def test_the_second_point_gives_way_to_the_first():
    """The first goes to 2, so the second may not lie before it."""
    allowed = np.array([[[False, False, True, False], [True, True, False, True]]])
    assert placement.nearest(np.array([[1, 1]]), allowed).tolist() == [[2, 3]]


# Designs over two links


def rule(operations, bits):
    """Allow the first link all cuts but the input, the second the even ones; 2 bits none inside."""
    cuts = np.arange(7)
    mask = np.stack([np.broadcast_to(cuts >= 1, (len(operations), 7))] * 2, axis=1).copy()
    mask[:, 1] &= cuts % 2 == 0
    return mask & ((bits[:, :, None] > 2) | (cuts == 6))


TWO_LINKS = DesignSpace(ToySpace(), (2, 8), rule, n_links=2)


def test_genes_are_operations_then_cuts_then_widths():
    assert TWO_LINKS.n_choices == (5,) * 6 + (7, 7) + (2, 2)
    genes = TWO_LINKS.encode([Genome((1, 2, 3, 4, 0, 1), (2, 4), (8, 2))])
    assert genes.tolist() == [[1, 2, 3, 4, 0, 1, 2, 4, 1, 0]]
    assert TWO_LINKS.split_points(genes).tolist() == [[2, 4]]
    assert TWO_LINKS.bits(genes).tolist() == [[8, 2]]
    assert placement_columns(TWO_LINKS) == (
        *("split_point_1", "split_point_2"),
        *("payload_bits_1", "payload_bits_2"),
    )


def test_a_falling_order_is_not_valid():
    genes = np.array([[0] * 6 + [2, 4, 1, 1], [0] * 6 + [4, 2, 1, 1], [0] * 6 + [3, 3, 1, 1]])
    assert TWO_LINKS.is_valid(genes).tolist() == [True, False, False]


def test_the_width_of_an_idle_link_is_the_first():
    genes = np.array([[0] * 6 + [2, 6, 1, 1]])
    assert TWO_LINKS.canonical(genes)[0, -2:].tolist() == [1, 0]


def test_a_command_that_knows_one_cut_says_so():
    with pytest.raises(Exception, match="needs designs over one link, got 2 links"):
        TWO_LINKS.split_point(np.zeros((1, 10), dtype=np.int64))


def test_all_designs_are_every_placement_of_every_network():
    listed = TWO_LINKS.all_designs()
    one_network = listed[(listed[:, :6] == 0).all(axis=1)]
    by_loops = [
        [0] * 6 + [first, second, *widths]
        for widths in itertools.product(range(2), repeat=2)
        for first in range(1, 7)
        for second in range(0, 7, 2)
        if first <= second
        and all(w == 1 or s == 6 for s, w in zip((first, second), widths, strict=True))
        and all(w == 0 or s != 6 for s, w in zip((first, second), widths, strict=True))
    ]
    assert sorted(one_network.tolist()) == sorted(by_loops)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000))
def test_operators_keep_split_points_valid_and_in_order(seed):
    rng = np.random.default_rng(seed)
    problem = type("Problem", (), {"designs": TWO_LINKS, "n_var": 10})
    genes = DesignSampling()._do(problem, 40, random_state=rng)
    mutated = DesignMutation(prob_cut=1.0)._do(problem, genes, random_state=rng)
    crossed = DesignCrossover(1.0)._do(problem, np.stack([genes, mutated]), random_state=rng)
    wild = rng.integers(TWO_LINKS.n_choices, size=(40, 10))
    repaired = CutRepair()._do(problem, wild, random_state=rng)
    for made in (genes, mutated, *crossed, repaired):
        assert TWO_LINKS.is_valid(made).all()
        assert (np.diff(TWO_LINKS.split_points(made), axis=1) >= 0).all()


def test_tables_look_up_the_same(rng):
    table = _tabulated_designs(TWO_LINKS)
    genes = rng.integers(TWO_LINKS.n_choices, size=(300, 10))
    np.testing.assert_array_equal(table.canonical(genes), TWO_LINKS.canonical(genes))
    np.testing.assert_array_equal(table.valid_cuts(genes), TWO_LINKS.valid_cuts(genes))
    np.testing.assert_array_equal(table.is_valid(genes), TWO_LINKS.is_valid(genes))
