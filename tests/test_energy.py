import numpy as np
import pytest
from own_machines import path

from evonasc.cost.energy import RADIO_POWER_MW, DevicePower, device_power
from evonasc.cost.link import fixed_link
from evonasc.cost.scenario import RADIOS, Scenario
from evonasc.errors import ConfigError
from evonasc.nasbench201.machines.known import HARDWARE


def power_of(scenario):
    return device_power(scenario, path(scenario))


def spent(scenario, head_ms, radio_ms, waiting_ms=0.0):
    times = (np.array([one]) for one in (head_ms, radio_ms, waiting_ms))
    return power_of(scenario).energy_mj(*times, mbps=scenario.uplink_mbps)[0]


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
    # 4,960 bytes and 4 * 40 of headers are 4.096 ms at 10 Mbit/s
    link = fixed_link(Scenario(one_way_delay_ms=15.0))
    payload = np.array([4960.0])
    assert link.send_ms(payload)[0] == pytest.approx(15.0 + 4.096)
    assert link.radio_ms(payload)[0] == pytest.approx(4.096)


def test_nothing_sent_costs_nothing_whatever_the_delay():
    """The time on the uplink is then 0, less than the delay: no negative energy."""
    times = fixed_link(Scenario(one_way_delay_ms=15.0)).radio_ms(np.array([0.0]))
    power = power_of(Scenario(head_power_mw=1000.0))
    assert power.energy_mj(np.array([2.0]), times, np.zeros(1), mbps=10.0).tolist() == [2.0]


def test_waiting_costs_the_idle_power_for_as_long_as_the_device_does_not_compute():
    scenario = Scenario(head_power_mw=2000.0, head_idle_power_mw=500.0)
    # 2000 mW for 30 ms and 500 mW for 8 ms
    assert spent(scenario, 30.0, 0.0, 8.0) == pytest.approx(64.0)
    assert spent(Scenario(head_power_mw=2000.0, head_idle_power_mw=0.0), 30.0, 0.0, 8.0) == 60.0


def test_the_idle_power_is_the_machine_s_unless_the_scenario_says_it():
    assert power_of(Scenario(head_hardware="raspi4")).idle_mw == HARDWARE["raspi4"].idle_power_mw
    assert power_of(Scenario(head_hardware="raspi4", head_idle_power_mw=9.0)).idle_mw == 9.0
    assert power_of(Scenario(head_hardware="pixel3")).idle_mw is None
    assert power_of(Scenario(head_hardware="pixel3", head_idle_power_mw=9.0)).idle_mw == 9.0


def test_the_scenario_overrides_the_power_of_the_machine():
    assert power_of(Scenario(head_hardware="raspi4", head_power_mw=1234.0)).head_mw == 1234.0
    machine = HARDWARE["raspi4"]
    assert power_of(Scenario(head_hardware="raspi4")).head_mw == machine.typical_power_mw


def test_unknown_power_is_refused_with_the_remedy():
    assert HARDWARE["1080ti"].typical_power_mw is None
    with pytest.raises(ConfigError, match=r"the power of '1080ti'.*Give --head-power"):
        power_of(Scenario(head_hardware="1080ti"))


def test_every_radio_has_a_power():
    assert tuple(sorted(RADIO_POWER_MW)) == RADIOS


def test_where_the_powers_come_from_is_said():
    radio = "radio 283.17 mW a Mbit/s + 132.86 mW (LENS 2021, wifi)"
    assert DevicePower(6400.0, 283.17, 132.86, "wifi").provenance == (
        f"6400 mW while computing (assumed), nothing charged while it waits (unknown), {radio}"
    )
    assert DevicePower(6400.0, 283.17, 132.86, "wifi", 2700.0).provenance == (
        f"6400 mW while computing (assumed), 2700 mW until the answer is there (assumed), {radio}"
    )
