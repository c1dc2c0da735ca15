import numpy as np
import pytest
from own_machines import KNOWN, SPACE, made_up_profile, networks, of_record

from evonasc.cost.profile_fit import fit_layers, fit_profile
from evonasc.errors import ConfigError


def test_layers_inside_networks_are_found_though_they_are_slower_than_alone():
    profile, true_ms = made_up_profile(20)
    np.testing.assert_allclose(fit_layers(profile, SPACE), true_ms, rtol=1e-6)


def test_unseen_networks_are_predicted():
    profile, true_ms = made_up_profile(30, noise=0.02)
    machine = fit_profile(profile, SPACE, name="mybox")
    unseen = networks(200, seed=9)
    truth = SPACE.block_sums(unseen, true_ms).sum(axis=1)
    errors = np.abs(of_record(machine).total_ms(unseen) / truth - 1)
    assert errors.mean() < 0.02
    assert machine.left_out_error < 0.03
    assert machine.left_out_spearman > 0.97
    assert machine.block_error < 0.05
    assert machine.n_networks == 30


def test_the_reported_error_is_that_of_networks_left_out():
    """Oracle: a machine fitted without the network, for each network."""
    profile, _ = made_up_profile(12, noise=0.2)
    errors = []
    for left_out in range(12):
        rest = profile.take(np.flatnonzero(np.arange(12) != left_out))
        predictor = of_record(fit_profile(rest, SPACE, name="mybox"))
        predicted = predictor.total_ms(profile.networks[left_out : left_out + 1])[0]
        errors.append(abs(predicted / profile.total_ms[left_out] - 1))
    machine = fit_profile(profile, SPACE, name="mybox")
    assert machine.left_out_error == pytest.approx(np.mean(errors), rel=1e-9)


def test_a_layer_no_network_held_keeps_its_time_alone_scaled_like_the_rest():
    """Only 3x3 convolutions: pools were never run inside a network."""
    profile, true_ms = made_up_profile(3)
    profile.networks[:] = [[0, 0, 0, 3, 0, 0], [3, 0, 0, 0, 3, 0], [3, 0, 0, 3, 3, 0]]
    profile.block_ms[:] = SPACE.block_sums(profile.networks, true_ms)
    np.testing.assert_allclose(fit_layers(profile, SPACE), true_ms, rtol=1e-6)


def test_a_taken_name_is_refused():
    with pytest.raises(ConfigError, match="got 'pixel3'"):
        fit_profile(made_up_profile(12)[0], SPACE, name="pixel3", taken=KNOWN)
