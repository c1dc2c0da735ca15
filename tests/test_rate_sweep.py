import dataclasses

import numpy as np
import pytest
from own_machines import path

from evonasc.analysis.rate_sweep import (
    best_rows,
    contenders,
    front_at,
    link_parts,
    rates_from_text,
    sweep_bounds,
    sweep_objectives,
)
from evonasc.bounds import Bound, is_within
from evonasc.cost.energy import DevicePower, device_power
from evonasc.cost.scenario import Scenario
from evonasc.errors import ConfigError
from evonasc.front import non_dominated
from evonasc.problems import SplitNasProblem

SCENARIO = Scenario(
    payload_bits=(4, 8), one_way_delay_ms=2.0, packet_loss=0.1, head_power_mw=900.0, radio="lte"
)


#: A column that no rate changes, one that every rate does, one that is no objective.
BOUNDS = (
    Bound("tail_ms", 8.0),
    Bound("latency_ms", 120.0),
    Bound("energy_mj", 60.0),
    Bound("uplink_ms", 110.0),
)


@pytest.fixture(scope="module")
def make(nas201, table_errors):
    def problem(rate, objectives):
        scenario = dataclasses.replace(SCENARIO, uplink_mbps=rate)
        return SplitNasProblem(nas201, scenario, table_errors, objectives=objectives)

    return problem


@pytest.fixture(scope="module")
def power():
    return device_power(SCENARIO, path(SCENARIO))


@pytest.fixture(scope="module")
def genes(make):
    designs = make(10.0, ("error",)).designs
    return np.unique(designs.canonical(designs.sample(1500, rng=np.random.default_rng(5))), axis=0)


def test_values_at_any_rate_are_those_of_the_problem_at_that_rate(make, genes, power):
    objectives = ("error", "latency_ms", "energy_mj", "payload_bytes", "head_memory_bytes")
    parts = link_parts(make(10.0, objectives).columns(genes), SCENARIO, power=power)
    for rate in (0.3, 10.0, 250.0):
        problem = make(rate, objectives)
        expected = problem.objective_values(problem.columns(genes))
        np.testing.assert_allclose(parts.objective_values(rate, objectives), expected)


@pytest.mark.parametrize("bounds", [(), BOUNDS])
@pytest.mark.parametrize(
    "objectives",
    [
        ("error", "latency_ms"),
        ("error", "latency_ms", "energy_mj"),
        ("payload_bytes", "error", "latency_ms"),
    ],
)
def test_leaving_out_what_never_wins_loses_no_point_of_any_front(
    make, genes, power, objectives, bounds
):
    problem = make(10.0, objectives).within(bounds)
    parts = link_parts(problem.columns(genes), SCENARIO, power=power)
    rows = contenders(parts, objectives, bounds)
    assert 0 < len(rows) < 0.7 * len(genes)
    few, sizes = parts.rows(rows), []
    for rate in np.geomspace(0.1, 1000, 13):
        every = make(rate, objectives).within(bounds)
        columns = every.columns(genes)
        points = every.objective_values(columns)[is_within(columns, bounds)]
        expected = np.unique(points[non_dominated(points)], axis=0)
        front = front_at(few, float(rate), objectives, bounds)
        sizes.append(len(front))
        np.testing.assert_allclose(
            few.objective_values(rate, objectives)[front], expected, rtol=1e-9
        )
    assert max(sizes) > 2


@pytest.mark.parametrize(
    ("idle_mw", "head_mj", "expected"),
    [
        (None, None, [0, 1]),
        # Waiting 9.5 ms at 0.5 W costs less than computing for 9 ms at 0.9 W, but not at 2.7 W.
        (500.0, None, [0, 1]),
        (2700.0, None, [0]),
        # The energy of blocks, where it is known, not the time of the head.
        (None, (3.0, 4.0), [0]),
        (None, (4.0, 3.0), [0, 1]),
    ],
)
def test_a_slower_design_that_needs_less_energy_may_win(idle_mw, head_mj, expected):
    columns = {
        "error": np.array([0.2, 0.2]),
        "head_ms": np.array([10.0, 1.0]),
        "tail_ms": np.array([0.0, 9.5]),
        "payload_bytes": np.array([900.0, 900.0]),
    }
    if head_mj is not None:
        columns["head_mj"] = np.array(head_mj)
    power = DevicePower(900.0, 100.0, 100.0, "lte", idle_mw)
    parts = link_parts(columns, SCENARIO, power=power)
    assert contenders(parts, ("error", "latency_ms")).tolist() == [0]
    assert contenders(parts, ("error", "latency_ms", "energy_mj")).tolist() == expected


def test_the_fastest_of_at_most_an_error_by_search(make, genes):
    parts = link_parts(make(10.0, ("error", "latency_ms")).columns(genes), SCENARIO)
    rates, levels = np.array([0.5, 8.0, 90.0]), np.array([0.01, 0.06, 0.2, 0.9])
    best = best_rows(parts, rates, levels)
    error = parts.fixed["error"]
    for i, level in enumerate(levels):
        for j, rate in enumerate(rates):
            if best[i, j] < 0:
                assert error.min() > level
                continue
            allowed = np.where(error <= level, parts.latency_ms(rate), np.inf)
            assert error[best[i, j]] <= level
            assert allowed[best[i, j]] == allowed.min()
    assert (best[0] == -1).all()
    assert (best[1:] >= 0).all()


def test_the_fastest_within_bounds_by_search(make, genes, power):
    parts = link_parts(make(10.0, ("error", "energy_mj")).columns(genes), SCENARIO, power=power)
    rates, levels = np.array([0.5, 8.0, 90.0]), np.array([0.06, 0.2, 0.9])
    best, error = best_rows(parts, rates, levels, BOUNDS), parts.fixed["error"]
    for j, rate in enumerate(rates.tolist()):
        values = parts.objective_values(rate, [bound.column for bound in BOUNDS])
        kept = (values <= [bound.limit for bound in BOUNDS]).all(axis=1)
        for i, level in enumerate(levels):
            allowed = np.where(kept & (error <= level), parts.latency_ms(rate), np.inf)
            if best[i, j] < 0:
                assert np.isinf(allowed).all()
            else:
                assert allowed[best[i, j]] == allowed.min()
    assert (best >= 0).any()
    assert (best != best_rows(parts, rates, levels)).any()


def test_from_their_lowest_rate_on_designs_keep_to_bounds(make, genes, power):
    parts = link_parts(make(10.0, ("error", "energy_mj")).columns(genes), SCENARIO, power=power)
    low, high = 0.2, 300.0
    lowest = parts.lowest_mbps(BOUNDS, low=low, high=high)
    inside = (lowest > low) & np.isfinite(lowest)
    assert 0 < inside.sum() < np.isfinite(lowest).sum() < len(genes)
    assert parts.is_within(np.where(inside, lowest, high), BOUNDS)[inside].all()
    assert not parts.is_within(np.where(inside, lowest * (1 - 1e-9), low), BOUNDS)[inside].any()
    assert not parts.is_within(high, BOUNDS)[np.isinf(lowest)].any()
    assert parts.is_within(low, BOUNDS)[lowest == low].all()


@pytest.mark.parametrize(
    ("bound", "deadline_ms", "expected"),
    [
        (Bound("latency_p95_ms", 25.0, margin=0.1), None, (Bound("latency_ms", 25.0, margin=0.1),)),
        (Bound("miss_probability", 0.01), 20.0, (Bound("latency_ms", 20.0),)),
        (Bound("miss_probability", 1.0), 20.0, ()),
        (Bound("energy_mj", 45.0), None, (Bound("energy_mj", 45.0),)),
        (Bound("uplink_ms", 4.0), None, (Bound("uplink_ms", 4.0),)),
    ],
)
def test_bounds_of_a_trace_are_on_the_latency_at_one_rate(bound, deadline_ms, expected):
    assert sweep_bounds([bound], deadline_ms=deadline_ms) == expected


def test_columns_that_are_missing_are_named(make, genes):
    columns = make(10.0, ("error",)).columns(genes)
    del columns["payload_bytes"]
    with pytest.raises(ConfigError, match="got no payload_bytes. Use a run of the problem split"):
        link_parts(columns, SCENARIO)


def test_objectives_of_traces_are_left_out_and_error_and_latency_are_there():
    objectives = ("miss_probability", "payload_bytes", "latency_p95_ms", "latency_ms")
    assert sweep_objectives(objectives) == ("payload_bytes", "latency_ms", "error")


def test_a_scenario_with_a_trace_can_be_swept(make, genes, power):
    """The sweep gives rates of its own; the trace is not read."""
    columns = make(10.0, ("error",)).columns(genes)
    traced = dataclasses.replace(SCENARIO, link="trace:gone.csv", deadline_ms=5.0)
    objectives = ("latency_ms", "energy_mj")
    np.testing.assert_array_equal(
        link_parts(columns, traced, power=power).objective_values(7.0, objectives),
        link_parts(columns, SCENARIO, power=power).objective_values(7.0, objectives),
    )


# Ranges


def test_rates_have_equal_ratios_and_both_ends():
    rates = rates_from_text("0.5:32:7")
    np.testing.assert_allclose(rates, [0.5, 1, 2, 4, 8, 16, 32])
    assert len(rates_from_text("1:100")) == 25


@pytest.mark.parametrize("text", ["", "5", "1:2:3:4", "a:b", "1:x", "1:100:2.5", ":", "1-100"])
def test_what_is_no_range_is_refused(text):
    with pytest.raises(ConfigError, match="must be LOW:HIGH or LOW:HIGH:COUNT, .*, got"):
        rates_from_text(text)


@pytest.mark.parametrize("text", ["0:5", "-1:5", "5:1", "5:5", "nan:5", "1:inf", "1:1e12"])
def test_rates_that_make_no_range_are_refused(text):
    with pytest.raises(ConfigError, match=r"must be a range LOW < HIGH in \[1e-6, 1e8\]"):
        rates_from_text(text)


@pytest.mark.parametrize("count", ["1", "0", "-3", "10001", "99999999999999999999"])
def test_counts_out_of_range_are_refused(count):
    with pytest.raises(ConfigError, match=f"must have 2 to 10000 rates, got {count}"):
        rates_from_text(f"1:100:{count}")
