"""MOEA/D on designs.

References: Zhang and Li 2007, "MOEA/D: A Multiobjective Evolutionary Algorithm Based on
Decomposition", IEEE TEVC 11(6); under bounds, the replacement of C-MOEA/D: Jain and Deb 2014, "An
Evolutionary Many-Objective Optimization Algorithm Using Reference-Point Based Nondominated Sorting
Approach, Part II", IEEE TEVC 18(4).
"""

from typing import Any

import numpy as np
from pymoo.algorithms.moo.moead import MOEAD

from evonasc.search.algorithm import Algorithm
from evonasc.search.archive import Archive
from evonasc.search.config import SearchConfig
from evonasc.search.directions import reference_directions
from evonasc.search.pymoo_driver import design_operators, drive
from evonasc.search.steps import Steps


class _Moead(MOEAD):
    """pymoo's MOEA/D, which refuses constraints, with a replacement that knows them."""

    def _setup(self, problem: Any, **kwargs: Any) -> None:
        """Set up for the problem without its bounds, which only the replacement asks for."""
        super()._setup(problem.without_bounds(), **kwargs)

    def _replace(self, k: int, off: Any) -> None:
        """Replace neighbours that miss bounds by more, or by as much and have the worse scalar."""
        near = self.neighbors[k]
        chosen = {"weights": self.ref_dirs[near, :], "ideal_point": self.ideal}
        scalar = self.decomposition.do(self.pop[near].get("F"), **chosen)
        new_scalar = self.decomposition.do(off.F[None, :], **chosen)
        violation, new_violation = self.pop[near].get("CV")[:, 0], off.CV[0]
        is_better = np.where(
            violation == new_violation, new_scalar < scalar, new_violation < violation
        )
        self.pop[near[is_better]] = off


def moead(archive: Archive, config: SearchConfig) -> Steps:
    """Search one scalar problem a direction; children may repeat designs, repeats cost nothing.

    pymoo's MOEA/D does not normalise objectives: milliseconds weigh more than fractions.
    """
    operators = design_operators(archive, config)
    del operators["eliminate_duplicates"]  # MOEA/D keeps copies of good designs on purpose
    directions = reference_directions(archive.problem.n_obj, config)
    n_neighbors = min(20, len(directions))
    yield from drive(
        _Moead(directions, n_neighbors=n_neighbors, **operators), archive, seed=config.seed
    )


ALGORITHM = Algorithm(moead, is_evolving=True, can_refine=True, heeds=None, least_objectives=2)
