from types import SimpleNamespace

import numpy as np
import pytest

from evonasc.cost.link import FixedLink
from evonasc.cost.link_table import ForeignLink, link_of
from evonasc.cost.scenario import Scenario
from evonasc.cost.varying_link import VaryingLink
from evonasc.errors import ConfigError, DataFileError, PluginError
from evonasc.plugins import Entry


def test_a_fixed_link_has_the_numbers_of_the_scenario():
    scenario = Scenario(uplink_mbps=7.0, one_way_delay_ms=2.0, packet_loss=0.1, retransmit=False)
    found = link_of(scenario)
    assert isinstance(found, FixedLink)
    assert found.scenario == scenario
    assert found.provenance == (
        "computed from 7 Mbit/s (assumed), 40 header bytes a packet of 1500, 2 ms delay, 0.1 loss "
        "without resending"
    )


def test_a_trace_is_a_link_that_varies(tmp_path):
    (tmp_path / "t.csv").write_text("time_s,mbps\n0,2\n1,40\n")
    found = link_of(Scenario(link=f"trace:{tmp_path / 't.csv'}"))
    assert isinstance(found, VaryingLink)
    assert found.digest == found.trace.sha256
    with pytest.raises(DataFileError, match="No such file"):
        link_of(Scenario(link=f"trace:{tmp_path / 'gone.csv'}"))


@pytest.mark.parametrize(
    ("link", "message"),
    [
        ("wifi", "link must be one of fixed, trace:FILE, got 'wifi'"),
        ("", "link must be one of fixed, trace:FILE, got ''"),
        ("trace:", "link must be fixed or trace:FILE, got 'trace:' without a file"),
        ("trace", "link must be fixed or trace:FILE, got 'trace:' without a file"),
        ("fixed:20", "link must be fixed without an argument, got 'fixed:20'. Set uplink_mbps"),
    ],
)
def test_links_that_say_nothing_are_refused(link, message):
    with pytest.raises(ConfigError, match=message):
        link_of(Scenario(link=link))


def foreign(uplink_ms, **fields):
    entry = Entry("slow", "other 2.0", "other:slow", "", load=lambda: None)
    model = SimpleNamespace(provenance="made up", uplink_ms=uplink_ms)
    return ForeignLink(entry, model, Scenario(link="slow:3", **fields))


def test_a_link_of_another_package_gives_times_of_any_shape_and_nothing_for_nothing():
    link = foreign(lambda payload: 2.0 + payload / 1000, one_way_delay_ms=1.5, uplink_mbps=9.0)
    payload = np.array([[0.0, 1000.0], [500.0, 0.0]])
    assert link.send_ms(payload).tolist() == [[0.0, 3.0], [2.5, 0.0]]
    # the radio rests while the signal travels
    assert link.radio_ms(payload).tolist() == [[0.0, 1.5], [1.0, 0.0]]
    assert (link.radio_mbps, link.is_foreign) == (9.0, True)
    assert link.provenance == "computed by the link slow:3 of another package: made up"


@pytest.mark.parametrize(
    ("uplink_ms", "message"),
    [
        (lambda payload: payload[:1], r"must give an array of shape \(2,\)"),
        (lambda payload: 3.0, r"must give an array of shape \(2,\)"),
        (lambda payload: -payload, "must give finite times of at least 0 ms"),
        (lambda payload: payload + np.nan, "must give finite times of at least 0 ms"),
        (lambda payload: 1 // 0, "calling it ended in ZeroDivisionError"),
    ],
)
def test_what_is_no_time_says_whose_it_is(uplink_ms, message):
    with pytest.raises(PluginError, match=rf"'slow' of other 2\.0 .*{message}"):
        foreign(uplink_ms).send_ms(np.array([1.0, 2.0]))


def test_a_model_cannot_change_what_is_asked():
    def spoil(payload):
        payload[:] = 7.0
        return payload

    payload = np.array([1.0, 2.0])
    foreign(spoil).send_ms(payload)
    assert payload.tolist() == [1.0, 2.0]
