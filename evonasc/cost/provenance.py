"""Where each number of a front comes from, in words: measured, fitted, apportioned or assumed."""

from evonasc.cost.energy import RADIO_POWER_MW, head_power_mw
from evonasc.cost.link_table import link_model
from evonasc.cost.machines import declared_machine, is_own, machine_digest, own_machine, resolve
from evonasc.cost.own_machine import OwnMachine
from evonasc.cost.roofline import is_roofline_fitted, rooflines
from evonasc.cost.scenario import Scenario
from evonasc.cost.varying_link import VaryingLink
from evonasc.nasbench201.machines.known import fit_report


def cost_provenance(
    scenario: Scenario, *, objectives: tuple[str, ...], link: VaryingLink | None = None
) -> list[str]:
    """Return one line a quantity.

    Args:
        scenario: Names the machines and the link.
        objectives: Energy is explained where it is one of them.
        link: The scenario's link where its rate varies.
    """
    lines = [_machine_line("head_ms", scenario.head_hardware)]
    lines.append(_machine_line("tail_ms", scenario.tail_hardware))
    loss = f"{scenario.packet_loss:g} loss {'with' if scenario.retransmit else 'without'} resending"
    added = link_model(scenario)
    lines.append(
        f"uplink_ms: computed by the link {scenario.link} of another package: {added.provenance}."
        if added is not None
        else f"uplink_ms: computed from {_rate(scenario, link)}, "
        f"{scenario.packet_header_bytes} header bytes a packet of {scenario.mtu_bytes}, "
        f"{scenario.one_way_delay_ms:g} ms delay, {loss}."
    )
    lines.append("payload_bytes, head_memory_bytes: computed from tensor shapes, exact.")
    if "energy_mj" in objectives:
        slope, base = RADIO_POWER_MW[scenario.radio]
        lines.append(
            f"energy_mj: {head_power_mw(scenario):g} mW while computing (assumed), radio "
            f"{slope:g} mW a Mbit/s + {base:g} mW (LENS 2021, {scenario.radio})."
        )
    return lines


def _rate(scenario: Scenario, link: VaryingLink | None) -> str:
    """Explain the rate of the uplink."""
    if link is None:
        return f"{scenario.uplink_mbps:g} Mbit/s (assumed)"
    trace = link.trace
    traces = f"{trace.n_traces} traces, " if trace.n_traces > 1 else ""
    return (
        f"the trace {trace.source} (SHA-256 {trace.sha256[:12]}; {traces}{trace.n_rows} rows, "
        f"{trace.seconds:.0f} s), median over its time at {link.median_scenario.uplink_mbps:.3g} "
        f"Mbit/s, 95 % of the time at least {trace.rate_quantile(0.95):.3g}, down "
        f"{trace.outage_share:.1%} of the time"
    )


def _machine_line(quantity: str, hardware: str) -> str:
    """Explain the times of one machine."""
    declared = declared_machine(hardware)
    if declared is not None:
        return (
            f"{quantity}: {declared.name} ({declared.description}; {hardware}, SHA-256 "
            f"{machine_digest(hardware)[:8]}); {declared.macs_per_ms:g} multiply-accumulates and "
            f"{declared.bytes_per_ms:g} bytes a ms, {declared.overhead_ms:g} ms a layer (assumed)."
        )
    if is_own(hardware):
        file = f"file {hardware}, SHA-256 {machine_digest(hardware)[:8]}"
        return f"{quantity}: {_own_machine_words(own_machine(hardware), file)}."
    machine = resolve(hardware)
    if machine.kind == "closed form":
        total = "total by a closed form that reproduces HW-NAS-Bench exactly"
    else:
        report = fit_report(hardware)
        total = (
            f"total fitted to measurements (held-out cells: {report.within_10_percent:.0%} within "
            f"10 %, mean error {report.mape:.1%})"
        )
    return f"{quantity}: {machine.description}; {total}; {_share_words(hardware)}."


def _own_machine_words(machine: OwnMachine, file: str) -> str:
    """Explain the times of a machine of the user."""
    quality = f"mean error {machine.left_out_error:.1%} on networks left out"
    if machine.base:
        return (
            f"{machine.name} ({machine.description}; {file}); total calibrated on "
            f"{machine.n_networks} networks the user measured, leaning on {machine.base} "
            f"({quality}); {_share_words(machine.base)}, those of {machine.base}"
        )
    return (
        f"{machine.name} ({machine.description}; {file}); total fitted to {machine.n_networks} "
        f"networks measured on it ({quality}, noise {machine.noise:.1%}); apportioned to blocks by "
        f"layers measured on it (mean error {machine.block_error:.0%} of a block's time)"
    )


def _share_words(hardware: str) -> str:
    """Say how the total of a machine we know is shared out."""
    if is_roofline_fitted(hardware):
        error = rooflines()[hardware].fit_error
        return f"apportioned to blocks by a roofline (mean error {error:.0%} on FBNet blocks)"
    return "apportioned to blocks by MACs and bytes (assumed)"
