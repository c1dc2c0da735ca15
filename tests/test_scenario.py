import dataclasses
import json
import math

import pytest

from evonasc.cost.cuts import design_space
from evonasc.cost.payload import Sending
from evonasc.cost.scenario import (
    DEFAULT_SCENARIO,
    SCENARIOS,
    Scenario,
    as_dict,
    named_scenario,
    override,
    read_scenario,
)
from evonasc.errors import ConfigError, DataFileError, UnknownNameError
from evonasc.nasbench201.machines.known import HARDWARE


@pytest.fixture
def toml(tmp_path):
    """Write a scenario file and return its path."""

    def write(text, name="garage.toml"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


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
    ("payload_bits", (), "name at least one width"),
    ("payload_bits", (8, 8), r"differ, got \(8, 8\)"),
    ("payload_bits", (8, 3), "be one of 2, 4, 8, 16, 32, got 3"),
]


@pytest.mark.parametrize(("field", "value", "message"), BAD_VALUES)
def test_values_out_of_range_are_refused_by_name(field, value, message):
    with pytest.raises(ConfigError, match=f"{field} must {message}"):
        Scenario(**{field: value})


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("head_hardware", "raspi5", "hardware 'raspi5'. Did you mean 'raspi4'"),
        ("tail_hardware", "titan", "hardware 'titan'. Did you mean 'titan_rtx'"),
        ("radio", "5g", "radio '5g'. Did you mean '3g'"),
    ],
)
def test_unknown_names_are_refused_with_the_close_match(field, value, message):
    with pytest.raises(UnknownNameError, match=message):
        Scenario(**{field: value})


def test_boundary_values_are_allowed():
    Scenario(packet_loss=0.0, one_way_delay_ms=0.0, min_split=0, packet_header_bytes=0)
    Scenario(packet_loss=0.99, mtu_bytes=41, payload_bits=(2, 4, 8, 16, 32))


def test_a_scenario_cannot_be_changed_and_can_be_a_key():
    scenario = Scenario()
    with pytest.raises(dataclasses.FrozenInstanceError, match="uplink_mbps"):
        scenario.uplink_mbps = 3.0
    assert {scenario: 1}[Scenario()] == 1


# Named scenarios


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_named_scenarios_keep_the_raw_input_on_the_device_and_leave_every_network_a_cut(
    scenario, nasbench
):
    designs = design_space(scenario, nasbench)
    genes = designs.all_designs()
    assert len({tuple(row) for row in designs.operations(genes).tolist()}) == 5424
    assert (designs.split_point(genes) > 0).all()


def test_named_scenarios_are_found_by_their_own_name():
    assert next(iter(SCENARIOS)) == DEFAULT_SCENARIO
    for name, scenario in SCENARIOS.items():
        assert scenario.name == name
        assert named_scenario(name) is scenario
        assert {scenario.head_hardware, scenario.tail_hardware} <= set(HARDWARE)


def test_an_unknown_scenario_is_refused_with_the_close_match():
    wanted = "scenario 'raspi4-edgegpu-15mbps'. Did you mean 'raspi4-edgegpu-"
    with pytest.raises(UnknownNameError, match=wanted):
        named_scenario("raspi4-edgegpu-15mbps")


# TOML files


def test_a_file_sets_fields_and_the_rest_is_the_default(toml):
    path = toml('head_hardware = "pixel3"\nuplink_mbps = 3\npayload_bits = [4, 8]\n')
    assert named_scenario(str(path)) == Scenario(
        name="garage", head_hardware="pixel3", uplink_mbps=3.0, payload_bits=(4, 8)
    )


def test_whole_numbers_become_floats_where_a_float_is_wanted(toml):
    scenario = read_scenario(toml("uplink_mbps = 3\nmax_payload_bytes = 9000\n"))
    assert isinstance(scenario.uplink_mbps, float)
    assert isinstance(scenario.max_payload_bytes, float)


def test_a_single_width_needs_no_brackets(toml):
    assert read_scenario(toml("payload_bits = 16\n")).payload_bits == (16,)


def test_base_names_the_scenario_to_start_from(toml):
    path = toml('base = "pixel3-busygpu-20mbps-lte"\nuplink_mbps = 2.5\n')
    expected = SCENARIOS["pixel3-busygpu-20mbps-lte"]
    expected = dataclasses.replace(expected, name="garage", uplink_mbps=2.5)
    assert read_scenario(path) == expected


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("uplink_mpbs = 3", UnknownNameError, "scenario field 'uplink_mpbs'. Did you mean 'upl"),
        ("[uplink]\nrate = 1", UnknownNameError, "scenario field 'uplink'"),
        ('base = "nowhere"', UnknownNameError, "scenario 'nowhere'"),
        ('uplink_mbps = "3"', ConfigError, "uplink_mbps must be a number, got '3'"),
        ("uplink_mbps = true", ConfigError, "uplink_mbps must be a number, got True"),
        ("uplink_mbps = nan", ConfigError, "uplink_mbps must be positive and below 1e9, got nan"),
        ("packet_loss = 1", ConfigError, r"packet_loss must lie in \[0, 1\)"),
        ("mtu_bytes = 1500.0", ConfigError, "mtu_bytes must be a whole number, got 1500.0"),
        ("min_split = true", ConfigError, "min_split must be a whole number, got True"),
        ("min_split = false", ConfigError, "min_split must be a whole number, got False"),
        ("max_payload_bytes = false", ConfigError, "max_payload_bytes must be a number"),
        ('max_payload_bytes = "none"', ConfigError, "max_payload_bytes must be a number"),
        ("head_hardware = 4", ConfigError, "head_hardware must be text, got 4"),
        ("payload_bits = [8.0]", ConfigError, "payload_bits must be a list of whole numbers"),
        ("payload_bits = [true]", ConfigError, "payload_bits must be a list of whole numbers"),
        ("payload_bits = true", ConfigError, "payload_bits must be a list of whole numbers"),
        ('payload_bits = "8"', ConfigError, "payload_bits must be a list of whole numbers"),
        ("payload_bits = []", ConfigError, "at least one width"),
        ("uplink_mbps = ", DataFileError, r"garage\.toml is no TOML file"),
        ("a = 1\na = 2", DataFileError, r"garage\.toml is no TOML file"),
    ],
)
def test_files_that_hold_no_scenario_are_refused(toml, text, error, message):
    with pytest.raises(error, match=message):
        read_scenario(toml(text))


def test_a_base_must_be_a_named_scenario(toml):
    """Files that name files could name themselves."""
    path = toml("")
    path.write_text(f'base = "{path.as_posix()}"', encoding="utf-8")
    with pytest.raises(UnknownNameError, match="Unknown base scenario"):
        read_scenario(path)


def test_files_that_cannot_be_read_are_refused(tmp_path):
    with pytest.raises(DataFileError, match=r"Cannot read the scenario .*gone\.toml: No such file"):
        named_scenario(str(tmp_path / "gone.toml"))
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataFileError, match="is no TOML file"):
        read_scenario(binary)
    with pytest.raises(DataFileError, match="Cannot read the scenario"):
        read_scenario(tmp_path)


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


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
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
