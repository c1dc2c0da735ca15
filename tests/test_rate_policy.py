import itertools

import numpy as np
import pytest

from evonasc.analysis.rate_policy import (
    every_cut,
    fastest_by_rate,
    fastest_within,
    rate_policy,
    regret_in_words,
)
from evonasc.analysis.rate_sweep import LinkParts
from evonasc.bounds import Bound
from evonasc.cost.cuts import design_space
from evonasc.cost.scenario import Scenario
from evonasc.nasbench201.cells import CONV3X3, NONE, SKIP


def parts_of(steady_ms, unit_ms, error=None):
    steady, unit = np.array(steady_ms, dtype=float), np.array(unit_ms, dtype=float)
    errors = np.zeros(len(steady)) if error is None else np.array(error, dtype=float)
    return LinkParts(Scenario(), {"error": errors}, steady, unit)


def ranges(stretches):
    return [(round(s.low_mbps, 9), round(s.high_mbps, 9), s.row) for s in stretches]


# Which cut at which rate


def test_crossings_by_hand():
    # 50 always; 20 + 60 / r below from r = 2; 10 + 100 / r below that from r = 4
    parts = parts_of([50, 20, 10], [0, 60, 100])
    found = ranges(fastest_by_rate(parts, low_mbps=1, high_mbps=100))
    assert found == [(1, 2, 0), (2, 4, 1), (4, 100, 2)]


def test_a_design_that_is_never_fastest_is_left_out():
    # 30 + 60 / r: 10 + 61 / r is below it from r = 0.05 on
    found = ranges(fastest_by_rate(parts_of([50, 30, 10], [0, 60, 61]), low_mbps=1, high_mbps=9))
    assert [row for *_, row in found] == [0, 2]


def test_a_range_inside_one_stretch_is_one_stretch():
    parts = parts_of([50, 20, 10], [0, 60, 100])
    assert ranges(fastest_by_rate(parts, low_mbps=2.5, high_mbps=3)) == [(2.5, 3, 1)]


def test_at_a_crossing_the_one_that_is_faster_from_there_on_is_taken():
    parts = parts_of([50, 20, 10], [0, 60, 100])
    found = ranges(fastest_by_rate(parts, low_mbps=2, high_mbps=3))
    assert found == [(2, 3, 1)]


def test_equal_designs_are_one():
    parts = parts_of([50, 50, 20, 20], [0, 0, 60, 60])
    assert ranges(fastest_by_rate(parts, low_mbps=1, high_mbps=9)) == [(1, 2, 0), (2, 9, 2)]


def test_the_envelope_is_the_minimum_everywhere(rng):
    for _ in range(200):
        n = int(rng.integers(1, 12))
        steady, unit = rng.integers(1, 40, n), rng.integers(0, 60, n)
        parts = parts_of(steady, unit)
        stretches = fastest_by_rate(parts, low_mbps=0.5, high_mbps=50)
        assert stretches[0].low_mbps == pytest.approx(0.5)
        assert stretches[-1].high_mbps == 50
        for one, after in itertools.pairwise(stretches):
            assert one.high_mbps == pytest.approx(after.low_mbps)
            assert one.row != after.row
        for one in stretches:
            assert one.low_mbps < one.high_mbps
            for rate in np.linspace(one.low_mbps, one.high_mbps, 7):
                latency = parts.latency_ms(rate)
                assert latency[one.row] == pytest.approx(latency.min())


def test_within_bounds_the_envelope_is_the_minimum_of_what_keeps_to_them(rng):
    n_gaps = 0
    for _ in range(200):
        n = int(rng.integers(1, 12))
        parts = parts_of(rng.integers(1, 40, n), rng.integers(0, 60, n))
        bounds = [Bound("latency_ms", float(rng.integers(5, 60)))]
        stretches = fastest_within(parts, bounds, low_mbps=0.5, high_mbps=50)
        for one, after in itertools.pairwise(stretches):
            assert one.high_mbps == pytest.approx(after.low_mbps)
            assert one.row != after.row
        rates = rng.uniform(0.5, 50, 40)
        for rate in rates:
            allowed = np.where(parts.is_within(rate, bounds), parts.latency_ms(rate), np.inf)
            rows = [one.row for one in stretches if one.low_mbps <= rate <= one.high_mbps]
            n_gaps += not rows
            assert bool(rows) == np.isfinite(allowed).any()
            assert all(allowed[row] == pytest.approx(allowed.min()) for row in rows)
    assert n_gaps > 100


# Against the best network


def test_regret_by_hand():
    # The network: 50, or 10 + 100 / r. Another of the same error: 20 + 20 / r. A worse one: 1.
    network = parts_of([50, 10], [0, 100], [0.2, 0.2])
    everything = parts_of([20, 1, 50], [20, 0, 0], [0.2, 0.3, 0.2])
    rates = np.array([1.0, 10.0, 100.0])
    policy = rate_policy(network, kept=0, everything=everything, rates=rates)
    np.testing.assert_allclose(policy.adaptive_ms, [50, 20, 11])
    np.testing.assert_allclose(policy.best_ms, [40, 20, 11])  # 22 and 20.2: its own is faster
    np.testing.assert_allclose(policy.regret_ms, [10, 0, 0])
    np.testing.assert_allclose(policy.kept_regret_ms, [10, 30, 39])
    assert ranges(policy.stretches) == [(1, 2.5, 0), (2.5, 100, 1)]


def test_what_breaks_a_bound_at_a_rate_counts_for_nothing_there():
    # The network: 50, or 10 + 100 / r. At most 45: only the latter, from 100 / 35 on.
    network = parts_of([50, 10], [0, 100], [0.2, 0.2])
    everything = parts_of([20, 46], [30, 0], [0.2, 0.2])  # within from 1.2 on; never
    rates, bounds = np.array([1.0, 2.0, 4.0, 100.0]), [Bound("latency_ms", 45.0)]
    policy = rate_policy(network, kept=0, everything=everything, rates=rates, bounds=bounds)
    np.testing.assert_allclose(policy.adaptive_ms, [np.inf, np.inf, 35, 11])
    np.testing.assert_allclose(policy.best_ms, [np.inf, 35, 27.5, 11])
    np.testing.assert_allclose(policy.regret_ms, [np.nan, np.nan, 7.5, 0])
    assert np.isnan(policy.kept_regret_ms).all()
    assert ranges(policy.stretches) == [(round(100 / 35, 9), 100, 1)]
    words = regret_in_words(policy, rates=rates, bounds=bounds, cut="9 c")
    assert "that keeps to latency_ms <= 45 of at most its error at each rate it loses 3.75" in words
    assert "Kept at cut 9 c, it would not keep to latency_ms <= 45 at any of the rates." in words
    again = rate_policy(network, kept=1, everything=everything, rates=rates, bounds=bounds)
    words = regret_in_words(again, rates=rates, bounds=bounds, cut="9 c")
    assert "it would keep to latency_ms <= 45 from 4 Mbit/s on; there it would lose 3.75" in words


def test_cuts_of_larger_error_are_not_used():
    network = parts_of([50, 10, 30], [0, 100, 50], [0.2, 0.25, 0.2])
    policy = rate_policy(network, kept=0, everything=network, rates=np.array([1.0, 100.0]))
    assert [one.row for one in policy.stretches] == [0, 2]
    np.testing.assert_allclose(policy.adaptive_ms, [50, 30.5])
    assert (policy.regret_ms == 0).all()


def test_a_network_alone_has_no_regret():
    network = parts_of([50, 10], [0, 100], [0.2, 0.2])
    other = parts_of([1], [0], [0.9])
    policy = rate_policy(network, kept=1, everything=other, rates=np.array([1.0, 9.0]))
    assert (policy.regret_ms == 0).all()


def test_every_cut_is_each_allowed_design_of_the_network_once(nasbench):
    designs = design_space(Scenario(min_split=3, payload_bits=(4, 8)), nasbench)
    cell = nasbench.canonical(np.array([[CONV3X3, NONE, SKIP, SKIP, NONE, CONV3X3]]))[0]
    rows = every_cut(np.array([*cell, 5, 1]), designs)
    # cuts 3 to 18 at two widths, and all local
    assert len(rows) == 2 * 16 + 1
    assert (rows[:, :6] == cell).all()
    listed = designs.all_designs()
    expected = listed[(listed[:, :6] == cell).all(axis=1)]
    np.testing.assert_array_equal(np.unique(rows, axis=0), np.unique(expected, axis=0))
