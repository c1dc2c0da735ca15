"""The archive: every design a run evaluated, once each, and the front of them all."""

from collections.abc import Callable

import numpy as np

from evonasc.arrays import BoolArray, FloatArray, IntArray
from evonasc.front import non_dominated
from evonasc.problems import DesignProblem


class BudgetSpent(Exception):  # noqa: N818  # no error: it ends an algorithm that asks for more
    """The archive holds as many designs as the run may evaluate."""


class Archive:
    """Evaluates designs, never one twice, and keeps them all in the order of evaluation.

    Args:
        problem: Evaluates what is new.
        budget: Distinct designs it may evaluate; None for no limit.
        on_new: Called with each batch of new (canonical genes, columns), as soon as evaluated.
    """

    def __init__(
        self,
        problem: DesignProblem,
        *,
        budget: int | None,
        on_new: Callable[[IntArray, dict[str, FloatArray]], None] = lambda genes, columns: None,
    ) -> None:
        self.problem, self.budget = problem, budget
        self._on_new = on_new
        self._row_of: dict[bytes, int] = {}
        self._genes: list[IntArray] = []
        self._columns: list[dict[str, FloatArray]] = []
        #: Designs asked for, repeats included.
        self.n_requested = 0

    def __len__(self) -> int:
        return len(self._row_of)

    @property
    def is_spent(self) -> bool:
        """Whether the budget is used up."""
        return self.budget is not None and len(self) >= self.budget

    def is_known(self, canonical: IntArray) -> BoolArray:
        """Tell which canonical designs were evaluated, ``(n,)``."""
        return np.array([row.tobytes() in self._row_of for row in canonical], dtype=bool)

    def evaluate(self, genes: IntArray) -> FloatArray:
        """Return the objectives of designs, ``(n, n_obj)``, evaluating what is new.

        Args:
            genes: ``(n, n_genes)`` designs; repeats and spellings of known designs are free.

        Raises:
            BudgetSpent: Not all new designs fit the budget; those that fit are evaluated and kept.
            GenomeError: Genes outside the space.
            EvaluationError: The evaluation failed.
        """
        if len(genes) == 0:  # an empty archive has no columns yet
            return np.zeros((0, self.problem.n_obj))
        return self.problem.objective_values(self.columns_of(genes))

    def columns_of(self, genes: IntArray) -> dict[str, FloatArray]:
        """Return all columns of designs, evaluating what is new; see :meth:`evaluate`."""
        canonical = self.problem.designs.canonical(genes)
        self.n_requested += len(canonical)
        keys = [row.tobytes() for row in canonical]
        first = {
            key: row for row, key in reversed(list(enumerate(keys))) if key not in self._row_of
        }
        new = sorted(first.values())
        room = len(new) if self.budget is None else max(self.budget - len(self), 0)
        if new and room:
            self._add(canonical[new[:room]])
        if len(new) > room:
            raise BudgetSpent
        rows = np.array([self._row_of[key] for key in keys], dtype=np.int64)
        return {name: values[rows] for name, values in self.columns().items()}

    def _add(self, canonical: IntArray) -> None:
        """Evaluate new designs and keep them."""
        columns = self.problem.checked_columns(canonical)
        for row in canonical:
            self._row_of[row.tobytes()] = len(self._row_of)
        self._genes.append(canonical)
        self._columns.append(columns)
        self._on_new(canonical, columns)

    def genes(self) -> IntArray:
        """Return all designs, canonical, in the order of evaluation, ``(n, n_genes)``."""
        if len(self._genes) > 1:
            self._genes = [np.concatenate(self._genes)]
        return self._genes[0] if self._genes else np.zeros((0, self.problem.n_var), dtype=np.int64)

    def columns(self) -> dict[str, FloatArray]:
        """Return all columns, ``(n,)`` each, in the order of evaluation."""
        if len(self._columns) > 1:
            parts = self._columns
            self._columns = [{name: np.concatenate([p[name] for p in parts]) for name in parts[0]}]
        return self._columns[0] if self._columns else {}

    def objectives(self) -> FloatArray:
        """Return the objectives of all designs, ``(n, n_obj)``."""
        if not self._columns:
            return np.zeros((0, self.problem.n_obj))
        return self.problem.objective_values(self.columns())

    def front_rows(self) -> IntArray:
        """Return the rows of the front of everything evaluated, by rising first objective.

        Of designs with equal objectives, the one evaluated first.
        """
        points = self.objectives()
        rows = np.flatnonzero(non_dominated(points))
        _, first = np.unique(points[rows], axis=0, return_index=True)  # sorted by the first column
        return rows[first]
