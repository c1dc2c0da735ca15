"""The problem evonasc exists for: which network, and where to cut it."""

from collections.abc import Sequence
from typing import Self

from evonasc.arrays import FloatArray, IntArray
from evonasc.benchmark import Benchmark, ErrorSource
from evonasc.bounds import Bound
from evonasc.cost.columns import COSTS, CostColumns, EnergyColumns, TraceColumns
from evonasc.cost.costs import path_costs
from evonasc.cost.cuts import design_space
from evonasc.cost.energy import device_power
from evonasc.cost.path import Path, path_of
from evonasc.cost.scenario import Scenario
from evonasc.cost.varying_link import VaryingLink
from evonasc.errors import ConfigError
from evonasc.problems.base import DesignProblem
from evonasc.problems.error_columns import (
    CALIBRATED,
    CalibratedErrors,
    Calibration,
    ErrorColumn,
    PayloadEffect,
)
from evonasc.problems.objective_table import OBJECTIVES, ForeignColumn, is_foreign
from evonasc.space.columns import ColumnSource

DEFAULT_OBJECTIVES = ("error", "latency_ms")


class SplitNasProblem(DesignProblem):
    """Architecture and split point together, for one scenario.

    A space, a scenario and a list of column sources, asked in their order. Every value is that of
    the canonical design, so designs that build the same network with the same cut have the same
    objectives.

    Attributes:
        scenario: Machines, link and limits, as named.
        path: The same machines and link, resolved.
        error_source: Gives the errors.

    Args:
        benchmark: Gives the networks, and the machines that the scenario names.
        scenario: Machines, link, and which cuts are allowed.
        error_source: Gives the error.
        objectives: Names in :data:`evonasc.problems.objective_table.OBJECTIVES`, in any order.
        calibration: Adds columns; the objective stays the error itself.

    Raises:
        UnknownNameError: An unknown objective, or a machine without times for these networks.
        ConfigError: The scenario does not fit the space, or an objective cannot be computed.
        EvonascError: A machine or the link cannot be had.
    """

    def __init__(
        self,
        benchmark: Benchmark,
        scenario: Scenario,
        error_source: ErrorSource,
        *,
        objectives: tuple[str, ...] = DEFAULT_OBJECTIVES,
        calibration: Calibration | None = None,
    ) -> None:
        space = benchmark.make_space()
        self.benchmark, self.scenario, self.error_source = benchmark, scenario, error_source
        self.path = path_of(scenario, space=space, known=benchmark.machines)
        designs = design_space(scenario, space, memory_bytes=self.path.head.memory_bytes)
        foreign = tuple(filter(is_foreign, objectives))
        known = [name for name in OBJECTIVES if OBJECTIVES.is_built_in(name)]
        super().__init__(designs, objectives=objectives, known_columns=(*known, *foreign))
        payload = PayloadEffect(error_source, scenario)
        self.sources: tuple[ColumnSource, ...] = (
            ErrorColumn(error_source),
            payload,
            CostColumns(self.path),
            *_optional_sources(objectives, scenario, self.path),
            *([] if calibration is None else [CalibratedErrors(calibration)]),
            *map(ForeignColumn, foreign),
        )
        #: Columns that are computed, or can be.
        self._boundable = (
            *("error", *COSTS, "energy_mj"),
            *(["latency_p95_ms"] if isinstance(self.path.uplink, VaryingLink) else []),
            *(["miss_probability"] if scenario.deadline_ms is not None else []),
            *([] if calibration is None else CALIBRATED),
            *(name for name in OBJECTIVES if is_foreign(name)),
            *(name for name in foreign if name not in OBJECTIVES),
        )
        self.is_foreign = (
            type(self).is_foreign
            or bool(foreign or benchmark.source)
            or getattr(error_source, "is_foreign", False)
            or any(link.is_foreign for link in self.path.links)
        )
        self.cut_free_columns = frozenset({"error"} if not payload.is_active else ())

    def columns_to_bound(self) -> tuple[str, ...]:
        """Return the columns of the scenario, whether computed without a bound or not."""
        return self._boundable

    def within(self, bounds: tuple[Bound, ...]) -> Self:
        """Return the problem with these bounds, their columns computed."""
        bounded = super().within(bounds)
        have = {*self.objectives, *(bound.column for bound in self.column_bounds)}
        wanted = tuple(bound.column for bound in bounds if bound.column not in have)
        foreign = tuple(filter(is_foreign, wanted))
        known = {type(source) for source in self.sources}
        added = _optional_sources(wanted, self.scenario, self.path)
        bounded.sources = (
            *self.sources,
            *(source for source in added if type(source) not in known),
            *map(ForeignColumn, foreign),
        )
        bounded.is_foreign = self.is_foreign or bool(foreign)
        return bounded

    def predictor_errors(self) -> dict[str, float]:
        """Return the errors that the machines' predictors are known to have."""
        errors: dict[str, float] = {}
        for source in self.sources:
            errors |= source.predictor_errors()
        return errors

    def columns(self, genes: IntArray) -> dict[str, FloatArray]:
        """Return error, times (ms), payload and memory (bytes), and what else is asked for."""
        return self._columns_of(self.sources, self.designs.canonical(genes))

    def _columns_of(
        self, sources: Sequence[ColumnSource], canonical: IntArray
    ) -> dict[str, FloatArray]:
        """Ask sources one after the other."""
        columns: dict[str, FloatArray] = {}
        for source in sources:
            columns.update(source.columns(canonical, designs=self.designs, known=columns))
        return columns

    def latency_ms(self, genes: IntArray) -> FloatArray:
        """Return the latency of designs, ms, ``(n,)``, allowed or not; asks for no error."""
        canonical = self.designs.canonical(genes)
        return path_costs(canonical, designs=self.designs, path=self.path).latency_ms

    def provenance(self) -> tuple[str, ...]:
        """Say where error, times and sizes come from: measured, fitted or assumed."""
        return tuple(line for source in self.sources for line in source.provenance())


def _optional_sources(names: tuple[str, ...], scenario: Scenario, path: Path) -> list[ColumnSource]:
    """Return the sources that not every scenario has, or nobody asks for; refuse what cannot be."""
    built_in = [name for name in names if OBJECTIVES.is_built_in(name)]
    wanted = {OBJECTIVES.load(name) for name in built_in}
    found: list[ColumnSource] = []
    if EnergyColumns in wanted:
        # a power that the user gives stands for all of the head
        is_by_block = scenario.head_power_mw is None
        power = device_power(scenario, path)
        found.append(EnergyColumns(path, power, is_by_block=is_by_block))
    if isinstance(path.uplink, VaryingLink):
        found.append(TraceColumns(path, path.uplink, deadline_ms=scenario.deadline_ms))
    elif TraceColumns in wanted:
        needing = ", ".join(name for name in built_in if OBJECTIVES.load(name) is TraceColumns)
        raise ConfigError(
            f"The objective {needing} needs a link that varies. Give --link trace:FILE, or link in "
            "a scenario file."
        )
    if "miss_probability" in built_in and scenario.deadline_ms is None:
        raise ConfigError("The objective miss_probability needs a deadline. Give --deadline-ms.")
    return found
