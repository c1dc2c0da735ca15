"""The archive: every design a run evaluated, once each, and the front of them all."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from evonasc.arrays import BoolArray, FloatArray, IntArray
from evonasc.bounds import is_within
from evonasc.errors import EvaluationError
from evonasc.front import front_rows
from evonasc.problems import DesignProblem
from evonasc.search.row_table import GrowingArray, RowTable


@dataclass(frozen=True)
class Answer:
    """What one latency threshold gave: the most probable design when its search ended."""

    #: The threshold, ms.
    max_latency_ms: float
    #: Genes of the design, canonical, its cut repaired.
    genes: tuple[int, ...]
    #: Its error, fraction.
    error: float
    #: Its latency, ms.
    latency_ms: float
    #: Whether it meets the threshold, and bounds on other columns.
    is_feasible: bool
    #: Whether the most probable cut was not allowed, so that the nearest allowed one was taken.
    is_repaired: bool = False


class BudgetSpent(Exception):  # noqa: N818  # no error: it ends an algorithm that asks for more
    """The archive holds as many designs as the run may evaluate."""


class SearchStopped(Exception):  # noqa: N818  # no error: the caller asked for it
    """Whoever runs the search wants it to stop; what was evaluated is kept."""


class Archive:
    """Evaluates designs, never one twice, and keeps them all in the order of evaluation.

    Args:
        problem: Evaluates what is new.
        budget: Distinct designs it may evaluate; None for no limit.
        on_new: Called with each batch of new (canonical genes, columns), as soon as evaluated.
        should_stop: Asked before each batch, never between evaluating one and keeping it; True
            ends the search.
    """

    def __init__(
        self,
        problem: DesignProblem,
        *,
        budget: int | None,
        on_new: Callable[[IntArray, dict[str, FloatArray]], None] = lambda genes, columns: None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> None:
        self.problem, self.budget = problem, budget
        self._on_new, self._should_stop = on_new, should_stop
        self._table = RowTable(np.array(problem.designs.n_choices))
        self._columns: dict[str, GrowingArray] = {}
        #: Designs asked for, repeats and passes on single batches included.
        self.n_requested = 0
        #: Forward passes that belong to no design kept here, yet count against the budget.
        self.n_passes = 0
        #: What a search under thresholds would itself name as its result; else empty.
        self.answers: list[Answer] = []

    def __len__(self) -> int:
        return len(self._table)

    @property
    def n_left(self) -> int | None:
        """Evaluations left of the budget; None where there is no limit."""
        return None if self.budget is None else max(self.budget - len(self) - self.n_passes, 0)

    def count_passes(self, n: int) -> None:
        """Charge forward passes on single batches, by weights in training, to the budget.

        What they gave is kept nowhere: the weights move on.

        Raises:
            SearchStopped: The search is to stop.
        """
        self.n_passes += n
        self.n_requested += n
        if self._should_stop():
            raise SearchStopped

    def is_known(self, canonical: IntArray) -> BoolArray:
        """Tell which canonical designs were evaluated, ``(n,)``."""
        return self._table.find(canonical) >= 0

    def evaluate(self, genes: IntArray) -> FloatArray:
        """Return the objectives of designs, ``(n, n_obj)``, evaluating what is new.

        Args:
            genes: ``(n, n_genes)`` designs; repeats and spellings of known designs are free.

        Raises:
            BudgetSpent: Not all new designs fit the budget; those that fit are evaluated and kept.
            SearchStopped: The search is to stop; nothing of these designs is evaluated.
            GenomeError: Genes outside the space.
            EvaluationError: The evaluation failed.
        """
        if len(genes) == 0:  # an empty archive has no columns yet
            return np.zeros((0, self.problem.n_obj))
        return self.problem.objective_values(self.columns_of(genes))

    def columns_of(self, genes: IntArray) -> dict[str, FloatArray]:
        """Return all columns of designs, evaluating what is new; see :meth:`evaluate`."""
        if self._should_stop():
            raise SearchStopped
        canonical = self.problem.designs.canonical(genes)
        self.n_requested += len(canonical)
        new = self._table.first_of_new(canonical)
        left = len(new) if self.n_left is None else self.n_left
        if len(new) and left:
            self._add(canonical[new[:left]])
        if len(new) > left:
            raise BudgetSpent
        rows = self._table.find(canonical)
        return {name: array.rows[rows] for name, array in self._columns.items()}

    def _add(self, canonical: IntArray) -> None:
        """Evaluate new designs and keep them.

        Raises:
            EvaluationError: The evaluation failed, or gave other columns than before.
        """
        columns = self.problem.checked_columns(canonical)
        if self._columns and columns.keys() != self._columns.keys():
            raise EvaluationError(
                f"A problem must give the same columns for all designs, got {', '.join(columns)} "
                f"after {', '.join(self._columns)}."
            )
        self._table.add(canonical)
        for name, values in columns.items():
            if name in self._columns:
                self._columns[name].extend(values)
            else:
                self._columns[name] = GrowingArray(values)
        self._on_new(canonical, columns)

    def genes(self) -> IntArray:
        """Return all designs, canonical, in the order of evaluation, ``(n, n_genes)``."""
        return self._table.rows

    def columns(self) -> dict[str, FloatArray]:
        """Return all columns, ``(n,)`` each, in the order of evaluation."""
        return {name: array.rows.copy() for name, array in self._columns.items()}

    def objectives(self) -> FloatArray:
        """Return the objectives of all designs, ``(n, n_obj)``."""
        if len(self) == 0:
            return np.zeros((0, self.problem.n_obj))
        return self.problem.objective_values(self.columns())

    def front_rows(self) -> IntArray:
        """Return the rows of the front of everything evaluated, by rising first objective.

        Of designs that keep to the problem's bounds; none where none does. Of designs with equal
        objectives, the one evaluated first.
        """
        if len(self) == 0:
            return np.zeros(0, dtype=np.int64)
        allowed = is_within(self.columns(), self.problem.column_bounds)
        return front_rows(self.objectives(), is_allowed=allowed)
