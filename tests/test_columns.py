"""The columns of times, sizes and energy, on links of one rate and on ones that vary."""

from dataclasses import replace

import numpy as np
import pytest
from own_machines import SPACE, path

from evonasc.analysis.rate_sweep import link_parts
from evonasc.cost.columns import CostColumns, EnergyColumns
from evonasc.cost.costs import path_costs
from evonasc.cost.cuts import design_space
from evonasc.cost.energy import device_power
from evonasc.cost.scenario import Scenario
from evonasc.errors import ConfigError
from evonasc.problems import SplitNasProblem
from evonasc.space import DesignSpace


def test_cost_columns_are_those_of_the_path(rng):
    scenario = Scenario(payload_bits=(4, 8))
    designs, taken = design_space(scenario, SPACE), path(scenario)
    genes = designs.canonical(designs.sample(40, rng=rng))
    columns = CostColumns(taken).columns(genes, designs=designs, known={})
    costs = path_costs(genes, designs=designs, path=taken)
    np.testing.assert_array_equal(columns["latency_ms"], costs.latency_ms)
    np.testing.assert_array_equal(columns["tail_ms"], costs.machine_ms[:, 1])
    assert {name: values.shape for name, values in columns.items()} == dict.fromkeys(
        (
            "latency_ms",
            "head_ms",
            "uplink_ms",
            "tail_ms",
            "payload_bytes",
            "head_memory_bytes",
        ),
        (40,),
    )


def test_a_head_and_a_tail_are_of_one_cut(rng):
    designs = DesignSpace(SPACE, (8,), design_space(Scenario(), SPACE).cut_rule, n_links=2)
    genes = np.array([[0, 0, 0, 3, 0, 0, 4, 7]])
    with pytest.raises(ConfigError, match="A head and a tail needs designs over one link, got 2"):
        CostColumns(path(Scenario())).columns(genes, designs=designs, known={})


def test_energy_is_that_of_the_columns_before():
    scenario = Scenario(head_power_mw=2000.0, one_way_delay_ms=9.0)
    taken = path(scenario)
    source = EnergyColumns(taken, device_power(scenario, taken))
    known = {
        "head_ms": np.array([30.0, 1.0]),
        "payload_bytes": np.array([0.0, 4960.0]),
        "latency_ms": np.array([30.0, 21.0]),
    }
    designs = design_space(scenario, SPACE)
    found = source.columns(np.zeros((2, 7), dtype=int), designs=designs, known=known)
    # 4.096 ms at 10 Mbit/s by wifi, 283.17 * 10 + 132.86 mW; 2.7 W for the 20 ms of waiting
    assert found["energy_mj"].tolist() == pytest.approx([60.0, 2.0 + 2.96456 * 4.096 + 54.0])


class ByBlock:
    """The head of a path, each block of which takes 3 mJ."""

    energy_provenance, mean_error = "by energies made up for tests", 0.1
    idle_power_mw = 2700.0

    def head_energy_table_mj(self, operations):
        return np.tile(3.0 * np.arange(SPACE.n_blocks + 1), (len(operations), 1))


def test_the_head_s_energy_is_that_of_its_blocks_where_they_are_known(rng):
    scenario = Scenario(one_way_delay_ms=9.0)
    taken, designs = path(scenario), design_space(scenario, SPACE)
    power, genes = device_power(scenario, taken), designs.canonical(designs.sample(30, rng=rng))
    known = CostColumns(taken).columns(genes, designs=designs, known={})
    by_block = replace(taken, machines=(ByBlock(), taken.tail))
    source = EnergyColumns(by_block, power)
    found = source.columns(genes, designs=designs, known=known)
    np.testing.assert_array_equal(found["head_mj"], 3.0 * designs.split_point(genes))
    radio_mw = 283.17 * scenario.uplink_mbps + 132.86
    sending_ms = np.where(known["uplink_ms"] > 0, known["uplink_ms"] - 9.0, 0.0)
    waiting_ms = known["latency_ms"] - known["head_ms"]
    expected = found["head_mj"] + (radio_mw * sending_ms + 2700 * waiting_ms) / 1000
    np.testing.assert_allclose(found["energy_mj"], expected)
    assert source.provenance()[0].startswith(
        "energy_mj: head by energies made up for tests, 2700 mW"
    )
    assert source.predictor_errors() == {}
    # at another rate, only sending costs something else
    parts = link_parts({**known, **found, "error": known["head_ms"]}, scenario, power=power)
    at_rate = replace(scenario, uplink_mbps=3.0)
    known = CostColumns(path(at_rate)).columns(genes, designs=designs, known={})
    by_block = replace(path(at_rate), machines=(ByBlock(), taken.tail))
    slower = EnergyColumns(by_block, power).columns(genes, designs=designs, known=known)
    np.testing.assert_allclose(parts.column("energy_mj", 3.0), slower["energy_mj"])


def test_a_power_that_the_user_gives_stands_for_the_blocks():
    scenario = Scenario(head_power_mw=2000.0)
    taken = replace(path(scenario), machines=(ByBlock(), path(scenario).tail))
    source = EnergyColumns(taken, device_power(scenario, taken), is_by_block=False)
    known = {name: np.array([30.0]) for name in ("head_ms", "latency_ms")}
    known["payload_bytes"] = np.array([0.0])
    designs = design_space(scenario, SPACE)
    found = source.columns(np.zeros((1, 7), dtype=int), designs=designs, known=known)
    assert {name: values.tolist() for name, values in found.items()} == {"energy_mj": [60.0]}
    assert source.provenance()[0].startswith("energy_mj: 2000 mW while computing")


def test_every_quantity_says_where_it_comes_from():
    lines = CostColumns(path(Scenario())).provenance()
    assert [line.partition(":")[0] for line in lines] == [
        "head_ms",
        "tail_ms",
        "uplink_ms",
        "payload_bytes, head_memory_bytes",
    ]
    assert all(line.endswith(".") for line in lines)


# Links that vary


@pytest.fixture
def trace_file(tmp_path):
    path = tmp_path / "trace.csv"
    path.write_text("time_s,mbps\n0,2\n1,40\n2,10\n3,0\n4,20\n5,5\n")
    return path


def test_columns_of_a_problem_are_medians_quantiles_and_misses(nas201, table_errors, trace_file):
    scenario = Scenario(link=f"trace:{trace_file}", deadline_ms=15.0, head_power_mw=1000.0)
    objectives = ("error", "latency_p95_ms", "miss_probability", "energy_mj")
    problem = SplitNasProblem(nas201, scenario, table_errors, objectives=objectives)
    genes = problem.designs.canonical(problem.designs.sample(60, rng=np.random.default_rng(3)))
    columns = problem.checked_columns(genes)

    def at_rate(mbps):
        return Scenario(uplink_mbps=mbps, head_power_mw=1000.0)

    # Rates by falling share: 40, 20 (twice: the second is the end of the outage), 10, 5, 2.
    fixed = {
        rate: SplitNasProblem(
            nas201, at_rate(rate), table_errors, objectives=("error", "energy_mj")
        ).checked_columns(genes)
        for rate in (2.0, 5.0, 10.0, 20.0, 40.0)
    }
    # Sixths of the time up at each rate, a sixth waiting up to a second before 20 Mbit/s. Half of
    # the time a request is sent at 10 Mbit/s or more, less than half at 20.
    np.testing.assert_allclose(columns["latency_ms"], fixed[10.0]["latency_ms"])
    np.testing.assert_allclose(problem.latency_ms(genes), columns["latency_ms"])
    # Half of the requests are sent at 20 Mbit/s or more; the answer is waited for, at 2.7 W, as
    # long as the median latency says.
    waited_ms = columns["latency_ms"] - fixed[20.0]["latency_ms"]
    np.testing.assert_allclose(columns["energy_mj"], fixed[20.0]["energy_mj"] + 2.7 * waited_ms)
    # With up to 70 ms at 2 Mbit/s, 95 % is the wait of which 5 % of all, 30 % of the outage's,
    # are longer: 700 ms, then 20 Mbit/s.
    sends = columns["payload_bytes"] > 0
    expected = np.where(sends, fixed[20.0]["latency_ms"] + 700.0, columns["latency_ms"])
    np.testing.assert_allclose(columns["latency_p95_ms"], expected)
    late = sum((fixed[rate]["latency_ms"] > 15.0) / 6 for rate in fixed)
    left = (15.0 - fixed[20.0]["latency_ms"]).clip(0, 1000) / 1000
    waiting = np.where(sends, (1 - left) / 6, (columns["latency_ms"] > 15.0) / 6)
    np.testing.assert_allclose(columns["miss_probability"], late + waiting, atol=1e-9)
    assert 0 < columns["miss_probability"].min() < columns["miss_probability"].max()


def test_objectives_that_need_a_trace_are_refused_without(nas201, table_errors):
    for name, message in {
        "latency_p95_ms": "latency_p95_ms needs a link that varies. Give --link trace:FILE",
        "miss_probability": "miss_probability needs a link that varies. Give --link trace:FILE",
    }.items():
        with pytest.raises(ConfigError, match=message):
            SplitNasProblem(nas201, Scenario(), table_errors, objectives=("error", name))


def test_a_miss_needs_a_deadline(nas201, table_errors, trace_file):
    scenario = Scenario(link=f"trace:{trace_file}")
    with pytest.raises(ConfigError, match="miss_probability needs a deadline. Give --deadline-ms"):
        SplitNasProblem(nas201, scenario, table_errors, objectives=("miss_probability",))
    problem = SplitNasProblem(nas201, scenario, table_errors)
    assert "miss_probability" not in problem.columns(np.array([[0, 0, 0, 3, 0, 0, 5]]))


def test_provenance_names_the_trace(nas201, table_errors, trace_file):
    scenario = Scenario(link=f"trace:{trace_file}")
    lines = " ".join(SplitNasProblem(nas201, scenario, table_errors).provenance())
    assert str(trace_file) in lines
    assert "down 16.7% of the time" in lines
    assert "(assumed), 40 header" not in lines
