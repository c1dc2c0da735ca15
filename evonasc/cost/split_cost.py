"""Everything a cut costs except accuracy: times, payload, energy, memory, for many designs."""

from dataclasses import dataclass

from evonasc.arrays import FloatArray, IntArray
from evonasc.cost.energy import energy_mj
from evonasc.cost.link import uplink_ms
from evonasc.cost.memory import head_memory_table
from evonasc.cost.payload import payload_bytes
from evonasc.cost.roofline import head_table_ms
from evonasc.cost.scenario import Scenario
from evonasc.cost.varying_link import HIGH_QUANTILE, VaryingLink, varying_link
from evonasc.space import DesignSpace


@dataclass(frozen=True)
class SplitCosts:
    """Costs of n designs for one input; every field is an ``(n,)`` array."""

    #: Time of the head on the device, ms.
    head_ms: FloatArray
    #: Time on the uplink, ms.
    uplink_ms: FloatArray
    #: Time of the tail on the server, ms.
    tail_ms: FloatArray
    #: What crosses the uplink, bytes.
    payload_bytes: FloatArray
    #: Weights and activations of the head, bytes.
    head_memory_bytes: FloatArray

    @property
    def latency_ms(self) -> FloatArray:
        """Head, uplink and tail one after the other, ms."""
        return self.head_ms + self.uplink_ms + self.tail_ms


def split_costs(
    genes: IntArray, *, designs: DesignSpace, scenario: Scenario, link: VaryingLink | None = None
) -> SplitCosts:
    """Return what designs cost in a scenario.

    Args:
        genes: ``(n, n_genes)`` canonical designs: whoever builds a network leaves out what cannot
            reach its output.
        designs: The design space of the genes.
        scenario: Machines and link.
        link: The scenario's link where its rate varies, to read the trace once; read here by
            default. ``uplink_ms`` is then the median over the trace.

    Raises:
        DataFileError: The link's trace cannot be read.
    """
    chosen = varying_link(scenario) if link is None else link
    cuts = designs.split_point(genes)
    networks, row = designs.space.distinct(designs.operations(genes))
    head = head_table_ms(scenario.head_hardware, designs.space, networks)
    tail = head_table_ms(scenario.tail_hardware, designs.space, networks)
    payload = payload_bytes(designs.space, cuts, designs.bits(genes)[:, 0])
    return SplitCosts(
        head_ms=head[row, cuts],
        uplink_ms=uplink_ms(scenario, payload) if chosen is None else chosen.quantile_ms(payload),
        tail_ms=tail[row, -1] - tail[row, cuts],
        payload_bytes=payload,
        head_memory_bytes=head_memory_table(designs.space, networks)[row, cuts],
    )


def varying_columns(costs: SplitCosts, *, link: VaryingLink) -> dict[str, FloatArray]:
    """Return what a link that varies adds: ``(n,)`` arrays by name.

    ``latency_p95_ms``, which 95 % of the inputs keep to, and, where the scenario has a deadline,
    ``miss_probability``, the share of inputs that do not keep to it.
    """
    computing = costs.head_ms + costs.tail_ms
    high = link.quantile_ms(costs.payload_bytes, HIGH_QUANTILE)
    columns = {"latency_p95_ms": costs.head_ms + high + costs.tail_ms}
    if link.scenario.deadline_ms is not None:
        columns["miss_probability"] = link.miss_probability(
            costs.payload_bytes, computing_ms=computing, deadline_ms=link.scenario.deadline_ms
        )
    return columns


def split_energy_mj(
    costs: SplitCosts, *, scenario: Scenario, link: VaryingLink | None = None
) -> FloatArray:
    """Return the device's energy for one input, mJ, ``(n,)``.

    On a link that varies, sending at its median rate; waiting for a link that is down is free.

    Raises:
        ConfigError: The power of the scenario's head hardware is unknown.
        DataFileError: The link's trace cannot be read.
    """
    chosen = varying_link(scenario) if link is None else link
    if chosen is None:
        return energy_mj(scenario, costs.head_ms, costs.uplink_ms)
    sending = uplink_ms(chosen.median_scenario, costs.payload_bytes)
    return energy_mj(chosen.median_scenario, costs.head_ms, sending)
