"""The problem evonasc exists for: which network, and where to cut it."""

from typing import Protocol

from evonasc.arrays import FloatArray, IntArray
from evonasc.cost.cuts import design_space
from evonasc.cost.energy import head_power_mw
from evonasc.cost.provenance import cost_provenance
from evonasc.cost.scenario import Scenario
from evonasc.cost.split_cost import split_costs, split_energy_mj
from evonasc.problems.base import DesignProblem
from evonasc.space import DesignSpace, SearchSpace

#: What can be an objective; all are minimised.
OBJECTIVES = (
    "error",
    "latency_ms",
    "energy_mj",
    "payload_bytes",
    "head_ms",
    "head_memory_bytes",
)
DEFAULT_OBJECTIVES = ("error", "latency_ms")


class ErrorSource(Protocol):
    """How wrong a network is; see :mod:`evonasc.accuracy` for the sources that ship."""

    #: One sentence on where the numbers come from.
    provenance: str

    def error(self, genes: IntArray, *, designs: DesignSpace) -> FloatArray:
        """Return the error of canonical designs, fractions in [0, 1], ``(n,)``."""


class SplitNasProblem(DesignProblem):
    """Architecture and split point together, for one scenario.

    Every value is that of the canonical design, so designs that build the same network with the
    same cut have the same objectives.

    Args:
        space: The networks.
        scenario: Machines, link, and which cuts are allowed.
        accuracy: Gives the error.
        objectives: Any of ``OBJECTIVES``, in any order.

    Raises:
        UnknownNameError: An unknown objective.
        ConfigError: The scenario does not fit the space, or an objective cannot be computed.
    """

    def __init__(
        self,
        space: SearchSpace,
        scenario: Scenario,
        accuracy: ErrorSource,
        *,
        objectives: tuple[str, ...] = DEFAULT_OBJECTIVES,
    ) -> None:
        if "energy_mj" in objectives:
            head_power_mw(scenario)  # refuses unknown power before a search begins
        self.scenario, self.accuracy = scenario, accuracy
        super().__init__(
            design_space(scenario, space), objectives=objectives, known_columns=OBJECTIVES
        )

    def columns(self, genes: IntArray) -> dict[str, FloatArray]:
        """Return error, times (ms), payload and memory (bytes) and, if asked for, energy (mJ)."""
        canonical = self.designs.canonical(genes)
        costs = split_costs(canonical, designs=self.designs, scenario=self.scenario)
        columns = {
            "error": self.accuracy.error(canonical, designs=self.designs),
            "latency_ms": costs.latency_ms,
            "head_ms": costs.head_ms,
            "uplink_ms": costs.uplink_ms,
            "tail_ms": costs.tail_ms,
            "payload_bytes": costs.payload_bytes,
            "head_memory_bytes": costs.head_memory_bytes,
        }
        if "energy_mj" in self.objectives:
            columns["energy_mj"] = split_energy_mj(costs, scenario=self.scenario)
        return columns

    def provenance(self) -> tuple[str, ...]:
        """Say where error, times and sizes come from: measured, fitted or assumed."""
        return (
            self.accuracy.provenance,
            *cost_provenance(self.scenario, objectives=self.objectives),
        )
