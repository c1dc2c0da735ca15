"""How searches came to their fronts, by arithmetic."""

import numpy as np
import pytest

from evonasc.analysis.convergence import convergence


def test_the_share_is_that_of_what_was_found_in_the_end():
    """Front (0, 1), (1, 0); reference (1.1, 1.1): the first point alone has 0.11 of 0.21."""
    points = np.array([[0.0, 1.0], [1.0, 1.0], *[[2.0, 2.0]] * 9, [1.0, 0.0]])
    (curve,) = convergence([points], is_within=[np.ones(12, bool)], objectives=("a", "b"))
    assert curve.counts.tolist() == [10, 11, 12]
    np.testing.assert_allclose(curve.values, [0.11 / 0.21, 0.11 / 0.21, 1.0])
    assert curve.words == "share of the final hypervolume"


def test_what_is_beyond_bounds_counts_for_nothing():
    points = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    within = np.array([False, True, True])
    (curve,) = convergence([points], is_within=[within], objectives=("a", "b"))
    assert curve.values[-1] == pytest.approx(1.0)
    assert convergence([points], is_within=[~within[[1, 1, 1]]], objectives=("a", "b")) == []


def test_several_searches_are_measured_by_what_all_found():
    one, other = np.array([[0.0, 1.0]]), np.array([[1.0, 0.0]])
    curves = convergence([one, other], is_within=[np.ones(1, bool)] * 2, objectives=("a", "b"))
    for curve in curves:
        np.testing.assert_allclose(curve.values, [0.11 / 0.21])
        assert curve.words == "share of all hypervolume"


def test_one_objective_has_its_least_value_so_far():
    points = np.array([[1.0], [5.0], [7.0], [2.0], [3.0]])
    within = np.array([False, True, True, True, True])
    (curve,) = convergence([points], is_within=[within], objectives=("weight",))
    assert curve.counts.tolist() == [2, 3, 4, 5]
    assert curve.values.tolist() == [5.0, 5.0, 2.0, 2.0]
    assert curve.words == "least weight so far"


def test_an_approximated_hypervolume_is_called_so():
    points = np.random.default_rng(0).random((12, 6))
    (curve,) = convergence([points], is_within=[np.ones(12, bool)], objectives=tuple("abcdef"))
    assert curve.words == "hypervolume, approximated share"
    assert curve.values[-1] == pytest.approx(1.0, abs=0.01)
