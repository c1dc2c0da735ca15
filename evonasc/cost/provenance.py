"""Where each number of a front comes from, in words: measured, fitted, apportioned or assumed."""

from evonasc.cost.energy import RADIO_POWER_MW, head_power_mw
from evonasc.cost.hardware import HARDWARE, fit_report
from evonasc.cost.roofline import is_roofline_fitted, rooflines
from evonasc.cost.scenario import Scenario


def cost_provenance(scenario: Scenario, *, objectives: tuple[str, ...]) -> list[str]:
    """Return one line a quantity.

    Args:
        scenario: Names the machines and the link.
        objectives: Energy is explained where it is one of them.
    """
    lines = [_machine_line("head_ms", scenario.head_hardware)]
    lines.append(_machine_line("tail_ms", scenario.tail_hardware))
    lines.append(
        f"uplink_ms: computed from {scenario.uplink_mbps:g} Mbit/s (assumed), "
        f"{scenario.packet_header_bytes} header bytes a packet of {scenario.mtu_bytes}, "
        f"{scenario.one_way_delay_ms:g} ms delay, {scenario.packet_loss:g} loss with resending."
    )
    lines.append("payload_bytes, head_memory_bytes: computed from tensor shapes, exact.")
    if "energy_mj" in objectives:
        slope, base = RADIO_POWER_MW[scenario.radio]
        lines.append(
            f"energy_mj: {head_power_mw(scenario):g} mW while computing (assumed), radio "
            f"{slope:g} mW a Mbit/s + {base:g} mW (LENS 2021, {scenario.radio})."
        )
    return lines


def _machine_line(quantity: str, hardware: str) -> str:
    """Explain the times of one machine."""
    machine = HARDWARE[hardware]
    if machine.kind == "closed form":
        total = "total by a closed form that reproduces HW-NAS-Bench exactly"
    else:
        report = fit_report(hardware)
        total = (
            f"total fitted to measurements (held-out cells: {report.within_10_percent:.0%} within "
            f"10 %, mean error {report.mape:.1%})"
        )
    if is_roofline_fitted(hardware):
        error = rooflines()[hardware].fit_error
        shares = f"apportioned to blocks by a roofline (mean error {error:.0%} on FBNet blocks)"
    else:
        shares = "apportioned to blocks by MACs and bytes (assumed)"
    return f"{quantity}: {machine.description}; {total}; {shares}."
