"""Enumeration: the exact front, where the designs can be listed."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from evonasc.arrays import FloatArray, IntArray
from evonasc.bounds import is_within
from evonasc.front import non_dominated
from evonasc.problems import DesignProblem

#: Designs evaluated at once: evonasc's own code is quickest on many, that of others may be slow.
_BATCH, _FOREIGN_BATCH = 50_000, 100


@dataclass(frozen=True)
class ExactFront:
    """The exact front of a problem."""

    #: ``(n, n_genes)`` designs on the front, by rising first objective.
    genes: IntArray
    #: ``(n, n_obj)`` their objectives.
    points: FloatArray
    #: Designs that were enumerated.
    n_designs: int


def exact_front(
    problem: DesignProblem, *, on_progress: Callable[[int, int], None] = lambda done, total: None
) -> ExactFront | None:
    """Return the exact front, or None where the designs are too many to list.

    Empty where no design keeps to the problem's bounds.

    Args:
        problem: Evaluates every design it has.
        on_progress: Called with (designs evaluated, designs in all), batch by batch.

    Raises:
        ConfigError: The scenario leaves no valid cut.
        EvaluationError: A design cannot be evaluated.
    """
    designs = problem.designs.all_designs()
    if designs is None:
        return None
    batch = _FOREIGN_BATCH if problem.is_foreign else _BATCH
    tables = []
    for start in range(0, len(designs), batch):
        tables.append(problem.checked_columns(designs[start : start + batch]))
        on_progress(min(start + batch, len(designs)), len(designs))
    columns = {name: np.concatenate([table[name] for table in tables]) for name in tables[0]}
    points = problem.objective_values(columns)
    rows = np.flatnonzero(is_within(columns, problem.column_bounds))
    rows = rows[non_dominated(points[rows])]
    rows = rows[np.lexsort(points[rows].T[::-1])]
    return ExactFront(designs[rows], points[rows], len(designs))
