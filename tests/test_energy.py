import numpy as np
import pytest

from evonasc.cost.energy import RADIO_POWER_MW, energy_mj, head_power_mw
from evonasc.cost.link import uplink_ms
from evonasc.cost.scenario import RADIOS, Scenario
from evonasc.errors import ConfigError
from evonasc.nasbench201.machines.known import HARDWARE


def spent(scenario, head_ms, sending_ms):
    return energy_mj(scenario, np.array([head_ms]), np.array([sending_ms]))[0]


def test_computing_costs_power_times_time():
    # 2000 mW for 30 ms: 60,000 uJ
    assert spent(Scenario(head_power_mw=2000.0), 30.0, 0.0) == pytest.approx(60.0)


@pytest.mark.parametrize(
    ("radio", "power_mw"),
    [
        # at 10 Mbit/s
        ("3g", 8689.8 + 817.88),
        ("lte", 4383.9 + 1288.04),
        ("wifi", 2831.7 + 132.86),
    ],
)
def test_sending_costs_the_power_of_the_radio(radio, power_mw):
    scenario = Scenario(head_power_mw=1.0, radio=radio)
    assert spent(scenario, 0.0, 4.0) == pytest.approx(power_mw * 4.0 / 1000)


def test_the_radio_rests_while_the_signal_travels():
    scenario = Scenario(head_power_mw=1000.0, one_way_delay_ms=15.0)
    assert spent(scenario, 0.0, 15.0 + 4.0) == pytest.approx(2964.56 * 4.0 / 1000)


def test_nothing_sent_costs_nothing_whatever_the_delay():
    """The time on the uplink is then 0, less than the delay: no negative energy."""
    scenario = Scenario(head_power_mw=1000.0, one_way_delay_ms=15.0)
    times = uplink_ms(scenario, np.array([0.0]))
    assert energy_mj(scenario, np.array([2.0]), times).tolist() == [2.0]


def test_the_scenario_overrides_the_power_of_the_table():
    assert head_power_mw(Scenario(head_hardware="raspi4", head_power_mw=1234.0)) == 1234.0
    assert head_power_mw(Scenario(head_hardware="raspi4")) == HARDWARE["raspi4"].typical_power_mw


def test_unknown_power_is_refused_with_the_remedy():
    assert HARDWARE["1080ti"].typical_power_mw is None
    with pytest.raises(ConfigError, match=r"energy_mj needs the power of '1080ti'.*Set head_power"):
        spent(Scenario(head_hardware="1080ti"), 1.0, 1.0)


def test_every_radio_has_a_power():
    assert tuple(sorted(RADIO_POWER_MW)) == RADIOS
