"""Enumeration: the true front, where the space is small enough to list."""

from dataclasses import dataclass

import numpy as np

from evonasc.arrays import FloatArray, IntArray
from evonasc.errors import ConfigError
from evonasc.front import non_dominated
from evonasc.problems import DesignProblem
from evonasc.search.archive import Archive
from evonasc.search.config import SearchConfig


@dataclass(frozen=True)
class ExactFront:
    """The true front of a problem."""

    #: ``(n, n_genes)`` designs on the front, by rising first objective.
    genes: IntArray
    #: ``(n, n_obj)`` their objectives.
    points: FloatArray
    #: Designs that were enumerated.
    n_designs: int


def exact_front(problem: DesignProblem) -> ExactFront | None:
    """Return the true front, or None where the designs are too many to list.

    Raises:
        ConfigError: The scenario leaves no valid cut.
    """
    designs = problem.designs.all_designs()
    if designs is None:
        return None
    points = problem.objective_values(problem.checked_columns(designs))
    rows = np.flatnonzero(non_dominated(points))
    rows = rows[np.lexsort(points[rows].T[::-1])]
    return ExactFront(designs[rows], points[rows], len(designs))


def exact(archive: Archive, config: SearchConfig) -> None:
    """Evaluate every design; the budget does not apply.

    Raises:
        ConfigError: The designs are too many to list.
    """
    designs = archive.problem.designs.all_designs()
    if designs is None:
        raise ConfigError(
            f"The designs of {archive.problem.designs.space.name!r} are too many to list. "
            "Use --algo nsga2."
        )
    archive.budget = None
    archive.evaluate(designs)
