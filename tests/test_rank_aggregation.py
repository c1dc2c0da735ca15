import numpy as np
import pytest

from evonasc.supernet.rank_aggregation import join_orders, rank_shares


def test_ties_share_their_mean_rank():
    """Ranks of 5, 1, 5, 9: the fives share (2 + 3) / 2."""
    assert rank_shares(np.array([5.0, 1.0, 5.0, 9.0])).tolist() == [0.625, 0.25, 0.625, 1.0]


def test_minus_infinity_is_last():
    assert rank_shares(np.array([0.0, -np.inf, 1.0])).tolist() == pytest.approx([2 / 3, 1 / 3, 1])


def test_joined_by_hand():
    """Shares 1/2, 1 and 1, 1/2 join to equal scores; 1, 1 and 1/2, 1/2 do not."""
    tied = join_orders([np.array([0.0, 1.0]), np.array([1.0, 0.0])])
    assert tied[0] == tied[1] == pytest.approx(-np.log(2) / 2)
    agreed = join_orders([np.array([0.0, 1.0]), np.array([0.0, 9.0])])
    assert agreed.tolist() == pytest.approx([-np.log(2), 0.0])


def test_a_last_place_costs_more_than_a_first_one_gives():
    """Shares 0.5, 0.5 against 0.1, 1.0: mean logs -0.69 > -1.15, though means are 0.5 < 0.55."""
    first = np.array([0, 1, 2, 3, 4, 5, 6, 7, 8, 9.0])
    second = first[::-1].copy()
    second[4], second[5] = second[5], second[4]
    steady, torn = 4, 0  # shares (0.5, 0.5) and (0.1, 1.0)
    joined = join_orders([first, second])
    assert joined[steady] > joined[torn]


def test_only_the_order_of_a_signal_counts(rng):
    one, other = rng.normal(size=50), rng.normal(size=50)
    joined = join_orders([one, other])
    np.testing.assert_array_equal(join_orders([np.exp(5 * one), other - 7]), joined)
    assert not np.array_equal(join_orders([one, -other]), joined)


def test_what_cannot_be_joined_is_refused():
    with pytest.raises(ValueError, match=r"of one length, got \[2, 3\]"):
        join_orders([np.zeros(2), np.zeros(3)])
    with pytest.raises(ValueError, match=r"at least one and of one length, got \[\]"):
        join_orders([])
    with pytest.raises(ValueError, match="must have no NaN, got 1"):
        join_orders([np.array([1.0, np.nan])])
