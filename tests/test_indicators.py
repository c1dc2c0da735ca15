"""Indicators on fronts small enough to measure by hand."""

import dataclasses

import numpy as np
import pytest

from evonasc.analysis.indicators import (
    Reference,
    by_seed,
    evaluation_counts,
    fronts_of,
    hypervolume_curve,
    indicators,
    references,
    summary_rows,
)
from evonasc.errors import ConfigError
from evonasc.runs.comparison import TrialKey
from evonasc.runs.trials import Trial

#: With the corner (11, 11), a tenth of the range beyond (10, 10): 11 x 1 + 1 x 10 = 21.
FRONT = Reference(np.array([[0.0, 10.0], [10.0, 0.0]]), is_exact=True)


def trial(points, answers=(), is_within=None):
    points = np.array(points, dtype=float)
    return Trial(
        genes=np.zeros((len(points), 3), dtype=np.int64),
        points=points,
        is_within=np.full(len(points), True) if is_within is None else np.array(is_within),
        answers=np.array(answers, dtype=float).reshape(-1, 2),
        n_requested=9,
        seconds=0.5,
    )


def test_a_trial_is_measured_by_all_it_evaluated():
    found = indicators(trial([[10, 10], [0, 10]], answers=[[10, 10]]), FRONT)
    assert found.hypervolume_share == pytest.approx(11 / 21)
    assert found.answers_share == pytest.approx(1 / 21)
    assert found.recall == 0.5
    # (10, 0) is missed by a whole range: (0, 10) is worse by 10 in y
    assert found.igd_plus == pytest.approx(0.5)
    assert (found.n_evaluated, found.n_requested, found.seconds) == (2, 9, 0.5)


def test_the_whole_front_is_one_and_no_answers_are_nan():
    found = indicators(trial(FRONT.points), FRONT)
    assert (found.hypervolume_share, found.recall, found.igd_plus) == (1, 1, 0)
    assert np.isnan(found.answers_share)


def test_the_curve_rises_with_the_evaluations_and_stays():
    points, counts = np.array([[10.0, 10], [0, 10], [10, 0]]), np.array([1, 2, 3, 50])
    every = np.full(3, True)
    shares = hypervolume_curve(points, FRONT.points, is_within=every, counts=counts)
    np.testing.assert_allclose(shares, [1 / 21, 11 / 21, 1, 1])
    within = np.array([True, False, True])  # the second counts for nothing
    shares = hypervolume_curve(points, FRONT.points, is_within=within, counts=counts)
    np.testing.assert_allclose(shares, [1 / 21, 1 / 21, 11 / 21, 11 / 21])


def test_what_misses_a_bound_counts_for_nothing():
    beyond = trial([[0, 10], [10, 0]], is_within=[True, False])
    assert indicators(beyond, FRONT) == indicators(
        dataclasses.replace(trial([[0, 10]]), genes=beyond.genes), FRONT
    )
    nothing = indicators(trial([[0, 10]], is_within=[False]), FRONT)
    assert (nothing.hypervolume_share, nothing.recall) == (0.0, 0.0)
    assert np.isnan(nothing.igd_plus)
    key = TrialKey("here", "random", 1, 0)
    with pytest.raises(ConfigError, match="design within its bounds, got none on here"):
        references({"here": None}, {key: trial([[0, 10]], is_within=[False])})
    (known,) = references({"here": None}, {key: beyond}).values()
    assert known.points.tolist() == [[0.0, 10.0]]


def test_counts_end_with_the_budget():
    assert evaluation_counts(500)[-1] == 500
    assert (np.diff(evaluation_counts(500)) > 0).all()
    assert evaluation_counts(3).tolist() == [3]


def test_without_a_true_front_the_best_known_one_is_that_of_all_trials():
    trials = {
        TrialKey("a", "x", 5, 0): trial([[1, 5], [9, 9]]),
        TrialKey("a", "y", 5, 0): trial([[5, 1]]),
        TrialKey("b", "x", 5, 0): trial([[0, 0]]),
    }
    found = references({"a": None, "b": FRONT.points}, trials)
    assert found["a"].points.tolist() == [[1, 5], [5, 1]]
    assert not found["a"].is_exact
    assert found["b"].is_exact


def test_the_summary_has_medians_and_quartiles_and_keeps_seeds_in_order():
    values = {
        TrialKey("a", "x", 5, seed): indicators(trial([[10 - 3 * seed, 10]]), FRONT)
        for seed in (2, 0, 1)
    }
    (row,) = summary_rows(values)
    assert (row["scenario"], row["contender"], row["budget"], row["n_seeds"]) == ("a", "x", 5, 3)
    shares = [1 / 21, 4 / 21, 7 / 21]
    assert row["hypervolume_share_median"] == pytest.approx(shares[1])
    assert row["hypervolume_share_q1"] == pytest.approx(2.5 / 21)
    assert row["hypervolume_share_q3"] == pytest.approx(5.5 / 21)
    ordered = by_seed(values, scenario="a", budget=5, name="hypervolume_share")
    np.testing.assert_allclose(ordered["x"], shares)
    assert by_seed(values, scenario="a", budget=6, name="recall") == {}


def test_fronts_leave_dominated_points_out():
    trials = {TrialKey("a", "x", 5, 0): trial([[1, 1], [2, 2]])}
    assert fronts_of(trials, scenario="a", budget=5)["x"][0].tolist() == [[1, 1]]
