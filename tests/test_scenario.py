import dataclasses
import json
import math

import pytest

from evonasc.cost.payload import Sending
from evonasc.cost.scenario import Scenario, as_dict, override
from evonasc.cost.scenario_table import SCENARIOS, named_scenario
from evonasc.errors import ConfigError, UnknownNameError

TRACED = Scenario(name="traced", link="trace:x.csv", deadline_ms=9.0)

# Values


BAD_VALUES = [
    ("uplink_mbps", 0.0, "be positive and below 1e9, got 0.0"),
    ("uplink_mbps", -1.0, "be positive"),
    ("uplink_mbps", math.nan, "be positive and below 1e9, got nan"),
    ("uplink_mbps", math.inf, ".*, got inf"),
    ("one_way_delay_ms", -0.1, "be at least 0 and below 1e9, got -0.1"),
    ("one_way_delay_ms", math.inf, ".*, got inf"),
    ("one_way_delay_ms", math.nan, ".*, got nan"),
    ("packet_loss", 1.0, r"lie in \[0, 1\), got 1.0"),
    ("packet_loss", -0.01, r"lie in \[0, 1\)"),
    ("packet_loss", math.nan, r"lie in \[0, 1\), got nan"),
    ("packet_header_bytes", -1, "be at least 0, got -1"),
    ("mtu_bytes", 40, "exceed packet_header_bytes = 40 and not 1e9, got 40"),
    ("min_split", -1, "be at least 0, got -1"),
    ("max_head_memory_bytes", 0.0, "be positive, got 0.0"),
    ("max_head_memory_bytes", math.nan, "be positive, got nan"),
    ("max_payload_bytes", -5.0, "be positive, got -5.0"),
    ("head_power_mw", 0.0, "be positive, got 0.0"),
    ("head_idle_power_mw", -1.0, "be at least 0 and finite, got -1.0"),
    ("head_idle_power_mw", math.inf, "be at least 0 and finite, got inf"),
    ("payload_bits", (), "name at least one width"),
    ("payload_bits", (8, 8), r"differ, got \(8, 8\)"),
    ("payload_bits", (8, 3), "be one of 2, 4, 8, 16, 32, got 3"),
]


@pytest.mark.parametrize(("field", "value", "message"), BAD_VALUES)
def test_values_out_of_range_are_refused_by_name(field, value, message):
    with pytest.raises(ConfigError, match=f"{field} must {message}"):
        Scenario(**{field: value})


def test_an_unknown_radio_is_refused_with_the_close_match():
    with pytest.raises(UnknownNameError, match="radio '5g'. Did you mean '3g'"):
        Scenario(radio="5g")


def test_names_of_machines_and_links_are_not_looked_up():
    """A value: what they stand for is found where a path is made."""
    assert Scenario(head_hardware="raspi5", link="wifi").link == "wifi"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"deadline_ms": 5.0}, "deadline_ms must come with a link that varies, got link 'fixed'"),
        ({"link": "trace:x.csv", "deadline_ms": 0.0}, "deadline_ms must be positive, got 0.0"),
        ({"link": "trace:x.csv", "deadline_ms": math.nan}, "deadline_ms must be positive"),
    ],
)
def test_deadlines_that_say_nothing_are_refused(fields, message):
    with pytest.raises(ConfigError, match=message):
        Scenario(**fields)


def test_boundary_values_are_allowed():
    Scenario(packet_loss=0.0, one_way_delay_ms=0.0, min_split=0, packet_header_bytes=0)
    Scenario(packet_loss=0.99, mtu_bytes=41, payload_bits=(2, 4, 8, 16, 32))


def test_a_scenario_cannot_be_changed_and_can_be_a_key():
    scenario = Scenario()
    with pytest.raises(dataclasses.FrozenInstanceError, match="uplink_mbps"):
        scenario.uplink_mbps = 3.0
    assert {scenario: 1}[Scenario()] == 1


# Overriding and writing


def test_override_replaces_some_fields_and_leaves_the_original_alone():
    base = Scenario()
    changed = override(base, {"max_payload_bytes": 4000, "payload_bits": [4], "radio": "3g"})
    assert changed == Scenario(max_payload_bytes=4000.0, payload_bits=(4,), radio="3g")
    assert override(changed, {"max_payload_bytes": None}).max_payload_bytes is None
    assert base == Scenario()


def test_only_limits_may_be_nothing():
    with pytest.raises(ConfigError, match="uplink_mbps must be a number, got None"):
        override(Scenario(), {"uplink_mbps": None})


@pytest.mark.parametrize(
    "scenario", [*map(named_scenario, SCENARIOS), TRACED], ids=lambda one: one.name
)
def test_a_scenario_survives_being_written_as_json(scenario):
    written = json.loads(json.dumps(as_dict(scenario)))
    assert override(Scenario(), written) == scenario
    assert written.keys() == {field.name for field in dataclasses.fields(Scenario)}


# What the payload suffers


def test_lost_packets_harm_only_where_they_are_not_sent_again():
    assert Scenario().is_payload_harmless
    assert Scenario(packet_loss=0.3).is_payload_harmless
    assert Scenario(retransmit=False).is_payload_harmless
    lossy = Scenario(packet_loss=0.3, retransmit=False, mtu_bytes=576)
    assert not lossy.is_payload_harmless
    # 576 less 40 bytes of headers
    assert lossy.sending(8) == Sending(8, packet_loss=0.3, packet_bytes=536)
    assert Scenario(packet_loss=0.3).sending(8) == Sending(8)


def test_one_narrow_width_on_offer_is_enough_to_harm():
    assert Scenario(payload_bits=(8, 16, 32)).is_payload_harmless
    assert not Scenario(payload_bits=(4, 8)).is_payload_harmless


def test_sending_again_is_yes_or_no():
    assert override(Scenario(), {"retransmit": False}).retransmit is False
    for value in (0, 1, "no", None):
        with pytest.raises(ConfigError, match="retransmit must be true or false, got"):
            override(Scenario(), {"retransmit": value})
