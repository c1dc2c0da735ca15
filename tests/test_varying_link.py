import dataclasses

import numpy as np
import pytest

from evonasc.cost.energy import energy_mj
from evonasc.cost.link import uplink_ms
from evonasc.cost.link_trace import LinkTrace
from evonasc.cost.scenario import Scenario, as_dict, override
from evonasc.cost.varying_link import VaryingLink, at_rate, varying_link
from evonasc.errors import ConfigError, DataFileError
from evonasc.problems import SplitNasProblem


def trace_of(mbps, outage_ms, weights):
    return LinkTrace(
        source="made up",
        sha256="0" * 64,
        mbps=np.array(mbps, dtype=float),
        outage_ms=np.array(outage_ms, dtype=float),
        weights=np.array(weights, dtype=float),
        seconds=10.0,
        n_rows=len(mbps),
        n_traces=1,
    )


def link_of(mbps, outage_ms, weights, **fields):
    scenario = Scenario(link="trace:unread.csv", packet_header_bytes=0, **fields)
    return VaryingLink(scenario, trace_of(mbps, outage_ms, weights))


# 1000 bytes are 8000 bits: 8 ms at 1 Mbit/s
PAYLOAD = np.array([1000.0])


def test_quantiles_of_steps_by_hand():
    # 8 ms for a tenth of the time, 2 ms for half of it, 1 ms for the rest
    link = link_of([1, 4, 8], [0, 0, 0], [0.1, 0.5, 0.4])
    shares = {0.4: 1.0, 0.41: 2.0, 0.5: 2.0, 0.9: 2.0, 0.91: 8.0, 0.95: 8.0, 1.0: 8.0}
    found = {share: float(link.quantile_ms(PAYLOAD, share)[0]) for share in shares}
    assert found == pytest.approx(shares)


def test_quantiles_of_an_outage_by_hand():
    # up: 1 ms, 60 %; down: 1 ms after a wait of 0 to 100 ms, 40 %
    link = link_of([8, 8], [0, 100], [0.6, 0.4])
    # 95 % is the wait that 35 of 40 parts stay below: 87.5 ms
    assert link.quantile_ms(PAYLOAD, 0.95)[0] == pytest.approx(1 + 87.5)
    assert link.quantile_ms(PAYLOAD, 0.5)[0] == pytest.approx(1.0)
    assert link.quantile_ms(PAYLOAD, 1.0)[0] == pytest.approx(101.0)


def test_the_delay_passes_once_and_nothing_sent_takes_no_time():
    link = link_of([8], [0], [1.0], one_way_delay_ms=5.0)
    assert link.quantile_ms(np.array([0.0, 1000.0])).tolist() == pytest.approx([0.0, 6.0])


def test_a_trace_of_one_rate_is_a_link_of_that_rate():
    fields = {"one_way_delay_ms": 3.0, "packet_loss": 0.2}
    payload = np.array([[0.0, 1.0], [1461.0, 16392.0]])
    scenario = Scenario(link="trace:unread.csv", **fields)
    link = VaryingLink(scenario, trace_of([7.0], [0.0], [1.0]))
    expected = uplink_ms(Scenario(uplink_mbps=7.0, **fields), payload)
    for share in (0.1, 0.5, 0.95):
        np.testing.assert_allclose(link.quantile_ms(payload, share), expected)


def test_quantiles_and_misses_are_those_of_simulated_requests(rng):
    """400,000 requests at random moments of a made-up trace; their share within is off by 0.3 %."""
    weights = rng.dirichlet(np.ones(40))
    rates, outages = (
        rng.uniform(0.5, 40, 40),
        np.where(np.arange(40) < 6, rng.uniform(5, 90, 40), 0),
    )
    link = link_of(rates, outages, weights, one_way_delay_ms=2.0)
    which = rng.choice(40, p=weights, size=400_000)
    times = 8.0 / rates[which] + rng.uniform(0, 1, 400_000) * outages[which] + 2.0
    for share in (0.2, 0.5, 0.95):
        exact = float(link.quantile_ms(PAYLOAD, share)[0])
        assert np.mean(times <= exact + 1e-9) > share - 0.003
        assert np.mean(times <= exact * 0.995) < share + 0.003
    for deadline in (3.0, 8.0, 25.0, 80.0):
        missed = link.miss_probability(PAYLOAD, computing_ms=np.array([1.5]), deadline_ms=deadline)
        assert missed[0] == pytest.approx(np.mean(times + 1.5 > deadline), abs=0.003)


def test_misses_by_hand():
    # 8, 2 and 1 ms on the uplink, 4 ms of computing
    link = link_of([1, 4, 8], [0, 0, 0], [0.1, 0.5, 0.4])
    payload, computing = np.repeat(PAYLOAD, 5), np.full(5, 4.0)
    for deadline, missed in ((12.0, 0.0), (11.9, 0.1), (6.0, 0.1), (5.5, 0.6), (4.5, 1.0)):
        found = link.miss_probability(payload, computing_ms=computing, deadline_ms=deadline)
        np.testing.assert_allclose(found, missed, atol=1e-12)


def test_a_design_that_sends_nothing_misses_only_by_computing():
    link = link_of([1], [0], [1.0], one_way_delay_ms=50.0)
    found = link.miss_probability(np.zeros(2), computing_ms=np.array([9.0, 11.0]), deadline_ms=10.0)
    assert found.tolist() == [0.0, 1.0]


# In a scenario


@pytest.fixture
def trace_file(tmp_path):
    path = tmp_path / "trace.csv"
    path.write_text("time_s,mbps\n0,2\n1,40\n2,10\n3,0\n4,20\n5,5\n")
    return path


def test_a_fixed_link_has_no_trace(tmp_path):
    assert varying_link(Scenario()) is None
    with pytest.raises(DataFileError, match="there is no such file"):
        varying_link(Scenario(link=f"trace:{tmp_path / 'gone.csv'}"))


def test_at_rate_is_the_scenario_with_a_fixed_link():
    scenario = Scenario(link="trace:x.csv", deadline_ms=9.0, radio="lte")
    assert at_rate(scenario, 3.0) == Scenario(uplink_mbps=3.0, radio="lte")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"link": "wifi"}, "link must be fixed or trace:FILE, got wifi"),
        ({"link": "trace:"}, "link must be fixed or trace:FILE, got trace:"),
        ({"deadline_ms": 5.0}, "deadline_ms must come with a link that varies, got link 'fixed'"),
        ({"link": "trace:x.csv", "deadline_ms": 0.0}, "deadline_ms must be positive, got 0.0"),
        ({"link": "trace:x.csv", "deadline_ms": float("nan")}, "deadline_ms must be positive"),
    ],
)
def test_links_and_deadlines_that_say_nothing_are_refused(fields, message):
    with pytest.raises(ConfigError, match=message):
        Scenario(**fields)


def test_a_scenario_with_a_trace_can_be_written_and_read():
    scenario = Scenario(link="trace:x.csv", deadline_ms=9.0)
    assert override(Scenario(), as_dict(scenario)) == scenario


def test_columns_of_a_problem_are_medians_quantiles_and_misses(nasbench, table_errors, trace_file):
    scenario = Scenario(link=f"trace:{trace_file}", deadline_ms=15.0)
    objectives = ("error", "latency_p95_ms", "miss_probability", "energy_mj")
    scenario = dataclasses.replace(scenario, head_power_mw=1000.0)
    problem = SplitNasProblem(nasbench, scenario, table_errors, objectives=objectives)
    genes = problem.designs.canonical(problem.designs.sample(60, rng=np.random.default_rng(3)))
    columns = problem.checked_columns(genes)
    # Rates by falling share: 40, 20 (twice: the second is the end of the outage), 10, 5, 2.
    fixed = {
        rate: SplitNasProblem(
            nasbench, at_rate(scenario, rate), table_errors, objectives=("error", "energy_mj")
        ).checked_columns(genes)
        for rate in (2.0, 5.0, 10.0, 20.0, 40.0)
    }
    # Sixths of the time up at each rate, a sixth waiting up to a second before 20 Mbit/s. Half of
    # the time a request is sent at 10 Mbit/s or more, less than half at 20.
    np.testing.assert_allclose(columns["latency_ms"], fixed[10.0]["latency_ms"])
    np.testing.assert_allclose(problem.latency_ms(genes), columns["latency_ms"])
    # Energy does not count waiting: half of the requests are sent at 20 Mbit/s or more.
    sent = at_rate(scenario, 20.0)
    expected = energy_mj(sent, columns["head_ms"], fixed[20.0]["uplink_ms"])
    np.testing.assert_allclose(columns["energy_mj"], expected)
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


def test_objectives_that_need_a_trace_are_refused_without(nasbench, table_errors):
    for name, message in {
        "latency_p95_ms": "latency_p95_ms needs a link that varies. Set link to trace:FILE",
        "miss_probability": "miss_probability needs a link that varies and a deadline",
    }.items():
        with pytest.raises(ConfigError, match=message):
            SplitNasProblem(nasbench, Scenario(), table_errors, objectives=("error", name))


def test_what_the_file_holds_decides_the_identity_not_its_name(
    nasbench, table_errors, trace_file, tmp_path
):
    def identity(path):
        scenario = Scenario(link=f"trace:{path}")
        return SplitNasProblem(nasbench, scenario, table_errors).identity()

    copy = tmp_path / "copy.csv"
    copy.write_bytes(trace_file.read_bytes())
    before = identity(trace_file)
    assert before == identity(copy)
    copy.write_text("time_s,mbps\n0,2\n")
    assert before != identity(copy)


def test_provenance_names_the_trace(nasbench, table_errors, trace_file):
    scenario = Scenario(link=f"trace:{trace_file}")
    lines = " ".join(SplitNasProblem(nasbench, scenario, table_errors).provenance())
    assert str(trace_file) in lines
    assert "down 16.7% of the time" in lines
    assert "(assumed), 40 header" not in lines
