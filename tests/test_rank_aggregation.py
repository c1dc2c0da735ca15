import numpy as np
import pytest

from evonasc.errors import UnknownNameError
from evonasc.supernet.rank_aggregation import RULES, join_orders, rank_shares


def test_ties_share_their_mean_rank():
    """Ranks of 5, 1, 5, 9: the fives share (2 + 3) / 2."""
    assert rank_shares(np.array([5.0, 1.0, 5.0, 9.0])).tolist() == [0.625, 0.25, 0.625, 1.0]


def test_minus_infinity_is_last():
    assert rank_shares(np.array([0.0, -np.inf, 1.0])).tolist() == pytest.approx([2 / 3, 1 / 3, 1])


def test_rules_by_hand():
    """Shares 1/2, 1 and 1, 1/2 join to equal scores; 1, 1 and 1/2, 1/2 do not."""
    for rule, one, half in (("mean-rank", 1.0, 0.5), ("log-rank", 0.0, -np.log(2))):
        tied = join_orders([np.array([0.0, 1.0]), np.array([1.0, 0.0])], rule=rule)
        assert tied[0] == tied[1] == pytest.approx((one + half) / 2)
        agreed = join_orders([np.array([0.0, 1.0]), np.array([0.0, 9.0])], rule=rule)
        assert agreed.tolist() == pytest.approx([half, one])


def test_a_last_place_costs_more_under_log_ranks():
    """Shares 0.5, 0.5 against 0.1, 1.0: means 0.5 < 0.55, mean logs -0.69 > -1.15."""
    first = np.array([0, 1, 2, 3, 4, 5, 6, 7, 8, 9.0])
    second = first[::-1].copy()
    second[4], second[5] = second[5], second[4]
    steady, torn = 4, 0  # shares (0.5, 0.5) and (0.1, 1.0)
    for rule, best in (("mean-rank", torn), ("log-rank", steady)):
        joined = join_orders([first, second], rule=rule)
        assert max((steady, torn), key=lambda row: joined[row]) == best


@pytest.mark.parametrize("rule", RULES)
def test_only_the_order_of_a_signal_counts(rule, rng):
    one, other = rng.normal(size=50), rng.normal(size=50)
    joined = join_orders([one, other], rule=rule)
    np.testing.assert_array_equal(join_orders([np.exp(5 * one), other - 7], rule=rule), joined)
    assert not np.array_equal(join_orders([one, -other], rule=rule), joined)


def test_what_cannot_be_joined_is_refused():
    with pytest.raises(UnknownNameError, match="Unknown rule 'log-ranks'. Did you mean"):
        join_orders([np.zeros(2)], rule="log-ranks")
    with pytest.raises(ValueError, match=r"of one length, got \[2, 3\]"):
        join_orders([np.zeros(2), np.zeros(3)])
    with pytest.raises(ValueError, match=r"at least one and of one length, got \[\]"):
        join_orders([])
    with pytest.raises(ValueError, match="must have no NaN, got 1"):
        join_orders([np.array([1.0, np.nan])])
