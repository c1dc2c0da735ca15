import numpy as np
import pytest

from evonasc.cost.prior_fit import corrected_ms, fit_on_prior


@pytest.fixture
def machine(rng):
    """Base, features and times of 40 networks: 1.7 times the base, plus a feature, plus noise."""
    base_ms = rng.uniform(2, 12, 40)
    features = rng.normal(size=(40, 6))
    times_ms = (1.7 * base_ms + 0.4 * features[:, 2] + 0.5) * rng.normal(1, 0.02, 40)
    return base_ms, features, times_ms


def test_three_measurements_of_a_scaled_machine_give_the_factor(rng):
    base_ms, features = rng.uniform(2, 12, 3), rng.normal(size=(3, 50))
    fit = fit_on_prior(base_ms, features, 1.7 * base_ms)
    assert fit.weights[0] == pytest.approx(1.7, rel=1e-6)
    np.testing.assert_allclose(fit.weights[1:], 0, atol=1e-9)
    assert fit.left_out_error < 1e-6


def test_many_measurements_give_factor_constant_and_feature(machine):
    base_ms, features, times_ms = machine
    fit = fit_on_prior(base_ms, features, times_ms)
    assert fit.weights[0] == pytest.approx(1.7, rel=0.02)
    assert fit.weights[1] == pytest.approx(0.5, abs=0.2)
    assert fit.weights[2 + 2] == pytest.approx(0.4, abs=0.1)
    errors = fit.predict_ms(base_ms, features) / times_ms - 1
    assert np.abs(errors).mean() < 0.025


def test_left_out_errors_are_those_of_fits_that_did_not_see_the_network(machine):
    """Oracle: the ridge as more rows of a least-squares problem, solved anew without each row."""
    base_ms, features, times_ms = machine
    fit = fit_on_prior(base_ms, features, times_ms)
    # The pull is to the mean ratio over all rows, in units of the median time; both stay fixed.
    factor = np.exp(np.log(times_ms / base_ms).mean())
    usual = np.median(times_ms)
    scales = np.array([factor, usual, *[usual] * 6])
    pulls = np.sqrt([1e-6, fit.ridges[0], *[fit.ridges[1]] * 6])
    columns = np.column_stack([base_ms, np.ones(40), features]) * scales
    start = np.array([1.0, *[0.0] * 7])
    for left_out in (0, 7, 39):
        rest = np.arange(40) != left_out
        rows = np.vstack([columns[rest] / times_ms[rest][:, None], np.diag(pulls)])
        wanted = np.concatenate([np.ones(39), pulls * start])
        solution = np.linalg.lstsq(rows, wanted, rcond=None)[0]
        error = columns[left_out] @ solution / times_ms[left_out] - 1
        assert fit.left_out[left_out] == pytest.approx(error, rel=1e-4)


def test_noise_is_not_taken_for_features(rng):
    """With few noisy times of a scaled machine, the fit must stay near the scaled machine."""
    base_ms, features = rng.uniform(2, 12, 8), rng.normal(size=(8, 60))
    fit = fit_on_prior(base_ms, features, 3 * base_ms * rng.normal(1, 0.05, 8))
    new_base, new_features = rng.uniform(2, 12, 200), rng.normal(size=(200, 60))
    errors = fit.predict_ms(new_base, new_features) / (3 * new_base) - 1
    assert np.abs(errors).mean() < 0.15


def test_few_and_many_measurements_are_solved_alike(rng):
    """The smaller of two matrices is inverted: 8 rows by 8 weights on one side, 9 on the other."""
    base_ms, features = rng.uniform(2, 12, 9), rng.normal(size=(9, 6))
    times_ms = base_ms * rng.normal(1, 0.1, 9)
    wide = np.concatenate([features, np.zeros((9, 4))], axis=1)  # features that tell nothing
    few, many = (fit_on_prior(base_ms, columns, times_ms) for columns in (wide, features))
    np.testing.assert_allclose(few.weights[:8], many.weights, rtol=1e-5, atol=1e-8)
    np.testing.assert_allclose(few.left_out, many.left_out, rtol=1e-5)


def test_no_time_is_less_than_a_tenth_of_what_the_base_says(machine):
    fit = fit_on_prior(*machine)
    assert fit.predict_ms(np.array([5.0]), np.full((1, 6), -1e3))[0] == pytest.approx(
        0.1 * 5.0 * np.exp(np.log(machine[2] / machine[0]).mean())
    )


def test_times_are_factor_constant_and_features_but_no_less_than_the_least(rng):
    weights = np.array([2.0, -3.0, 0.0, 0.0])
    features = rng.normal(size=(2, 2))
    # 2 * 4 - 3, and 2 * 1 - 3 is less than 0.5 * 1
    found = corrected_ms(np.array([4.0, 1.0]), features, weights=weights, least_factor=0.5)
    assert found.tolist() == [5.0, 0.5]
    features[:, 0] = 1.0, 0.0
    weights[2] = 0.25
    found = corrected_ms(np.array([4.0, 1.0]), features, weights=weights, least_factor=0.5)
    assert found.tolist() == [5.25, 0.5]
