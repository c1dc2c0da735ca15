"""NSGA-III on designs, for three objectives and more.

Reference: Deb and Jain 2014, "An Evolutionary Many-Objective Optimization Algorithm Using
Reference-Point-Based Nondominated Sorting Approach, Part I", IEEE TEVC 18(4).
"""

from typing import Any

import numpy as np
from pymoo.algorithms.moo.nsga3 import NSGA3
from pymoo.operators.selection.tournament import TournamentSelection

from evonasc.arrays import IntArray
from evonasc.search.algorithm import Algorithm
from evonasc.search.archive import Archive
from evonasc.search.config import SearchConfig
from evonasc.search.directions import reference_directions
from evonasc.search.pymoo_driver import design_operators, drive, with_batch_mating
from evonasc.search.steps import Steps


def nsga3(archive: Archive, config: SearchConfig) -> Steps:
    """Search by non-dominated sorting and niches around reference directions."""
    directions = reference_directions(archive.problem.n_obj, config)
    pop_size = max(config.population, len(directions))  # pymoo warns on the console otherwise
    algorithm = NSGA3(
        directions,
        pop_size=pop_size,
        selection=TournamentSelection(func_comp=_by_violation_then_chance),
        **design_operators(archive, config),
    )
    yield from drive(with_batch_mating(algorithm), archive, seed=config.seed)


def _by_violation_then_chance(
    pop: Any, pairs: IntArray, *, random_state: np.random.Generator, **kwargs: Any
) -> IntArray:
    """Return the winners of duels, ``(n, 1)``: pymoo's rule, which itself draws unseeded."""
    violations = pop.get("CV")[:, 0]
    winners = [
        random_state.choice(pair)
        if violations[pair[0]] == violations[pair[1]]
        else min(pair, key=violations.__getitem__)
        for pair in pairs.tolist()
    ]
    return np.array(winners, dtype=np.int64)[:, None]


ALGORITHM = Algorithm(nsga3, is_evolving=True, can_refine=True, heeds=None)
