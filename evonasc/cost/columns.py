"""The columns that machines and links give: times, sizes, energy, and what a varying link adds."""

from evonasc.arrays import IntArray
from evonasc.cost.costs import path_costs
from evonasc.cost.energy import DevicePower
from evonasc.cost.path import Path
from evonasc.cost.varying_link import HIGH_QUANTILE, VaryingLink
from evonasc.space import DesignSpace
from evonasc.space.columns import Columns, ColumnSource


class CostColumns(ColumnSource):
    """Times (ms), payload and memory (bytes) of designs on a path of two machines."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def columns(self, genes: IntArray, *, designs: DesignSpace, known: Columns) -> Columns:
        """Return latency, its three parts, payload and the head's memory.

        Raises:
            ConfigError: The designs are over several links.
        """
        designs.require_one_link("A head and a tail")
        costs = path_costs(genes, designs=designs, path=self.path)
        return {
            "latency_ms": costs.latency_ms,
            "head_ms": costs.machine_ms[:, 0],
            "uplink_ms": costs.link_ms[:, 0],
            "tail_ms": costs.machine_ms[:, 1],
            "payload_bytes": costs.payload_bytes[:, 0],
            "head_memory_bytes": costs.head_memory_bytes,
        }

    def provenance(self) -> tuple[str, ...]:
        """Explain machines and link."""
        return (
            f"head_ms: {self.path.head.provenance}.",
            f"tail_ms: {self.path.tail.provenance}.",
            f"uplink_ms: {self.path.uplink.provenance}.",
            "payload_bytes, head_memory_bytes: computed from tensor shapes, exact.",
        )


class EnergyColumns(ColumnSource):
    """The device's energy for one input, mJ; on a link that varies, sending at its median rate."""

    def __init__(self, path: Path, power: DevicePower) -> None:
        self._link, self._power = path.uplink, power

    def columns(self, genes: IntArray, *, designs: DesignSpace, known: Columns) -> Columns:
        """Return ``energy_mj`` from the head's time and the payload."""
        radio_ms, mbps = self._link.radio_ms(known["payload_bytes"]), self._link.radio_mbps
        return {"energy_mj": self._power.energy_mj(known["head_ms"], radio_ms, mbps=mbps)}

    def provenance(self) -> tuple[str, ...]:
        """Explain the powers."""
        return (f"energy_mj: {self._power.provenance}.",)


class TraceColumns(ColumnSource):
    """What a link that varies adds: the latency 95 % of inputs keep to, and missed deadlines."""

    def __init__(self, link: VaryingLink, *, deadline_ms: float | None) -> None:
        self._link, self._deadline_ms = link, deadline_ms

    def columns(self, genes: IntArray, *, designs: DesignSpace, known: Columns) -> Columns:
        """Return ``latency_p95_ms`` and, with a deadline, ``miss_probability``."""
        payload = known["payload_bytes"]
        high = self._link.quantile_ms(payload, HIGH_QUANTILE)
        columns = {"latency_p95_ms": known["head_ms"] + high + known["tail_ms"]}
        if self._deadline_ms is not None:
            columns["miss_probability"] = self._link.miss_probability(
                payload,
                computing_ms=known["head_ms"] + known["tail_ms"],
                deadline_ms=self._deadline_ms,
            )
        return columns

    def provenance(self) -> tuple[str, ...]:
        """The link is explained with the times."""
        return ()
