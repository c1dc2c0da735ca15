"""Enumeration: the exact front, where the designs can be listed."""

from dataclasses import dataclass

import numpy as np

from evonasc.arrays import FloatArray, IntArray
from evonasc.bounds import is_within
from evonasc.front import non_dominated
from evonasc.problems import DesignProblem


@dataclass(frozen=True)
class ExactFront:
    """The exact front of a problem."""

    #: ``(n, n_genes)`` designs on the front, by rising first objective.
    genes: IntArray
    #: ``(n, n_obj)`` their objectives.
    points: FloatArray
    #: Designs that were enumerated.
    n_designs: int


def exact_front(problem: DesignProblem) -> ExactFront | None:
    """Return the exact front, or None where the designs are too many to list.

    Empty where no design keeps to the problem's bounds.

    Raises:
        ConfigError: The scenario leaves no valid cut.
    """
    designs = problem.designs.all_designs()
    if designs is None:
        return None
    columns = problem.checked_columns(designs)
    points = problem.objective_values(columns)
    rows = np.flatnonzero(is_within(columns, problem.column_bounds))
    rows = rows[non_dominated(points[rows])]
    rows = rows[np.lexsort(points[rows].T[::-1])]
    return ExactFront(designs[rows], points[rows], len(designs))
