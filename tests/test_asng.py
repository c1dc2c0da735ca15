"""ASNG against its formulas, worked out by hand, and against its published behaviour."""

import random

import numpy as np
import pytest

from evonasc.errors import ConfigError
from evonasc.search.asng import Asng, _utility
from evonasc.search.shared_samples import importances


def run(n_choices, loss, *, iterations, seed=0, n_samples=2):
    """Return the distribution after so many iterations."""
    rng, asng = np.random.default_rng(seed), Asng(n_choices)
    for _ in range(iterations):
        samples = asng.sample(n_samples, rng=rng)
        asng.update(samples, loss(samples))
    return asng


def total(samples):
    return samples.sum(axis=1).astype(float)


# Samples that count differently


@pytest.mark.parametrize("n_samples", [2, 4, 8])
def test_equal_weights_move_the_distribution_as_none_do(n_samples):
    rng = np.random.default_rng(0)
    samples, losses = Asng((4, 3, 5)).sample(n_samples, rng=rng), rng.random(n_samples)
    plain, weighted = Asng((4, 3, 5)), Asng((4, 3, 5))
    plain.update(samples, losses)
    weighted.update(samples, losses, weights=np.full(n_samples, 3.0))
    np.testing.assert_allclose(weighted.theta, plain.theta)


def test_samples_of_no_weight_say_nothing():
    samples, losses = np.array([[0, 0], [1, 1], [2, 2]]), np.array([0.2, 0.9, 0.0])
    weighted, plain = Asng((3, 3)), Asng((3, 3))
    weighted.update(samples, losses, weights=np.array([1.0, 1.0, 0.0]))
    plain.update(samples[:2], losses[:2])
    np.testing.assert_allclose(weighted.theta, plain.theta)


def test_samples_of_another_distribution_help_by_their_importance():
    """Half of them are drawn elsewhere; the best is found all the same."""
    rng, asng, uniform = np.random.default_rng(0), Asng((4,) * 5), Asng((4,) * 5)
    for _ in range(300):
        samples = np.concatenate([one.sample(4, rng=rng) for one in (asng, uniform)])
        both = np.stack([one.log_probability(samples) for one in (asng, uniform)])
        asng.update(samples, total(samples), weights=importances(both)[0])
    assert (asng.mode() == 0).all()


def test_the_probability_of_samples_is_the_product_over_variables():
    asng = run((3, 4), total, iterations=5)
    samples = np.array([[0, 3], [2, 1]])
    expected = [np.log(asng.theta[0, a] * asng.theta[1, b]) for a, b in samples.tolist()]
    np.testing.assert_allclose(asng.log_probability(samples), expected)


def test_the_first_step_may_be_shorter():
    samples, losses = np.array([[0, 1], [2, 1]]), np.array([0.2, 0.7])
    long, short = Asng((3, 3)), Asng((3, 3), first_step=0.1)
    for one in (long, short):
        one.update(samples, losses)
    assert 0 < np.abs(short.theta - 1 / 3).max() < np.abs(long.theta - 1 / 3).max()


# One update by hand


def test_the_first_update_is_what_the_formulas_give():
    """Two variables, three categories: theta = 1/3, N = 4, delta = 1, beta = 1 / sqrt(4) = 0.5."""
    asng = Asng((3, 3))
    asng.update(np.array([[0, 1], [2, 1]]), np.array([0.2, 0.7]))
    # Utilities +1 and -1, mean 0. Variable 0: G = ((1, 0, 0) - (0, 0, 1)) / 2; the second
    # variable's samples agree, so its G is ((-1/3, 2/3, -1/3) - (-1/3, 2/3, -1/3)) / 2 = 0.
    gradient = np.array([0.5, 0.0, -0.5])
    root = np.sqrt(1 / 3)
    # s_k = G_k / sqrt(theta_k) + sqrt(theta_k) (G_0 + G_1) / (theta_K + sqrt(theta_K))
    spill = 0.5 / (1 / 3 + root)
    s = np.array([0.5 / root + root * spill, root * spill])
    length = np.sqrt(s[0] ** 2 + s[1] ** 2)
    # The same length by the Fisher matrix: sum G_k^2 / theta_k + (sum G_k)^2 / theta_K = 1.5
    assert length == pytest.approx(np.sqrt(0.25 * 3 + 0.25 * 3))
    moved = 1 / 3 + gradient / length  # (0.742, 0.333, -0.075)
    # Floor 1 / (2 (3 - 1)) = 0.25: raise the last, and take it from what lies above the floor.
    raised = np.maximum(moved, 0.25)
    share = (raised - 0.25) / (raised - 0.25).sum()
    np.testing.assert_allclose(asng.theta[0], 0.25 + 0.25 * share)
    np.testing.assert_allclose(asng.theta[1], 1 / 3)
    # s_bar = sqrt(0.5 * 1.5) s / |s|, so |s_bar|^2 = 0.75; gamma = 0.5 * 1.5 = 0.75;
    # Delta = exp(0.5 (0.75 - 0.75 / 1.5)) = exp(0.125)
    assert asng.step == pytest.approx(np.exp(-0.125))


def test_the_second_update_moves_by_the_adapted_step():
    """Ten binary variables, two of them moved; nothing reaches the floor of 1 / 10."""
    asng = Asng((2,) * 10)
    best, worst = np.zeros((1, 10), dtype=int), np.zeros((1, 10), dtype=int)
    worst[0, 0] = 1
    samples = np.concatenate([best, worst])
    # N = 10, beta = 1 / sqrt(10). G = (1/2, -1/2); |s|^2 = (1/4) / (1/2) + (1/4) / (1/2) = 1, and
    # the step is 1: theta = (1, 0), which the floor makes (0.9, 0.1).
    asng.update(samples, np.array([0.0, 1.0]))
    np.testing.assert_allclose(asng.theta[0], [0.9, 0.1])
    beta = 1 / np.sqrt(10)
    gain = beta * (2 - beta)
    slowdown = np.exp(beta * (gain - gain / 1.5))
    assert asng.step == pytest.approx(1 / slowdown)
    # Now variable 1, the other way: |s| = 1 again, theta = 1/2 + 1/2 / slowdown for category 1.
    worst[0, 0], worst[0, 1] = 0, 1
    asng.update(np.concatenate([worst, best]), np.array([0.0, 1.0]))
    expected = min(0.5 + 0.5 / slowdown, 0.9)
    np.testing.assert_allclose(asng.theta[1], [1 - expected, expected])
    # The steps were orthogonal. beta' = beta / slowdown; s_bar = (1 - b) sqrt(gain) e1 + sqrt(g) e2
    b = beta / slowdown
    g = b * (2 - b)
    squared = (1 - b) ** 2 * gain + g
    gamma = (1 - b) ** 2 * gain + g
    assert asng.step == pytest.approx(1 / (slowdown * np.exp(b * (gamma - squared / 1.5))))


# Utility


@pytest.mark.parametrize(
    ("losses", "utility"),
    [
        ([0.1, 0.9], [1, -1]),
        ([-0.1, -0.9], [-1, 1]),  # a tie test relative to the loss itself fails for these
        ([3.0, 1.0, 2.0, 4.0], [0, 1, 0, -1]),  # ceil(4 / 4) = 1 rewarded
        # ceil(5 / 4) = 2: the best two +1/2, the worst two -1/2
        ([5.0, 4.0, 3.0, 2.0, 1.0], [-0.5, -0.5, 0, 0.5, 0.5]),
        # ties share: ranks 1 and 2 hold (1 + 0) / 2
        ([1.0, 1.0, 2.0, 3.0], [0.5, 0.5, 0, -1]),
        ([0.0, 0.0], [0, 0]),
        ([0.1 + 0.2, 0.3], [0, 0]),  # equal but for rounding
        ([7.0], [-1]),
    ],
)
def test_the_best_quarter_is_rewarded_and_the_worst_punished(losses, utility):
    np.testing.assert_allclose(_utility(np.array(losses)), utility)


def test_only_the_order_of_losses_counts():
    one = run((5, 3, 4), total, iterations=50)
    other = run((5, 3, 4), lambda samples: np.exp(total(samples)) - 100, iterations=50)
    np.testing.assert_array_equal(one.theta, other.theta)


@pytest.mark.parametrize("losses", [[0.0, np.nan], [0.0, np.inf]])
def test_losses_that_are_no_numbers_are_refused(losses):
    with pytest.raises(ValueError, match="losses must be finite"):
        Asng((2, 2, 2)).update(np.zeros((2, 3), dtype=int), np.array(losses))


@pytest.mark.parametrize(
    ("samples", "losses"), [([[0, 1], [2, 0]], [0.5, 0.5]), ([[1, 1], [1, 1]], [0.1, 0.9])]
)
def test_samples_that_say_nothing_move_nothing(samples, losses):
    asng = Asng((3, 3))
    asng.update(np.array(samples), np.array(losses))
    np.testing.assert_allclose(asng.theta, 1 / 3)
    assert asng.step == 1.0


# The distribution


def test_each_variable_starts_uniform_over_its_own_categories():
    theta = Asng((2, 4, 1, 3)).theta
    np.testing.assert_allclose(theta[0], [1 / 2, 1 / 2, 0, 0])
    np.testing.assert_allclose(theta[1], 1 / 4)
    np.testing.assert_allclose(theta[2], [1, 0, 0, 0])
    np.testing.assert_allclose(theta[3], [1 / 3, 1 / 3, 1 / 3, 0])


def test_ragged_variables_keep_their_rows_sums_and_floors(rng):
    n_choices = (2, 5, 1, 20, 3)
    asng = Asng(n_choices)
    for _ in range(500):
        samples = asng.sample(3, rng=rng)
        assert ((samples >= 0) & (samples < n_choices)).all()
        asng.update(samples, total(samples))
        theta = asng.theta
        np.testing.assert_allclose(theta.sum(axis=1), 1)
        for row, choices in zip(theta, n_choices, strict=True):
            assert (row[choices:] == 0).all()
            if choices > 1:  # four variables have a choice
                assert row[:choices].min() >= 1 / (4 * (choices - 1)) - 1e-12
    assert asng.mode().tolist() == [0, 0, 0, 0, 0]


def test_no_category_of_nasbench_gets_beyond_five_sixths():
    """1 - 4 floors of 1 / (6 * 4) = 0.833; nobody may wait for 1."""
    asng = run((5,) * 6, total, iterations=2000)
    assert asng.theta.max() <= 5 / 6 + 1e-12
    assert asng.theta.max() == pytest.approx(5 / 6, abs=0.02)


def test_samples_follow_the_probabilities(rng):
    asng = Asng((2, 4, 3))
    asng.update(np.array([[0, 3, 1], [1, 0, 1]]), np.array([0.0, 1.0]))
    samples = asng.sample(20_000, rng=rng)
    for column, row in zip(samples.T, asng.theta, strict=True):
        # standard deviation at most sqrt(0.25 / 20,000) = 0.0035
        np.testing.assert_allclose(np.bincount(column, minlength=4) / 20_000, row, atol=0.018)


def test_theta_is_a_copy():
    asng = Asng((2, 2))
    asng.theta[:] = 0
    np.testing.assert_allclose(asng.theta, 0.5)


@pytest.mark.parametrize("n_choices", [(5,), (1, 1, 4), (1,)])
def test_a_single_variable_is_refused(n_choices):
    """Its floor 1 / (C - 1) would exceed the uniform 1 / C."""
    with pytest.raises(ConfigError, match="at least 2 variables with a choice"):
        Asng(n_choices)


def test_two_binary_variables_cannot_leave_the_floor():
    """Floors of 1 / (2 * 1) fill the whole row."""
    np.testing.assert_allclose(run((2, 2), total, iterations=20).theta, 0.5)


def test_a_seed_gives_the_same_run_and_the_global_state_is_untouched():
    before = np.random.get_state()[1].copy(), random.getstate()  # noqa: NPY002
    one, same = (run((5,) * 6, total, iterations=100, seed=1).theta for _ in range(2))
    other = run((5,) * 6, total, iterations=100, seed=2).theta
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()
    np.testing.assert_array_equal(np.random.get_state()[1], before[0])  # noqa: NPY002
    assert random.getstate() == before[1]


@pytest.mark.slow
def test_the_published_toy_is_solved():
    """The deterministic part of the authors' toy: sum(k / K), 30 variables, 5 categories."""
    for seed in range(5):
        asng = run((5,) * 30, lambda samples: total(samples) / 5, iterations=2000, seed=seed)
        assert (asng.mode() == 0).all()
