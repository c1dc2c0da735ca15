"""Energy the device spends on one input: computing the head, then sending the payload.

Reference for the radio: Odema et al. 2021, "LENS: Layer Distribution Enabled Neural Architecture
Search in Edge-Cloud Hierarchies", DAC, with the constants of its published code.
"""

from evonasc.arrays import FloatArray
from evonasc.cost.machines import resolve
from evonasc.cost.scenario import Scenario
from evonasc.errors import ConfigError

#: Radio power in mW is ``a * Mbit/s + b`` while sending (LENS).
RADIO_POWER_MW = {
    "3g": (868.98, 817.88),
    "lte": (438.39, 1288.04),
    "wifi": (283.17, 132.86),
}


def energy_mj(scenario: Scenario, head_ms: FloatArray, uplink_ms: FloatArray) -> FloatArray:
    """Return the device's energy for one input, mJ, same shape as the times.

    Power times time for the head, plus the radio's power for the time on the uplink less the
    propagation delay. The server's energy is not counted.

    Args:
        scenario: Names head hardware and radio, and may give the head's power.
        head_ms: Time of the head.
        uplink_ms: Time on the uplink, as :func:`evonasc.cost.link.uplink_ms` gives it.

    Raises:
        ConfigError: The head's power is unknown.
    """
    slope, base = RADIO_POWER_MW[scenario.radio]
    radio_mw = slope * scenario.uplink_mbps + base
    sending_ms = (uplink_ms - scenario.one_way_delay_ms).clip(min=0.0)
    return (head_power_mw(scenario) * head_ms + radio_mw * sending_ms) / 1000


def head_power_mw(scenario: Scenario) -> float:
    """Return the power of the computing device, mW.

    Raises:
        ConfigError: Neither the scenario nor the hardware table gives it.
    """
    if scenario.head_power_mw is not None:
        return scenario.head_power_mw
    typical = resolve(scenario.head_hardware).typical_power_mw
    if typical is None:
        raise ConfigError(
            f"The objective energy_mj needs the power of {scenario.head_hardware!r}, which is "
            "unknown. Set head_power_mw in the scenario."
        )
    return typical
