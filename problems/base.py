"""What every problem of evonasc is: a pymoo problem over designs, vectorised and suspicious."""

from abc import abstractmethod
from typing import Any

import numpy as np
from pymoo.core.problem import Problem

from evonasc.arrays import FloatArray, IntArray
from evonasc.errors import ConfigError, EvaluationError, UnknownNameError
from evonasc.space import DesignSpace

#: Canonical designs ``(n, n_genes)`` and their columns, ``(n,)`` each.
Kept = tuple[IntArray, dict[str, FloatArray]]


class DesignProblem(Problem):
    """Minimise some of the columns that designs have.

    Attributes:
        cut_free_columns: Columns that a network has wherever it is cut and however wide its payload
            is. None by default: a problem that knows better says so.
        decides_early: Whether :meth:`columns_beside` uses what a search keeps.

    Args:
        designs: The designs a search may visit.
        objectives: Columns to minimise, in the order of the objectives.
        known_columns: Columns that can be objectives.
        error_resolution: Errors that differ by less count as equal in the objective ``error``; see
            :func:`coarse_error`. The column keeps the exact value.

    Raises:
        UnknownNameError: An objective is no column.
        ConfigError: No objective, or one named twice; or a resolution that cannot be.
    """

    cut_free_columns: frozenset[str] = frozenset()
    decides_early: bool = False

    def __init__(
        self,
        designs: DesignSpace,
        *,
        objectives: tuple[str, ...],
        known_columns: tuple[str, ...],
        error_resolution: float = 0.0,
    ) -> None:
        for name in objectives:
            if name not in known_columns:
                raise UnknownNameError("objective", name, known_columns)
        if not objectives or len(set(objectives)) < len(objectives):
            raise ConfigError(
                f"objectives must name at least one column, each once, got {objectives}."
            )
        require_error_resolution(error_resolution, objectives=objectives)
        self.designs, self.objectives = designs, objectives
        self.error_resolution = error_resolution
        upper = np.array(designs.n_choices) - 1
        super().__init__(
            n_var=designs.n_genes,
            n_obj=len(objectives),
            xl=np.zeros_like(upper),
            xu=upper,
            vtype=int,
        )

    @abstractmethod
    def columns(self, genes: IntArray) -> dict[str, FloatArray]:
        """Return everything known of designs: column name to ``(n,)`` array."""

    def columns_beside(self, genes: IntArray, kept: Kept) -> dict[str, FloatArray]:
        """Return the columns of designs that a search evaluates beside those it keeps.

        A problem may estimate what one of those clearly dominates, and must then give it numbers
        that are dominated. By default the columns are those of :meth:`columns`.
        """
        return self.columns(genes)

    @staticmethod
    def column(columns: dict[str, FloatArray], name: str) -> FloatArray:
        """Return one of the columns, for a search that cannot do without it.

        Raises:
            ConfigError: The problem has no such column.
        """
        if name not in columns:
            raise ConfigError(
                f"The problem must have the column {name!r} for this search, got "
                f"{', '.join(columns)}. Use --algo nsga2, which asks for the objectives only."
            )
        return columns[name]

    def latency_ms(self, genes: IntArray) -> FloatArray:
        """Return the latency of designs, ms, ``(n,)``; their cuts need not be allowed.

        Computes all columns. A problem that knows latencies without evaluating errors overrides it.

        Raises:
            GenomeError: Genes outside the space.
            ConfigError: The problem has no column ``latency_ms``.
        """
        return self.column(self.columns(genes), "latency_ms")

    def identity(self) -> dict[str, object] | None:
        """Return everything that decides the columns, besides evonasc itself, as JSON holds it.

        None where the problem cannot tell; nothing is then kept about it from run to run.
        """
        return None

    def provenance(self) -> tuple[str, ...]:
        """Say where the numbers come from, one line a quantity."""
        return (f"{', '.join(self.objectives)}: computed by {type(self).__name__}.",)

    def checked_columns(
        self, genes: IntArray, *, kept: Kept | None = None
    ) -> dict[str, FloatArray]:
        """Return the columns of valid designs, every number finite.

        Args:
            genes: ``(n, n_genes)`` designs.
            kept: What a search has evaluated before; see :meth:`columns_beside`.

        Raises:
            GenomeError: Genes of wrong shape or dtype, or out of range.
            EvaluationError: A column that is no number; names the design.
        """
        genes = self.designs.check(genes)
        columns = self.columns(genes) if kept is None else self.columns_beside(genes, kept)
        for name, values in columns.items():
            if values.shape != (len(genes),):
                raise EvaluationError(
                    f"{name} must have shape (n,) = ({len(genes)},), got {values.shape}."
                )
            bad = np.flatnonzero(~np.isfinite(values))
            if bad.size:
                raise EvaluationError(
                    f"{name} must be finite, got {values[bad[0]]} for genes "
                    f"{genes[bad[0]].tolist()}."
                )
        return columns

    def objective_values(self, columns: dict[str, FloatArray]) -> FloatArray:
        """Return the objectives among the columns, ``(n, n_obj)``; the error at its resolution."""
        return searched_values(
            np.stack([columns[name] for name in self.objectives], axis=1),
            objectives=self.objectives,
            error_resolution=self.error_resolution,
        )

    def _evaluate(self, x: IntArray, out: dict[str, Any], *args: Any, **kwargs: Any) -> None:
        """Fill ``out["F"]``; pymoo itself would let a missing or infinite value pass."""
        out["F"] = self.objective_values(self.checked_columns(x))


def coarse_error(error: FloatArray, *, resolution: float) -> FloatArray:
    """Return errors as a search sees them: rounded down to multiples of the resolution, same shape.

    A resolution of 0 leaves them as they are. What lies a billionth of the resolution below a
    multiple belongs to it: 0.3 is three times 0.1 for a reader, if not in binary.
    """
    if resolution == 0:
        return error
    coarse: FloatArray = np.floor(error / resolution + 1e-9) * resolution
    return coarse


def searched_values(
    table: FloatArray, *, objectives: tuple[str, ...], error_resolution: float
) -> FloatArray:
    """Return exact values of objectives, ``(n, n_obj)``, as a search compares them."""
    if error_resolution == 0 or "error" not in objectives:
        return table
    place, values = objectives.index("error"), table.copy()
    values[:, place] = coarse_error(table[:, place], resolution=error_resolution)
    return values


def require_error_resolution(resolution: float, *, objectives: tuple[str, ...]) -> None:
    """Refuse a resolution that is no fraction, or one of an error that is no objective.

    Raises:
        ConfigError: It is.
    """
    if not 0 <= resolution < 1:
        raise ConfigError(f"error_resolution must be a fraction in [0, 1), got {resolution}.")
    if resolution > 0 and "error" not in objectives:
        raise ConfigError(
            "error_resolution must be used with the objective error, got "
            f"{', '.join(objectives)}. Leave out --error-resolution, or add error."
        )
