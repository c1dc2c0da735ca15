"""The problem evonasc exists for: which network, and where to cut it."""

import hashlib
from typing import Protocol, runtime_checkable

import numpy as np

from evonasc.arrays import FloatArray, IntArray
from evonasc.cost.cuts import design_space
from evonasc.cost.energy import head_power_mw
from evonasc.cost.link_table import link_model
from evonasc.cost.machines import machine_digest
from evonasc.cost.payload import LEAST_HARMLESS_BITS
from evonasc.cost.provenance import cost_provenance
from evonasc.cost.scenario import Scenario, as_dict
from evonasc.cost.split_cost import (
    SplitCosts,
    split_costs,
    split_energy_mj,
    varying_columns,
)
from evonasc.cost.varying_link import varying_link
from evonasc.errors import ConfigError
from evonasc.problems.base import DesignProblem, Kept
from evonasc.problems.measuring import N_IMAGES, MeasuringSource, measured
from evonasc.problems.objective_table import added_column, is_added, source_of
from evonasc.space import SPACES, DesignSpace, SearchSpace

#: What can be an objective; all are minimised.
OBJECTIVES = (
    "error",
    "latency_ms",
    "energy_mj",
    "payload_bytes",
    "head_ms",
    "head_memory_bytes",
)
#: What can be an objective besides where the rate of the link varies, the second with a deadline.
TRACE_OBJECTIVES = ("latency_p95_ms", "miss_probability")
DEFAULT_OBJECTIVES = ("error", "latency_ms")
#: Columns that a calibration adds: the error of a network trained alone, and its error bar.
CALIBRATED = ("error_calibrated", "error_calibrated_low", "error_calibrated_high")


class ErrorSource(Protocol):
    """How wrong a network is; see :mod:`evonasc.nasbench201.errors` for the sources that ship.

    The error is that of the network, wherever it is cut and however wide its payload is: split
    refinement and the cache of true fronts rely on it. A source that knows what the payload does to
    it is a :class:`PayloadSource` as well.
    """

    #: One sentence on where the numbers come from.
    provenance: str

    def error(self, genes: IntArray, *, designs: DesignSpace) -> FloatArray:
        """Return the error of canonical designs, fractions in [0, 1], ``(n,)``."""


@runtime_checkable
class PayloadSource(Protocol):
    """How much more wrong a network is for what it sends; asked only where that can be."""

    def payload_increase(
        self, genes: IntArray, *, designs: DesignSpace, scenario: Scenario
    ) -> FloatArray:
        """Return what narrow payloads and lost packets add to the error, fractions, ``(n,)``."""

    def payload_provenance(self) -> str:
        """Say where that comes from, in one line.

        Raises:
            ConfigError: It cannot be had.
        """


class ErrorCalibration(Protocol):
    """Reads errors as those that networks trained alone would have, with an error bar."""

    #: One sentence on where it comes from.
    provenance: str

    def __call__(self, error: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return the trained error of errors, and its lower and upper bound, ``(n,)`` each.

        All three must not fall where the error rises.
        """


class SplitNasProblem(DesignProblem):
    """Architecture and split point together, for one scenario.

    Every value is that of the canonical design, so designs that build the same network with the
    same cut have the same objectives.

    Args:
        space: The networks.
        scenario: Machines, link, and which cuts are allowed.
        accuracy: Gives the error.
        objectives: Any of ``OBJECTIVES`` and ``TRACE_OBJECTIVES``, and those of other packages, in
            any order.
        error_resolution: See :class:`~evonasc.problems.base.DesignProblem`.
        calibration: Adds the columns of ``CALIBRATED``; the objective stays the error itself.

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
        error_resolution: float = 0.0,
        calibration: ErrorCalibration | None = None,
    ) -> None:
        if "energy_mj" in objectives:
            head_power_mw(scenario)  # refuses unknown power before a search begins
        self.scenario, self.accuracy, self.calibration = scenario, accuracy, calibration
        #: Knows what payloads do to the error, where they do something.
        self._payload: PayloadSource | None = None
        if isinstance(accuracy, PayloadSource) and not scenario.is_payload_harmless:
            accuracy.payload_provenance()  # refuses before a search begins what cannot be had
            self._payload = accuracy
        self.cut_free_columns = frozenset({"error"} if self._payload is None else ())
        self._added = tuple(name for name in objectives if is_added(name))
        # Of two networks, the better one before the payload need not be the better one behind it.
        self.decides_early = (
            isinstance(accuracy, MeasuringSource)
            and accuracy.decides_early
            and self._payload is None
            and "error" in objectives
            and not self._added  # made of the error, for all we know
        )
        _require_link(scenario, objectives)
        self.link = varying_link(scenario)  # None where the rate is fixed
        super().__init__(
            design_space(scenario, space),
            objectives=objectives,
            known_columns=(*OBJECTIVES, *TRACE_OBJECTIVES, *self._added),
            error_resolution=error_resolution,
        )

    def columns(self, genes: IntArray) -> dict[str, FloatArray]:
        """Return error, times (ms), payload and memory (bytes) and, if asked for, energy (mJ)."""
        return self._columns(genes, None)

    def columns_beside(self, genes: IntArray, kept: Kept) -> dict[str, FloatArray]:
        """Return the columns of designs; of a dominated one, the error may be an estimate."""
        return self._columns(genes, kept if self.decides_early else None)

    def _columns(self, genes: IntArray, kept: Kept | None) -> dict[str, FloatArray]:
        """Return all columns, the error measured on as many images as it takes."""
        canonical = self.designs.canonical(genes)
        costs = self._costs(canonical)
        columns = {
            "latency_ms": costs.latency_ms,
            "head_ms": costs.head_ms,
            "uplink_ms": costs.uplink_ms,
            "tail_ms": costs.tail_ms,
            "payload_bytes": costs.payload_bytes,
            "head_memory_bytes": costs.head_memory_bytes,
        }
        if "energy_mj" in self.objectives:
            columns["energy_mj"] = split_energy_mj(costs, scenario=self.scenario, link=self.link)
        if self.link is not None:
            columns.update(varying_columns(costs, link=self.link))
        if isinstance(self.accuracy, MeasuringSource):
            error, columns[N_IMAGES] = measured(
                self.accuracy,
                canonical,
                columns,
                kept,
                designs=self.designs,
                objectives=tuple(name for name in self.objectives if name not in self._added),
            )
        else:
            error = self.accuracy.error(canonical, designs=self.designs)
        columns = {"error": self._with_payload(canonical, error), **columns}
        if self.calibration is not None:
            columns.update(zip(CALIBRATED, self.calibration(columns["error"]), strict=True))
        columns.update({name: added_column(name, columns) for name in self._added})
        return columns

    def latency_ms(self, genes: IntArray) -> FloatArray:
        """Return the latency of designs, ms, ``(n,)``, allowed or not; asks for no error."""
        return self._costs(self.designs.canonical(genes)).latency_ms

    def _errors(self, canonical: IntArray) -> FloatArray:
        """Return the error of canonical designs, what their payload does to it included."""
        return self._with_payload(canonical, self.accuracy.error(canonical, designs=self.designs))

    def _with_payload(self, canonical: IntArray, error: FloatArray) -> FloatArray:
        """Add what the payload of canonical designs does to their networks' error."""
        if self._payload is None:
            return error
        increase = self._payload.payload_increase(
            canonical, designs=self.designs, scenario=self.scenario
        )
        return np.clip(error + increase, 0.0, 1.0)

    def _costs(self, canonical: IntArray) -> SplitCosts:
        """Return what canonical designs cost, the trace of the link read once for all."""
        return split_costs(canonical, designs=self.designs, scenario=self.scenario, link=self.link)

    def identity(self) -> dict[str, object] | None:
        """Return space, scenario and all errors, None if those are too many.

        The scenario's name decides nothing. None too where code of another package decides: it can
        change with nobody's knowledge.
        """
        is_foreign = not SPACES.is_own(self.designs.space.name) or link_model(self.scenario)
        if is_foreign or self._added:
            return None
        networks = self.designs.space.networks()
        if networks is None:
            return None
        if "error" in self.cut_free_columns:  # one error a network
            rest = np.full((len(networks), self.designs.n_genes - networks.shape[1]), 0)
            rest[:, 0] = self.designs.space.n_blocks
            asked = self.designs.canonical(np.concatenate([networks, rest], axis=1))
        else:
            listed = self.designs.all_designs()
            assert listed is not None  # networks can be listed
            asked = listed
        errors = self._errors(asked)
        fields = {key: value for key, value in as_dict(self.scenario).items() if key != "name"}
        if self.link is not None:  # what the file holds decides, not its name
            fields["link"] = self.link.trace.sha256
        return {
            "problem": "split-nas",
            "space": self.designs.space.name,
            "scenario": fields,
            "error_resolution": self.error_resolution,
            "own_machines": [
                machine_digest(self.scenario.head_hardware),
                machine_digest(self.scenario.tail_hardware),
            ],
            "errors_sha256": hashlib.sha256(np.ascontiguousarray(errors).tobytes()).hexdigest(),
        }

    def provenance(self) -> tuple[str, ...]:
        """Say where error, times and sizes come from: measured, fitted or assumed."""
        return (
            self.accuracy.provenance,
            self._payload_line(),
            *([] if self.calibration is None else [self.calibration.provenance]),
            *self._resolution_lines(),
            *cost_provenance(self.scenario, objectives=self.objectives, link=self.link),
            *(f"{name}: computed by {source_of(name)}." for name in self._added),
        )

    def _resolution_lines(self) -> tuple[str, ...]:
        """Say what counts as a tie, where anything does."""
        if self.error_resolution == 0:
            return ()
        return (
            f"error as an objective: rounded down to multiples of {self.error_resolution:g}, in "
            "the true front too; differences below that count as ties. The column error is exact.",
        )

    def _payload_line(self) -> str:
        """Say what the payload does to the error."""
        if self._payload is not None:
            return self._payload.payload_provenance()
        if self.scenario.is_payload_harmless:
            return (
                f"error at the cut: that of the network; {LEAST_HARMLESS_BITS} bits and more "
                "without lost values count as harmless (measured on the shipped supernet: less "
                "than the model of payload effects is off by)."
            )
        return (
            "error at the cut: that of the network; what narrow payloads and lost packets do to it "
            "is unknown here and left out."
        )


def _require_link(scenario: Scenario, objectives: tuple[str, ...]) -> None:
    """Refuse objectives that only a link that varies has."""
    if "latency_p95_ms" in objectives and not scenario.has_varying_link:
        raise ConfigError(
            "The objective latency_p95_ms needs a link that varies. Set link to trace:FILE."
        )
    if "miss_probability" in objectives and scenario.deadline_ms is None:
        raise ConfigError(
            "The objective miss_probability needs a link that varies and a deadline. Set link to "
            "trace:FILE, and deadline_ms."
        )
