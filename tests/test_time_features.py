import numpy as np
from own_machines import SPACE

from evonasc.cost.time_features import FeatureScale
from evonasc.problems.toy import ToySpace


def test_features_are_alike_over_all_networks():
    features = FeatureScale.of(SPACE)(SPACE.networks())
    np.testing.assert_allclose(features.mean(axis=0), 0, atol=1e-9)
    np.testing.assert_allclose(features.std(axis=0), 1)


def test_what_never_varies_is_left_out():
    networks = SPACE.networks()
    every, scale = SPACE.time_features(networks), FeatureScale.of(SPACE)
    assert len(scale.varying) < every.shape[1]
    np.testing.assert_array_equal(scale.varying, np.flatnonzero(np.ptp(every, axis=0)))
    np.testing.assert_allclose(
        scale(networks[:9]) * scale.spread + scale.mean, every[:9, scale.varying], atol=1e-12
    )


def test_a_space_without_features_has_none():
    assert FeatureScale.of(ToySpace())(np.zeros((3, 6), dtype=int)).shape == (3, 0)


def test_networks_that_cannot_be_listed_are_drawn(monkeypatch):
    """5,000 drawn ones: means are off by about a seventieth of the spread."""
    exact = FeatureScale.of(SPACE)
    drawn = SPACE.sample(5000, rng=np.random.default_rng(0))
    monkeypatch.setattr(type(SPACE), "networks", lambda self: None)
    monkeypatch.setattr(type(SPACE), "sample", lambda self, n, *, rng: drawn[:n])
    scale = FeatureScale.of(SPACE)
    np.testing.assert_array_equal(scale.varying, exact.varying)
    assert np.abs((scale.mean - exact.mean) / exact.spread).max() < 0.06
    np.testing.assert_allclose(scale.spread, exact.spread, rtol=0.05, atol=0.01)
