"""What every problem of evonasc is: a pymoo problem over designs, vectorised and suspicious."""

from abc import abstractmethod
from typing import Any

import numpy as np
from pymoo.core.problem import Problem

from evonasc.arrays import FloatArray, IntArray
from evonasc.errors import ConfigError, EvaluationError, UnknownNameError
from evonasc.space import DesignSpace


class DesignProblem(Problem):
    """Minimise some of the columns that designs have.

    Args:
        designs: The designs a search may visit.
        objectives: Columns to minimise, in the order of the objectives.
        known_columns: Columns that can be objectives.

    Raises:
        UnknownNameError: An objective is no column.
        ConfigError: No objective, or one named twice.
    """

    def __init__(
        self,
        designs: DesignSpace,
        *,
        objectives: tuple[str, ...],
        known_columns: tuple[str, ...],
    ) -> None:
        for name in objectives:
            if name not in known_columns:
                raise UnknownNameError("objective", name, known_columns)
        if not objectives or len(set(objectives)) < len(objectives):
            raise ConfigError(
                f"objectives must name at least one column, each once, got {objectives}."
            )
        self.designs, self.objectives = designs, objectives
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

    def provenance(self) -> tuple[str, ...]:
        """Say where the numbers come from, one line a quantity."""
        return (f"{', '.join(self.objectives)}: computed by {type(self).__name__}.",)

    def checked_columns(self, genes: IntArray) -> dict[str, FloatArray]:
        """Return the columns of valid designs, every number finite.

        Raises:
            GenomeError: Genes of wrong shape or dtype, or out of range.
            EvaluationError: A column that is no number; names the design.
        """
        genes = self.designs.check(genes)
        columns = self.columns(genes)
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
        """Return the objectives among the columns, ``(n, n_obj)``."""
        return np.stack([columns[name] for name in self.objectives], axis=1)

    def _evaluate(self, x: IntArray, out: dict[str, Any], *args: Any, **kwargs: Any) -> None:
        """Fill ``out["F"]``; pymoo itself would let a missing or infinite value pass."""
        out["F"] = self.objective_values(self.checked_columns(x))
