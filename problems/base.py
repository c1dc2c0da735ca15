"""What every problem of evonasc is: a pymoo problem over designs, vectorised and suspicious."""

import copy
import re
from abc import abstractmethod
from typing import Any, Self

import numpy as np
from pymoo.core.problem import Problem

from evonasc.arrays import FloatArray, IntArray
from evonasc.benchmark import ErrorSource
from evonasc.bounds import Bound, excesses
from evonasc.errors import ConfigError, EvaluationError, UnknownNameError
from evonasc.space import DesignSpace

#: Columns that tables of designs and of answers have besides those of a problem.
_TAKEN = ("id", "is_feasible", "is_repaired", "max_latency_ms")
_PLACEMENT = re.compile(r"(split_point|payload_bits)(_[0-9]+)?")


class DesignProblem(Problem):
    """Minimise some of the columns that designs have.

    Attributes:
        cut_free_columns: Columns that a network has wherever it is cut and however wide its payload
            is. None by default: a problem that knows better says so.
        error_source: Where its column ``error`` comes from, for searches that train it.
        is_foreign: Whether code of others decides a value, so that asking it may take any time.
            Of a class in another package unless it says otherwise.
        column_bounds: What columns may be at most; pymoo's algorithms know them as its constraints.

    Args:
        designs: The designs a search may visit.
        objectives: Columns to minimise, in the order of the objectives.
        known_columns: Columns that can be objectives.
        bounds: Bounds that are the problem's own.

    Raises:
        UnknownNameError: An objective is no column.
        ConfigError: No objective, one named twice, or a column has a name that tables use for
            something else.
    """

    cut_free_columns: frozenset[str] = frozenset()
    error_source: ErrorSource | None = None
    is_foreign: bool = True

    def __init_subclass__(cls, **keywords: Any) -> None:
        """Tell evonasc's own problems from those of others."""
        super().__init_subclass__(**keywords)
        if "is_foreign" not in vars(cls):
            cls.is_foreign = not cls.__module__.startswith("evonasc.")

    def __init__(
        self,
        designs: DesignSpace,
        *,
        objectives: tuple[str, ...],
        known_columns: tuple[str, ...],
        bounds: tuple[Bound, ...] = (),
    ) -> None:
        for name in objectives:
            if name not in known_columns:
                raise UnknownNameError("objective", name, known_columns)
        if not objectives or len(set(objectives)) < len(objectives):
            raise ConfigError(
                f"objectives must name at least one column, each once, got {objectives}."
            )
        self.designs, self.objectives, self.column_bounds = designs, objectives, bounds
        for name in known_columns:
            _require_free(name, designs)
        upper = np.array(designs.n_choices) - 1
        super().__init__(
            n_var=designs.n_genes,
            n_obj=len(objectives),
            n_ieq_constr=len(bounds),
            xl=np.zeros_like(upper),
            xu=upper,
            vtype=int,
        )

    @abstractmethod
    def columns(self, genes: IntArray) -> dict[str, FloatArray]:
        """Return everything known of designs: column name to ``(n,)`` array."""

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

    def columns_to_bound(self) -> tuple[str, ...]:
        """Return the columns that can be bounded; by default those of a design drawn for it."""
        drawn = self.designs.sample(1, rng=np.random.default_rng(0))
        return tuple(self.columns(drawn))

    def within(self, bounds: tuple[Bound, ...]) -> Self:
        """Return the same problem, its designs to keep to these bounds besides those it has.

        Args:
            bounds: About columns of :meth:`columns_to_bound`.
        """
        bounded = copy.copy(self)
        bounded.column_bounds = (*self.column_bounds, *bounds)
        bounded.n_ieq_constr = len(bounded.column_bounds)  # to pymoo they are constraints
        return bounded

    def without_bounds(self) -> Self:
        """Return the same problem, its designs free of bounds."""
        free = copy.copy(self)
        free.column_bounds, free.n_ieq_constr = (), 0
        return free

    def excesses(self, columns: dict[str, FloatArray]) -> FloatArray:
        """Return by how much designs miss the bounds, ``(n, n_bounds)``; see ``bounds.excesses``.

        pymoo's ``G``: at most 0 where a bound is kept.
        """
        return excesses(columns, self.column_bounds)

    def predictor_errors(self) -> dict[str, float]:
        """Return how far predicted columns are off on average, as shares; those that are known.

        0 for what is computed exactly. What is not named was never tested.
        """
        return {}

    def provenance(self) -> tuple[str, ...]:
        """Say where the numbers come from, one line a quantity."""
        return (f"{', '.join(self.objectives)}: computed by {type(self).__name__}.",)

    def named_columns(self, genes: IntArray) -> dict[str, FloatArray]:
        """Return the columns of valid designs, with names that are free, of shape ``(n,)`` each.

        Raises:
            EvaluationError: A column of another shape.
            ConfigError: A column has a name that tables use for something else.
        """
        columns = self.columns(genes)
        for name, values in columns.items():
            _require_free(name, self.designs)
            if values.shape != (len(genes),):
                raise EvaluationError(
                    f"{name} must have shape (n,) = ({len(genes)},), got {values.shape}."
                )
        return columns

    def checked_columns(self, genes: IntArray) -> dict[str, FloatArray]:
        """Return the columns of valid designs, every number finite.

        Raises:
            GenomeError: Genes of wrong shape or dtype, or out of range.
            EvaluationError: A column that is no number; names the design.
            ConfigError: A column has a name that tables use for something else.
        """
        genes = self.designs.check(genes)
        columns = self.named_columns(genes)
        for name, values in columns.items():
            bad = np.flatnonzero(~np.isfinite(values))
            if bad.size:
                raise EvaluationError(
                    f"{name} must be finite, got {values[bad[0]]} for genes "
                    f"{genes[bad[0]].tolist()}."
                )
        return columns

    def objective_values(self, columns: dict[str, FloatArray]) -> FloatArray:
        """Return the objectives among the columns as searches compare them, ``(n, n_obj)``."""
        return np.stack([self.compared(columns, name) for name in self.objectives], axis=1)

    def compared(self, columns: dict[str, FloatArray], name: str) -> FloatArray:
        """Return a column as searches compare it, ``(n,)``; by default as it is."""
        return columns[name]

    def _evaluate(self, x: IntArray, out: dict[str, Any], *args: Any, **kwargs: Any) -> None:
        """Fill ``out["F"]``; pymoo itself would let a missing or infinite value pass."""
        columns = self.checked_columns(x)
        out["F"] = self.objective_values(columns)
        if self.column_bounds:
            out["G"] = self.excesses(columns)


def _require_free(name: str, designs: DesignSpace) -> None:
    """Refuse the name of a column that a table of designs has another column for, or cannot show.

    Raises:
        ConfigError: It is one.
    """
    is_placement = _PLACEMENT.fullmatch(name) is not None
    if is_placement or name in (*_TAKEN, designs.space.text_column):
        raise ConfigError(
            f"A column must not be called {name!r}: tables of designs use the name for something "
            "else. Rename the objective or column."
        )
    if not name or not name.isprintable():
        raise ConfigError(f"The name of a column must be printable text, got {name!r}.")
