"""The archive: every design a run evaluated, once each, and the front of them all."""

import numpy as np

from evonasc.arrays import BoolArray, FloatArray, IntArray
from evonasc.bounds import is_within, violations
from evonasc.errors import EvaluationError
from evonasc.front import front_rows
from evonasc.problems import DesignProblem
from evonasc.search.evaluation import Evaluated
from evonasc.search.row_table import GrowingArray, RowTable
from evonasc.search.steps import Answer


class Archive:
    """All designs of a search in the order of evaluation, each once. Algorithms only read it.

    Args:
        problem: Whose designs they are.
        budget: Distinct designs that may be evaluated; None for no limit.
    """

    def __init__(self, problem: DesignProblem, *, budget: int | None) -> None:
        self.problem, self.budget = problem, budget
        self._table = RowTable(np.array(problem.designs.n_choices))
        self._columns: dict[str, GrowingArray] = {}
        #: Designs asked for, repeats and passes on single batches included.
        self.n_requested = 0
        #: Forward passes that belong to no design kept here, yet count against the budget.
        self.n_passes = 0
        #: Row -> why the evaluation of its design failed, one line.
        self.failures: dict[int, str] = {}
        #: What a search under thresholds would itself name as its result; else empty.
        self.answers: list[Answer] = []

    def __len__(self) -> int:
        return len(self._table)

    @property
    def n_left(self) -> int | None:
        """Evaluations left of the budget; None where there is no limit."""
        return None if self.budget is None else max(self.budget - len(self) - self.n_passes, 0)

    def is_known(self, canonical: IntArray) -> BoolArray:
        """Tell which canonical designs were evaluated, ``(n,)``."""
        return self._table.find(canonical) >= 0

    def first_of_new(self, canonical: IntArray) -> IntArray:
        """Return where canonical designs that were not evaluated stand for the first time."""
        return self._table.first_of_new(canonical)

    def rows_of(self, canonical: IntArray) -> IntArray:
        """Return the rows of canonical designs that were evaluated, ``(n,)``.

        Raises:
            KeyError: One was not evaluated.
        """
        rows = self._table.find(canonical)
        if (rows < 0).any():
            raise KeyError(f"{np.count_nonzero(rows < 0)} designs were not evaluated")
        return rows

    def columns_of(self, genes: IntArray) -> dict[str, FloatArray]:
        """Return all columns of designs that were evaluated, ``(n,)`` each.

        Args:
            genes: ``(n, n_genes)`` designs in any spelling.

        Raises:
            KeyError: One was not evaluated.
        """
        return self.columns_at(self.rows_of(self.problem.designs.canonical(genes)))

    def columns_at(self, rows: IntArray | slice) -> dict[str, FloatArray]:
        """Return all columns of some rows, ``(n,)`` each."""
        return {name: array.rows[rows] for name, array in self._columns.items()}

    def add(self, canonical: IntArray, found: Evaluated) -> None:
        """Keep new designs; for whoever drives the search.

        Args:
            canonical: ``(n, n_genes)`` canonical designs, none of them here yet, all different.
            found: What is known of them.

        Raises:
            EvaluationError: Other columns than before.
        """
        columns, n_before = found.columns, len(self)
        if not columns:  # all of them failed
            columns = dict.fromkeys(self._columns, np.full(len(canonical), np.nan))
        elif self._columns and columns.keys() != self._columns.keys():
            raise EvaluationError(
                f"A problem must give the same columns for all designs, got {', '.join(columns)} "
                f"after {', '.join(self._columns)}."
            )
        for name, values in columns.items():
            if name not in self._columns:
                self._columns[name] = GrowingArray(np.full(n_before, np.nan))
                if n_before == 0:
                    self._columns[name] = GrowingArray(values)
                    continue
            self._columns[name].extend(values)
        self._table.add(canonical)
        self.failures |= {n_before + row: reason for row, reason in found.failures.items()}

    def genes(self) -> IntArray:
        """Return all designs, canonical, in the order of evaluation, ``(n, n_genes)``."""
        return self._table.rows

    def columns(self) -> dict[str, FloatArray]:
        """Return all columns, ``(n,)`` each, in the order of evaluation."""
        return {name: array.rows.copy() for name, array in self._columns.items()}

    def objectives(self, rows: IntArray | slice = slice(None)) -> FloatArray:
        """Return the objectives of all designs, or of some rows, ``(n, n_obj)``.

        Infinite where the evaluation failed.
        """
        if not self._columns:
            n_rows = len(np.arange(len(self))[rows])
            return np.full((n_rows, self.problem.n_obj), np.inf)
        values = self.problem.objective_values(self.columns_at(rows))
        if self.failures:
            values[np.isnan(values)] = np.inf
        return values

    def violations_of(self, genes: IntArray) -> FloatArray:
        """Return by how much designs miss the bounds, ``(n,)``; infinite where they failed."""
        bounds = self.problem.column_bounds
        if not (bounds or self.failures) or len(genes) == 0:
            return np.zeros(len(genes))
        rows = self.rows_of(self.problem.designs.canonical(genes))
        if not self._columns:
            return np.full(len(rows), np.inf)
        missed = violations(self.columns_at(rows), bounds)
        missed[np.isin(rows, list(self.failures))] = np.inf
        return missed

    def is_failed(self) -> BoolArray:
        """Tell which designs failed, ``(n,)``."""
        failed = np.zeros(len(self), dtype=bool)
        failed[list(self.failures)] = True
        return failed

    def front_rows(self) -> IntArray:
        """Return the rows of the front of everything evaluated, by rising first objective.

        Of designs that keep to the problem's bounds; none where none does. Of designs with equal
        objectives, the one evaluated first.
        """
        if not self._columns:
            return np.zeros(0, dtype=np.int64)
        allowed = is_within(self.columns_at(slice(None)), self.problem.column_bounds)
        return front_rows(self.objectives(), is_allowed=allowed & ~self.is_failed())
