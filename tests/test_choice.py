import numpy as np
import pytest

from evonasc.analysis.choice import (
    bindings,
    choose,
    knee_depths,
    neighbours,
    rounded_up,
    weighted_sums,
)
from evonasc.bounds import Bound, is_within
from evonasc.errors import ConfigError, UnknownNameError

# Five designs on a front, by rising error.
ERROR = np.array([0.10, 0.12, 0.20, 0.30, 0.50])
LATENCY = np.array([50.0, 20.0, 10.0, 9.0, 8.0])
COLUMNS = {"error": ERROR, "latency_ms": LATENCY, "memory": np.array([9.0, 5.0, 7.0, 1.0, 3.0])}
POINTS = np.stack([ERROR, LATENCY], axis=1)
NO_TIES = np.zeros(5)


def chosen(scores, *bounds):
    return choose(scores, COLUMNS, bounds=bounds, tie_breaker=NO_TIES)


# Knee


def test_the_knee_is_furthest_from_the_line_through_the_ends():
    # (0.2 - 0.1) / 0.4 and (10 - 8) / 42 leave 1 - 1/4 - 1/21; (0.12, 20) leaves 1 - 1/20 - 2/7
    depths = knee_depths(POINTS) * 2**0.5
    np.testing.assert_allclose(depths[[0, 1, 2, 4]], [0, 1 - 1 / 20 - 2 / 7, 1 - 1 / 4 - 1 / 21, 0])
    assert depths.argmax() == 2


def test_the_depth_is_the_distance_to_that_line(rng):
    """Against the cross product, in the unit square that the ends span."""
    first = np.sort(rng.random(30))
    points = np.stack([first, np.sort(rng.random(30))[::-1]], axis=1)
    scaled = (points - points.min(axis=0)) / np.ptp(points, axis=0)
    a, b = np.array([0.0, 1.0]), np.array([1.0, 0.0])
    across = (b - a)[0] * (scaled - a)[:, 1] - (b - a)[1] * (scaled - a)[:, 0]
    np.testing.assert_allclose(knee_depths(points), -across / np.linalg.norm(b - a), atol=1e-12)


def test_units_do_not_move_the_knee():
    np.testing.assert_allclose(knee_depths(POINTS * [1000.0, 0.001]), knee_depths(POINTS))


def test_a_front_of_one_point_or_one_value_has_depth_zero():
    assert knee_depths(np.array([[1.0, 2.0]])).tolist() == [0.0]
    assert knee_depths(np.array([[1.0, 2.0], [1.0, 2.0]])).tolist() == [0.0, 0.0]


def test_an_objective_without_range_counts_for_nothing():
    with_constant = np.column_stack([POINTS, np.full(5, 7.0)])
    np.testing.assert_allclose(knee_depths(with_constant), knee_depths(POINTS))


def test_a_front_that_bulges_outwards_has_no_knee():
    assert knee_depths(np.array([[0.0, 1.0], [0.8, 0.8], [1.0, 0.0]])).max() == 0.0


# Bounds and weights


def test_the_least_score_among_those_that_keep_to_all_bounds():
    assert chosen(ERROR) == 0
    assert chosen(ERROR, Bound("latency_ms", 20.0)) == 1  # the limit itself is allowed
    assert chosen(ERROR, Bound("latency_ms", 19.9)) == 2
    assert chosen(LATENCY, Bound("error", 0.3), Bound("memory", 7.0)) == 3


def test_equal_scores_are_told_apart_by_the_tie_breaker():
    scores, ties = np.array([1.0, 0.0, 0.0]), np.array([0.0, 2.0, 1.0])
    columns = {"x": scores}
    assert choose(scores, columns, bounds=(), tie_breaker=ties) == 2


def test_weighted_sums_by_hand():
    sums = weighted_sums(COLUMNS, {"error": 2.0, "latency_ms": 0.01})
    np.testing.assert_allclose(sums, [0.7, 0.44, 0.5, 0.69, 1.08])


@pytest.mark.parametrize("weight", [-1.0, float("nan"), float("inf")])
def test_weights_must_be_numbers_of_at_least_zero(weight):
    with pytest.raises(ConfigError, match="The weight of error must be a number of at least 0"):
        weighted_sums(COLUMNS, {"error": weight})


def test_no_weight_at_all_is_refused():
    for weights in ({}, {"error": 0.0}):
        with pytest.raises(ConfigError, match="weights must hold one above 0"):
            weighted_sums(COLUMNS, weights)


def test_unknown_columns_are_refused_with_the_close_match():
    with pytest.raises(UnknownNameError, match="column 'latency'. Did you mean 'latency_ms'"):
        is_within(COLUMNS, [Bound("latency", 1.0)])
    with pytest.raises(UnknownNameError, match="column 'eror'. Did you mean 'error'"):
        weighted_sums(COLUMNS, {"eror": 1.0})


def test_a_limit_that_is_no_number_is_refused():
    with pytest.raises(ConfigError, match="The limit of error must be a number, got nan"):
        Bound("error", float("nan"))


# Nothing feasible


def test_a_bound_that_nothing_keeps_to_says_by_how_much_to_relax_it():
    message = r"No design of the front has latency_ms <= 7.5: the least latency_ms is 8. Relax it "
    with pytest.raises(ConfigError, match=message + r"by at least 0.5\.$"):
        chosen(ERROR, Bound("latency_ms", 7.5))


def test_bounds_that_exclude_each_other_name_the_one_nearest_to_work():
    # error <= 0.15 needs 20 ms where 12 are allowed, 67 % more; 12 ms need error 0.2, 33 % more
    with pytest.raises(ConfigError, match=r"error binds: relax it to 0.2, by 0.05\.$"):
        chosen(ERROR, Bound("error", 0.15), Bound("latency_ms", 12.0))


def test_where_no_single_bound_helps_all_that_must_move_are_named():
    # Rows 1 (memory 5), 3 (1) and 4 (3): each keeps to one of the three bounds at most.
    bounds = [Bound("error", 0.11), Bound("latency_ms", 8.5), Bound("memory", 1.5)]
    with pytest.raises(ConfigError, match=r"Relax error to 0.3, latency_ms to 9\.$"):
        chosen(ERROR, *bounds)


def test_what_is_advised_works(rng):
    """Over random tables and bounds, following the advice makes a choice possible."""
    n_advised = 0
    for _ in range(300):
        columns = {name: rng.random(6) for name in "ab"}
        bounds = [Bound(name, float(rng.random() * 0.5)) for name in "ab"]
        try:
            choose(columns["a"], columns, bounds=bounds, tie_breaker=np.zeros(6))
        except ConfigError as error:
            words = str(error)
            if "binds" not in words:
                continue
            name = words.split(" binds")[0][-1]
            limit = float(words.split("relax it to ")[1].split(", by")[0])
            relaxed = [Bound(name, limit) if one.column == name else one for one in bounds]
            choose(columns["a"], columns, bounds=relaxed, tie_breaker=np.zeros(6))
            n_advised += 1
    assert n_advised > 20


@pytest.mark.parametrize("value", [1 / 3, 2.70714, 16.30986, 1e-9, 123456.7, 0.0])
def test_numbers_are_never_written_below_themselves(value):
    assert value <= float(rounded_up(value)) <= value * 1.001


# What binds, and who stands beside


def found(scores, *bounds):
    return bindings(scores, COLUMNS, bounds=bounds, tie_breaker=NO_TIES)


def test_a_bound_binds_where_more_room_would_change_the_choice():
    (binding,) = found(ERROR, Bound("latency_ms", 15.0), Bound("memory", 8.0))
    assert (binding.bound.column, binding.next_limit, binding.next_row) == ("latency_ms", 20.0, 1)


def test_the_next_choice_keeps_to_the_other_bounds():
    # memory <= 4 leaves rows 3 and 4; to better 3, either 7 (row 2) or 5 (row 1) of memory
    (binding,) = found(ERROR, Bound("latency_ms", 25.0), Bound("memory", 4.0))
    assert (binding.bound.column, binding.next_limit, binding.next_row) == ("memory", 5.0, 1)


def test_no_bound_binds_where_the_choice_is_the_free_one():
    assert found(LATENCY, Bound("error", 0.6)) == []
    assert found(ERROR) == []


def test_relaxing_a_binding_bound_to_its_next_limit_gives_the_next_choice():
    for limit in (8.0, 9.5, 12.0, 49.0):
        (binding,) = found(ERROR, Bound("latency_ms", limit))
        assert chosen(ERROR, Bound("latency_ms", binding.next_limit)) == binding.next_row


def test_of_two_objectives_the_neighbours_are_the_points_beside():
    beside = neighbours(POINTS, 2, objectives=("error", "latency_ms"))
    assert [(one.row, one.better_in) for one in beside] == [(1, "error"), (3, "latency_ms")]


def test_an_end_of_the_front_has_one_neighbour():
    (one,) = neighbours(POINTS, 0, objectives=("error", "latency_ms"))
    assert (one.row, one.better_in) == (1, "latency_ms")


def test_of_three_objectives_each_has_its_nearest_better_point():
    points = np.array([[1.0, 1.0, 1.0], [0.9, 1.3, 1.0], [0.0, 0.9, 3.0], [2.0, 2.0, 0.0]])
    beside = neighbours(points, 0, objectives=("a", "b", "c"))
    assert [(one.row, one.better_in) for one in beside] == [(1, "a"), (2, "b"), (3, "c")]
