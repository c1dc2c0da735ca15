"""The columns that machines and links give: times, sizes, energy, and what a varying link adds."""

from evonasc.arrays import FloatArray, IntArray
from evonasc.cost.costs import path_costs
from evonasc.cost.energy import DevicePower
from evonasc.cost.path import Path
from evonasc.cost.varying_link import HIGH_QUANTILE, VaryingLink
from evonasc.space import DesignSpace
from evonasc.space.columns import Columns, ColumnSource

#: The head's part of the energy, a column where the device's blocks have energies of their own.
HEAD_ENERGY = "head_mj"
#: The columns of :class:`CostColumns`.
COSTS = ("latency_ms", "head_ms", "uplink_ms", "tail_ms", "payload_bytes", "head_memory_bytes")


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

    def predictor_errors(self) -> dict[str, float]:
        """Return the mean errors of the machines' predictors; a latency has that of the worse."""
        head, tail = self.path.head.mean_error, self.path.tail.mean_error
        errors = {"payload_bytes": 0.0, "head_memory_bytes": 0.0}
        errors |= {} if head is None else {"head_ms": head}
        errors |= {} if tail is None else {"tail_ms": tail}
        return errors | _latency_error("latency_ms", self.path)

    def provenance(self) -> tuple[str, ...]:
        """Explain machines and link."""
        return (
            f"head_ms: {self.path.head.provenance}.",
            f"tail_ms: {self.path.tail.provenance}.",
            f"uplink_ms: {self.path.uplink.provenance}.",
            "payload_bytes, head_memory_bytes: computed from tensor shapes, exact.",
        )


class EnergyColumns(ColumnSource):
    """The device's energy for one input, mJ; on a link that varies, sending at its median rate.

    Args:
        path: Gives the device and the link.
        power: What the device draws.
        is_by_block: Whether the head's energy is that of its blocks, where the device knows them,
            rather than its power times its time.
    """

    def __init__(self, path: Path, power: DevicePower, *, is_by_block: bool = True) -> None:
        self._path, self._head, self._link, self._power = path, path.head, path.uplink, power
        self._is_by_block = is_by_block and bool(path.head.energy_provenance)

    def columns(self, genes: IntArray, *, designs: DesignSpace, known: Columns) -> Columns:
        """Return ``energy_mj``, and the head's part of it, ``head_mj``, where blocks have one."""
        radio_ms, mbps = self._link.radio_ms(known["payload_bytes"]), self._link.radio_mbps
        waiting_ms = known["latency_ms"] - known["head_ms"]
        head_mj = self._head_mj(genes, designs) if self._is_by_block else None
        energy_mj = self._power.energy_mj(
            known["head_ms"], radio_ms, waiting_ms, mbps=mbps, head_mj=head_mj
        )
        return {"energy_mj": energy_mj} | ({} if head_mj is None else {HEAD_ENERGY: head_mj})

    def predictor_errors(self) -> dict[str, float]:
        """Return the mean error of times that powers are multiplied by: the worse one's.

        The head's, and where waiting is charged the tail's. Energies of blocks have errors of their
        own, which nobody has set against whole networks.
        """
        if self._is_by_block:
            return {}
        if self._power.idle_mw:
            return _latency_error("energy_mj", self._path)
        error = self._head.mean_error
        return {} if error is None else {"energy_mj": error}

    def provenance(self) -> tuple[str, ...]:
        """Explain the powers, or the energies of blocks."""
        if self._is_by_block:
            words = f"head {self._head.energy_provenance}, {self._power.waiting_provenance}"
            return (f"energy_mj: {words}.",)
        return (f"energy_mj: {self._power.provenance}.",)

    def _head_mj(self, genes: IntArray, designs: DesignSpace) -> FloatArray | None:
        """Return the energy of heads, mJ, ``(n,)``."""
        networks, row = designs.space.distinct(designs.operations(genes))
        table = self._head.head_energy_table_mj(networks)
        return None if table is None else table[row, designs.split_point(genes)]


class TraceColumns(ColumnSource):
    """What a link that varies adds: the latency 95 % of inputs keep to, and missed deadlines."""

    def __init__(self, path: Path, link: VaryingLink, *, deadline_ms: float | None) -> None:
        self._path, self._link, self._deadline_ms = path, link, deadline_ms

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

    def predictor_errors(self) -> dict[str, float]:
        """Return that of the high latency, as for the latency."""
        return _latency_error("latency_p95_ms", self._path)

    def provenance(self) -> tuple[str, ...]:
        """The link is explained with the times."""
        return ()


def _latency_error(name: str, path: Path) -> dict[str, float]:
    """Return the larger mean error of the two machines; nothing where one is unknown.

    A latency is a sum of their times and of the link's, which is computed, so that it cannot be
    off by a larger share than the worse of them.
    """
    head, tail = path.head.mean_error, path.tail.mean_error
    return {} if head is None or tail is None else {name: max(head, tail)}
