"""Energy the device spends on one input: computing the head, then sending the payload.

Reference for the radio: Odema et al. 2021, "LENS: Layer Distribution Enabled Neural Architecture
Search in Edge-Cloud Hierarchies", DAC, with the constants of its published code.
"""

from dataclasses import dataclass

from evonasc.arrays import FloatArray
from evonasc.cost.path import Path
from evonasc.cost.scenario import Scenario
from evonasc.errors import ConfigError

#: Radio power in mW is ``a * Mbit/s + b`` while sending (LENS).
RADIO_POWER_MW = {"3g": (868.98, 817.88), "lte": (438.39, 1288.04), "wifi": (283.17, 132.86)}


@dataclass(frozen=True)
class DevicePower:
    """What the device draws while it computes and while it sends."""

    #: While computing, mW.
    head_mw: float
    #: While sending: so much a Mbit/s, and besides, mW.
    radio_mw_per_mbps: float
    radio_mw: float
    #: Name of the radio.
    radio: str

    @property
    def provenance(self) -> str:
        """Say where the numbers come from."""
        return f"{self.head_mw:g} mW while computing (assumed), {self.radio_provenance}"

    @property
    def radio_provenance(self) -> str:
        """Say where the radio's numbers come from."""
        return (
            f"radio {self.radio_mw_per_mbps:g} mW a Mbit/s + {self.radio_mw:g} mW (LENS 2021, "
            f"{self.radio})"
        )

    def energy_mj(
        self, head_ms: FloatArray, radio_ms: FloatArray, *, mbps: float | FloatArray
    ) -> FloatArray:
        """Return the device's energy for one input, mJ, same shape as the times.

        Power times time for the head, plus the radio's power for the time it sends. The server's
        energy is not counted.

        ``mbps`` is the rate the radio sends at, one or one a time; see
        :meth:`evonasc.cost.link.Link.radio_ms`.
        """
        radio_mw = self.radio_mw_per_mbps * mbps + self.radio_mw
        return (self.head_mw * head_ms + radio_mw * radio_ms) / 1000

    def radio_mj(self, radio_ms: FloatArray, *, mbps: float | FloatArray) -> FloatArray:
        """Return the radio's part of :meth:`energy_mj`, mJ."""
        radio_mw = self.radio_mw_per_mbps * mbps + self.radio_mw
        return radio_mw * radio_ms / 1000


def device_power(scenario: Scenario, path: Path) -> DevicePower:
    """Return the powers of a scenario's device.

    Raises:
        ConfigError: Neither the scenario nor the machine gives its power while computing.
    """
    head_mw = path.head.power_mw if scenario.head_power_mw is None else scenario.head_power_mw
    if head_mw is None:
        raise ConfigError(
            f"The objective energy_mj needs the power of {scenario.head_hardware!r}, which is "
            "unknown. Give --head-power-mw, head_power_mw in a scenario file, or power_mw in the "
            "machine's own file."
        )
    return DevicePower(head_mw, *RADIO_POWER_MW[scenario.radio], scenario.radio)
