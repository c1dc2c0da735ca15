import dataclasses

import numpy as np
import pytest
from payload_models import CELLS, HEADER, N_VALUES, made_model

from evonasc.assets import Assets
from evonasc.errors import ConfigError
from evonasc.nasbench201.errors.payload_fitting import (
    EffectRows,
    fit_and_judge,
    fit_model,
    ship,
    unfitted,
)


def measured_rows(model, *, n_networks, noise, rng):
    """Rows as a model would measure them."""
    n = n_networks * 40
    network = np.repeat(np.arange(n_networks), 40)
    chosen = CELLS[rng.choice(len(CELLS), n_networks, replace=False)]
    rows = EffectRows(
        network=network,
        cells=chosen[network],
        own_error=rng.uniform(0.15, 0.4, n_networks)[network],
        cut=rng.integers(7, size=n),
        bits=rng.choice((2, 4, 8, 32), n),
        packet_loss=np.where(rng.random(n) < 0.5, 0, rng.uniform(0.003, 0.3, n)),
        packet_bytes=rng.choice((500, 1460), n),
        increase=np.zeros(n),
    )
    increase = rows.predicted(model) + rng.normal(0, noise, n)
    return dataclasses.replace(rows, increase=increase)


def fitted(rows, fit=fit_model, header=HEADER):
    return fit(rows, unfitted(1, N_VALUES, 0.9, header))


def test_the_fit_finds_the_model_that_made_the_rows(rng):
    truth = made_model()
    model = fitted(measured_rows(truth, n_networks=60, noise=0.01, rng=rng))
    fresh = measured_rows(truth, n_networks=30, noise=0.0, rng=rng)
    miss = fresh.predicted(model) - fresh.increase
    assert (miss**2).mean() ** 0.5 < 0.012
    assert fresh.increase.std() > 0.05  # there was something to find
    np.testing.assert_allclose(model.exponents, truth.exponents, atol=0.1)


@pytest.mark.slow
def test_figures_are_those_of_networks_that_the_fit_has_not_seen(rng):
    """Noise of two points, the same for all: nobody can be off by less, few by much more."""
    rows = measured_rows(made_model(), n_networks=40, noise=0.02, rng=rng)
    model = fitted(rows, fit=fit_and_judge)
    figures = model.header["figures"]
    assert (figures["n_networks"], figures["n_held_out"]) == (40, 8)
    for name in ("rms_all", "rms_2_bits", "rms_4_bits", "rms_lossy"):
        assert 0.014 < figures[name] < 0.032
    assert abs(figures["mean_8_bits"]) < 0.005
    assert "40 supernet networks on 100 held-out" in model.header["summary"]
    # judging must not change what is fitted
    np.testing.assert_allclose(model.by_cut, fitted(rows).by_cut)


def test_the_fit_that_is_judged_has_not_seen_the_networks_it_is_judged_on(rng):
    """Every fifth network is measured 10 points too high: the others cannot know of it."""
    rows = measured_rows(made_model(), n_networks=40, noise=0.0, rng=rng)
    shifted = np.where(rows.network % 5 == 4, rows.increase + 0.1, rows.increase)
    figures = fitted(dataclasses.replace(rows, increase=shifted), fit=fit_and_judge).header
    assert figures["figures"]["bias"] == pytest.approx(-0.1, abs=0.006)


def test_too_few_networks_are_refused(rng):
    rows = measured_rows(made_model(), n_networks=4, noise=0.0, rng=rng)
    with pytest.raises(ConfigError, match="at least 5 networks, got 4"):
        fitted(rows, fit=fit_and_judge)


def test_a_model_of_a_supernet_that_8_bits_harm_does_not_ship(monkeypatch):
    monkeypatch.setattr(Assets, "write", pytest.fail)
    figures = {"worst_8_bits": 0.03, "rms_all": 0.02}
    model = made_model(header={**HEADER, "figures": figures, "summary": ""})
    with pytest.raises(ConfigError, match=r"8 bits .* is off, 0\.0200, got 0\.0300\. Raise LEAST"):
        ship(model, command="")
