import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import points

from evonasc.front import front_recall, hypervolume, hypervolume_share, igd_plus, non_dominated


def staircase(n):
    """Return the ``n`` points (0, n - 1), (1, n - 2), ..., (n - 1, 0)."""
    return np.stack([np.arange(n), np.arange(n)[::-1]], axis=1).astype(float)


# Dominance


def test_a_staircase_is_its_own_front():
    steps = staircase(20)
    assert non_dominated(steps).all()
    assert not non_dominated(np.concatenate([steps, steps + np.array([0.0, 0.5])]))[20:].any()


@pytest.mark.parametrize("n_obj", [1, 2, 3, 4])
def test_non_dominated_is_what_comparing_every_pair_gives(n_obj, rng):
    cloud = rng.integers(0, 8, size=(200, n_obj)).astype(float)
    expected = [
        not any(
            all(a <= b for a, b in zip(other, point, strict=True)) and other != point
            for other in cloud.tolist()
        )
        for point in cloud.tolist()
    ]
    assert non_dominated(cloud).tolist() == expected


@given(points(), st.randoms(use_true_random=False))
def test_order_of_points_does_not_matter(cloud, random):
    order = list(range(len(cloud)))
    random.shuffle(order)
    np.testing.assert_array_equal(non_dominated(cloud[order]), non_dominated(cloud)[order])


@given(points())
def test_duplicates_are_all_kept_or_all_dropped(cloud):
    twice = non_dominated(np.concatenate([cloud, cloud]))
    np.testing.assert_array_equal(twice, np.tile(non_dominated(cloud), 2))


@given(points(), st.data())
def test_adding_a_dominated_point_changes_nothing(cloud, data):
    row = data.draw(st.integers(0, len(cloud) - 1))
    worse = cloud[row] + data.draw(points(min_size=1, max_size=1, n_obj=cloud.shape[1]))[0]
    worse[0] += 0.5
    marks = non_dominated(np.concatenate([cloud, worse[None]]))
    assert marks.tolist() == [*non_dominated(cloud).tolist(), False]


@given(points())
def test_a_front_is_its_own_front_and_never_empty(cloud):
    front = cloud[non_dominated(cloud)]
    assert len(front) >= 1
    assert non_dominated(front).all()


def test_no_points_have_an_empty_front():
    assert non_dominated(np.zeros((0, 2))).tolist() == []


# Hypervolume


@pytest.mark.parametrize("n", [1, 2, 5, 30])
def test_hypervolume_of_a_staircase_in_closed_form(n):
    # Up to (n, n) the step at x covers 1 * (n - (n - 1 - x)) = x + 1: n (n + 1) / 2 in all.
    assert hypervolume(staircase(n), reference_point=np.array([n, n])) == n * (n + 1) / 2


@given(points(n_obj=3, max_size=6))
def test_hypervolume_is_that_of_inclusion_and_exclusion(cloud):
    """Volume of a union of boxes: sum over all subsets of the signed common volume."""
    reference = np.array([1.0, 1.1, 0.9])
    expected = 0.0
    for size in range(1, len(cloud) + 1):
        for subset in itertools.combinations(cloud, size):
            sides = np.clip(reference - np.max(subset, axis=0), 0, None)
            expected -= (-1) ** size * sides.prod()
    assert hypervolume(cloud, reference_point=reference) == pytest.approx(expected, abs=1e-12)


@given(points(n_obj=2), st.data())
def test_more_points_never_lower_the_hypervolume(cloud, data):
    reference = np.array([1.5, 1.5])
    all_points = np.concatenate([cloud, data.draw(points(n_obj=2))])
    first = hypervolume(cloud, reference_point=reference)
    assert hypervolume(all_points, reference_point=reference) >= first - 1e-12


@given(points())
def test_dominated_points_and_duplicates_add_no_hypervolume(cloud):
    reference = np.full(cloud.shape[1], 1.3)
    whole = hypervolume(cloud, reference_point=reference)
    twice = np.concatenate([cloud, cloud[::-1]])
    front = cloud[non_dominated(cloud)]
    assert hypervolume(twice, reference_point=reference) == pytest.approx(whole)
    assert hypervolume(front, reference_point=reference) == pytest.approx(whole)


def test_points_beyond_the_reference_add_nothing():
    reference = np.array([1.0, 1.0])
    assert hypervolume(np.array([[0.5, 2.0], [3.0, 0.0]]), reference_point=reference) == 0.0
    inside = np.array([[0.5, 0.5], [0.0, 5.0]])
    assert hypervolume(inside, reference_point=reference) == 0.25


def test_hypervolume_of_nothing_is_zero():
    assert hypervolume(np.zeros((0, 2)), reference_point=np.ones(2)) == 0.0


def test_hypervolume_of_one_objective_is_a_length():
    heights = np.array([[0.75], [0.25], [2.0]])
    assert hypervolume(heights, reference_point=np.array([1.0])) == 0.75
    assert hypervolume(heights[2:], reference_point=np.array([1.0])) == 0.0


# Share of a front's hypervolume


def test_share_by_hand():
    """Range 2 and 100, so the reference is (2.2, 110): 0.1 x 1.1 and 1.1 x 0.1 less 0.1 x 0.1."""
    front = np.array([[0.0, 100.0], [2.0, 0.0]])
    assert hypervolume_share(front, front=front) == 1.0
    assert hypervolume_share(front[:1], front=front) == pytest.approx(0.11 / 0.21)
    # (1, 50) in units of the range (0.5, 0.5): 0.6 x 0.6
    assert hypervolume_share(np.array([[1.0, 50.0]]), front=front) == pytest.approx(0.36 / 0.21)
    assert hypervolume_share(np.array([[2.2, 0.0], [3.0, -9.0]]), front=front) == 0.0
    assert hypervolume_share(np.zeros((0, 2)), front=front) == 0.0


@pytest.mark.parametrize(
    ("factor", "shift"),
    [(1.0, -1.0), (1.0, 1e3), (1e-3, 0.0), (1e-300, 0.0), (1e300, 0.0), (1e307, 1e308)],
)
def test_a_shifted_or_scaled_objective_changes_no_share(factor, shift):
    generator = np.random.default_rng(0)
    front = staircase(9) / 9
    found = front + 0.2 * generator.random(front.shape)
    before = hypervolume_share(found, front=front)
    moved = [np.column_stack((some[:, 0] * factor + shift, some[:, 1])) for some in (found, front)]
    assert 0 < before < 1
    assert hypervolume_share(moved[0], front=moved[1]) == pytest.approx(before, rel=1e-6)


def test_an_objective_without_range_counts_only_what_is_no_worse():
    front = np.array([[0.0, 1.0, 7.0], [1.0, 0.0, 7.0]])
    assert hypervolume_share(front, front=front) == 1.0
    worse = front + np.array([[0, 0, 0], [0, 0, 1e-9]])
    assert hypervolume_share(worse, front=front) == pytest.approx(0.11 / 0.21)
    point = np.array([[3.0, 4.0]])
    assert hypervolume_share(point + np.zeros(2), front=point) == 1.0
    assert hypervolume_share(point + np.array([0, 1e-9]), front=point) == 0.0


@pytest.mark.parametrize("n_obj", [6, 10])
def test_hypervolume_of_many_objectives_is_bounded_in_time_and_nearly_right(n_obj):
    """Point i is 0.5 in objective i, else 0: together all but the box of all below 0.5."""
    points = 0.5 * np.eye(n_obj)
    volume = hypervolume(np.tile(points, (40, 1)), reference_point=np.ones(n_obj))
    assert volume == pytest.approx(1 - 0.5**n_obj, rel=5e-3)
    assert volume == hypervolume(np.tile(points, (40, 1)), reference_point=np.ones(n_obj))


# IGD+


def test_igd_plus_by_hand():
    """Objectives are divided by the front's range, 2 and 100; only what is worse counts."""
    front = np.array([[0.0, 100.0], [2.0, 0.0]])
    # to (0, 100): half a range worse in the first, better in the second: 0.5
    # to (2, 0): 0.3 ranges worse in the second: 0.3
    found = np.array([[1.0, 30.0]])
    assert igd_plus(found, true_front=front) == pytest.approx((0.5 + 0.3) / 2)
    assert igd_plus(front, true_front=front) == 0.0


def test_igd_plus_of_one_objective():
    assert igd_plus(np.array([[3.0], [5.0]]), true_front=np.array([[2.5]])) == 0.5
    assert igd_plus(np.array([[2.5]]), true_front=np.array([[2.5]])) == 0.0


def test_igd_plus_where_the_front_has_no_range_counts_plain_units():
    assert igd_plus(np.array([[3.0, 4.0]]), true_front=np.array([[0.0, 0.0]])) == 5.0


@given(points(n_obj=3))
def test_igd_plus_is_zero_exactly_where_the_front_is_found(cloud):
    front = cloud[non_dominated(cloud)]
    assert igd_plus(cloud, true_front=front) == 0.0
    if len(np.unique(front, axis=0)) > 1:
        assert igd_plus(front[:1], true_front=front) > 0


# Recall


def test_recall_counts_the_distinct_points_of_the_front():
    front = np.array([[0.0, 1.0], [0.0, 1.0], [0.5, 0.5], [1.0, 0.0], [0.25, 0.75]])
    found = np.array([[1.0, 0.0], [0.0, 1.0], [0.6, 0.6]])
    assert front_recall(found, true_front=front) == 2 / 4
    assert front_recall(front, true_front=front) == 1.0
    assert front_recall(np.zeros((0, 2)), true_front=front) == 0.0


def test_recall_allows_for_rounding_wherever_the_digits_fall(rng):
    """Regression: points were compared by their ten digits, which differ across a rounding edge."""
    front = rng.random((1000, 2)) * [1.0, 90.0]
    assert front_recall(front * (1 + 1e-12), true_front=front) == 1.0
    assert front_recall(front * (1 + 1e-7), true_front=front) == 0.0
    assert front_recall(np.array([[-0.0, 1.0]]), true_front=np.array([[0.0, 1.0]])) == 1.0


# Refusals

CALLS = {
    "non_dominated": non_dominated,
    "hypervolume_share": lambda cloud: hypervolume_share(cloud, front=staircase(3)),
    "share of a front": lambda cloud: hypervolume_share(staircase(3), front=cloud),
    "hypervolume": lambda cloud: hypervolume(cloud, reference_point=np.ones(2)),
    "igd_plus": lambda cloud: igd_plus(cloud, true_front=staircase(3)),
    "exact front": lambda cloud: igd_plus(staircase(3), true_front=cloud),
    "front_recall": lambda cloud: front_recall(cloud, true_front=staircase(3)),
    "wanted front": lambda cloud: front_recall(staircase(3), true_front=cloud),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_refused(call, value):
    with pytest.raises(ValueError, match=r"points must be finite, got \[1.0, .*\] in row 1"):
        call(np.array([[0.0, 1.0], [1.0, value]]))


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("shape", [(3,), (2, 0), (2, 2, 2)])
def test_what_is_no_list_of_points_is_refused(call, shape):
    with pytest.raises(ValueError, match=r"points must have shape \(n, n_obj\)"):
        call(np.zeros(shape))


@pytest.mark.parametrize("name", ["share of a front", "igd_plus", "exact front", "wanted front"])
def test_no_points_are_refused_where_there_is_no_answer(name):
    with pytest.raises(ValueError, match="points must hold at least one objective vector"):
        CALLS[name](np.zeros((0, 2)))
