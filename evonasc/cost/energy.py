"""Energy the device spends on one input: computing the head, sending the payload, waiting.

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
    #: While it does not compute, mW; the radio comes on top. None where it is unknown: waiting is
    #: not charged then, which flatters designs that send.
    idle_mw: float | None = None

    @property
    def provenance(self) -> str:
        """Say where the numbers come from."""
        return f"{self.head_mw:g} mW while computing (assumed), {self.waiting_provenance}"

    @property
    def waiting_provenance(self) -> str:
        """Say where the numbers come from of what the device draws while it does not compute."""
        waiting = (
            "nothing charged while it waits (unknown)"
            if self.idle_mw is None
            else f"{self.idle_mw:g} mW until the answer is there (assumed)"
        )
        return (
            f"{waiting}, radio {self.radio_mw_per_mbps:g} mW a Mbit/s + {self.radio_mw:g} mW "
            f"(LENS 2021, {self.radio})"
        )

    def energy_mj(
        self,
        head_ms: FloatArray,
        radio_ms: FloatArray,
        waiting_ms: FloatArray,
        *,
        mbps: float | FloatArray,
        head_mj: FloatArray | None = None,
    ) -> FloatArray:
        """Return the device's energy for one input, mJ, same shape as the times.

        Power times time for the head, plus the radio's power for the time it sends, plus the idle
        power for the time in which the device does not compute. The server's energy is not counted.

        Args:
            head_ms: Of computing.
            radio_ms: Of sending; see :meth:`evonasc.cost.link.Link.radio_ms`.
            waiting_ms: Of all but computing: the latency less ``head_ms``.
            mbps: The rate the radio sends at, one or one a time.
            head_mj: Of computing, where it is known better than by power and time.
        """
        computing = self.head_mw * head_ms / 1000 if head_mj is None else head_mj
        radio_mw = self.radio_mw_per_mbps * mbps + self.radio_mw
        return computing + (radio_mw * radio_ms + (self.idle_mw or 0.0) * waiting_ms) / 1000


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
    idle_mw = scenario.head_idle_power_mw
    return DevicePower(
        head_mw,
        *RADIO_POWER_MW[scenario.radio],
        scenario.radio,
        path.head.idle_power_mw if idle_mw is None else idle_mw,
    )
