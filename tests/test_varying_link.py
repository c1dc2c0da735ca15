import numpy as np
import pytest

from evonasc.cost.link import fixed_link
from evonasc.cost.link_trace import LinkTrace
from evonasc.cost.scenario import Scenario
from evonasc.cost.varying_link import VaryingLink, trace_link
from evonasc.errors import DataFileError


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
    scenario = Scenario(packet_header_bytes=0, **fields)
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
    link = VaryingLink(Scenario(**fields), trace_of([7.0], [0.0], [1.0]))
    fixed = fixed_link(Scenario(uplink_mbps=7.0, **fields))
    expected = fixed.send_ms(payload)
    assert link.median.scenario == fixed.scenario
    np.testing.assert_array_equal(link.radio_ms(payload), fixed.radio_ms(payload))
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


def test_the_usual_time_is_the_median_and_the_radio_sends_at_the_median_rate():
    link = link_of([1, 4, 8], [0, 100, 0], [0.1, 0.5, 0.4], one_way_delay_ms=3.0)
    np.testing.assert_array_equal(link.send_ms(PAYLOAD), link.quantile_ms(PAYLOAD, 0.5))
    # 4 Mbit/s; waiting for a link that is down is free
    assert link.radio_mbps == 4.0
    assert link.radio_ms(np.array([0.0, 1000.0])).tolist() == pytest.approx([0.0, 2.0])


def test_the_scenario_gives_all_but_the_rate(tmp_path):
    (tmp_path / "t.csv").write_text("time_s,mbps\n0,2\n1,2\n")
    scenario = Scenario(one_way_delay_ms=4.0, packet_header_bytes=0, uplink_mbps=99.0)
    link = trace_link(scenario, str(tmp_path / "t.csv"))
    # 8000 bits at 2000 a ms
    assert link.send_ms(PAYLOAD)[0] == pytest.approx(4.0 + 4.0)
    with pytest.raises(DataFileError, match="No such file"):
        trace_link(scenario, str(tmp_path / "gone.csv"))
