import pytest
from own_machines import KNOWN, path

from evonasc.cost.link import FixedLink, fixed_link
from evonasc.cost.path import Path
from evonasc.cost.scenario import Scenario
from evonasc.errors import ConfigError, UnknownNameError


def test_a_scenario_names_two_machines_and_a_link():
    found = path(Scenario(head_hardware="pixel3", tail_hardware="fpga", uplink_mbps=3.0))
    assert [machine.name for machine in found.machines] == ["pixel3", "fpga"]
    assert (found.head, found.tail) == found.machines
    assert found.links == (found.uplink,)
    assert isinstance(found.uplink, FixedLink)
    assert found.uplink.radio_mbps == 3.0


@pytest.mark.parametrize(
    ("fields", "error", "message"),
    [
        ({"head_hardware": "raspi5"}, UnknownNameError, "'raspi5'. Did you mean 'raspi4'"),
        ({"tail_hardware": "titan"}, UnknownNameError, "'titan'. Did you mean 'titan_rtx'"),
        ({"link": "wifi"}, ConfigError, "link must be one of fixed, trace:FILE, got 'wifi'"),
    ],
)
def test_what_nobody_knows_is_refused_when_the_path_is_made(fields, error, message):
    scenario = Scenario(**fields)  # a value: names are not looked up
    with pytest.raises(error, match=message):
        path(scenario)


@pytest.mark.parametrize(("n_machines", "n_links"), [(1, 0), (2, 2), (3, 1)])
def test_a_link_lies_between_each_two_machines(n_machines, n_links):
    machines, links = (KNOWN["raspi4"],) * n_machines, (fixed_link(Scenario()),) * n_links
    with pytest.raises(ConfigError, match=f"got {n_machines} machines and {n_links} links"):
        Path(machines, links)
