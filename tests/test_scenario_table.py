import dataclasses

import pytest

from evonasc.cost.cuts import design_space
from evonasc.cost.scenario import Scenario
from evonasc.cost.scenario_table import (
    DEFAULT_SCENARIO,
    SCENARIOS,
    named_scenario,
    read_scenario,
)
from evonasc.errors import ConfigError, DataFileError, PluginError, UnknownNameError


@pytest.fixture
def toml(tmp_path):
    """Write a scenario file and return its path."""

    def write(text, name="garage.toml"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


# Named scenarios


@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_named_scenarios_keep_the_raw_input_on_the_device_and_leave_every_network_a_cut(
    name, nasbench
):
    designs = design_space(named_scenario(name), nasbench)
    genes = designs.all_designs()
    assert len({tuple(row) for row in designs.operations(genes).tolist()}) == 5424
    assert (designs.split_point(genes) > 0).all()


def test_named_scenarios_are_found_by_their_own_name(nas201):
    assert DEFAULT_SCENARIO in SCENARIOS
    for name in SCENARIOS:
        scenario = named_scenario(name)
        assert scenario.name == name
        assert {scenario.head_hardware, scenario.tail_hardware} <= set(nas201.machines)


def test_the_default_scenario_is_that_of_no_arguments():
    assert named_scenario(DEFAULT_SCENARIO) == Scenario(name=DEFAULT_SCENARIO)


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
    expected = named_scenario("pixel3-busygpu-20mbps-lte")
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
        ('head_hardware = "os:remove"', PluginError, "asks to import 'os:remove'"),
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


@pytest.mark.parametrize("file", ["twice.npz", "box.toml"])
def test_a_machine_is_looked_for_in_the_folder_of_the_scenario(toml, tmp_path, monkeypatch, file):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    machine = str(tmp_path / file)
    assert read_scenario(toml(f'head_hardware = "{file}"')).head_hardware == machine
    assert read_scenario(toml(f'tail_hardware = "{machine}"')).tail_hardware == machine


def test_a_scenario_of_another_package_must_be_one():
    with pytest.raises(PluginError, match="must be a Scenario or the path of a TOML file, got flo"):
        named_scenario("math:pi")


def test_a_scenario_of_another_package_may_be_a_file(toml, monkeypatch):
    path = toml("uplink_mbps = 3")
    monkeypatch.setattr("strategies.garage", path, raising=False)
    assert named_scenario("strategies:garage") == Scenario(name="garage", uplink_mbps=3.0)
