"""The rule of a threshold: by hand, for errors and for losses in nats."""

import numpy as np
import pytest

from evonasc.search.threshold_rule import SLACK, is_within, ranked_losses


def ranked(loss, excess, is_design=None, *, rule="feasible-first", penalty_weight=1.0):
    is_design = [True] * len(loss) if is_design is None else is_design
    return ranked_losses(
        np.array(loss),
        np.array(excess),
        np.array(is_design),
        rule=rule,
        penalty_weight=penalty_weight,
    )


def test_feasible_samples_come_first_then_the_least_excess():
    losses = ranked([0.5, 9.0, 0.1], [0.3, -0.1, 0.2], [True, False, True, True])
    assert np.argsort(losses).tolist() == [2, 3, 0, 1]


def test_a_penalty_adds_what_the_excess_is_worth():
    losses = ranked([0.5, 2.0], [0.5, -0.5], rule="penalty", penalty_weight=4.0)
    assert losses.tolist() == [2.5, 2.0]


@pytest.mark.parametrize("rule", ["feasible-first", "penalty"])
def test_rounding_is_no_excess_under_either_rule(rule):
    """It once was one under the penalty, in the search on stored errors."""
    losses = ranked([0.5, 0.5, 0.5], [SLACK / 2, -0.5, 2 * SLACK], rule=rule)
    assert losses[0] == losses[1] == 0.5
    assert losses[2] > 0.5
    assert is_within(1 + SLACK / 2, 1.0)
    assert not is_within(1 + 2 * SLACK, 1.0)


@pytest.mark.parametrize("rule", ["feasible-first", "penalty"])
def test_samples_that_are_no_designs_share_the_worst(rule):
    losses = ranked([7.0], [3.0], [False, True, False], rule=rule)
    assert losses[0] == losses[2] > losses[1]
    nothing = ranked([], [], [False, False], rule=rule)
    assert nothing[0] == nothing[1]
    assert np.isfinite(nothing).all()
