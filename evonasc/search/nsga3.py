"""NSGA-III on designs, for three objectives and more.

Reference: Deb and Jain 2014, "An Evolutionary Many-Objective Optimization Algorithm Using
Reference-Point-Based Nondominated Sorting Approach, Part I", IEEE TEVC 18(4).
"""

from pymoo.algorithms.moo.nsga3 import NSGA3

from evonasc.search.algorithm import Algorithm
from evonasc.search.archive import Archive
from evonasc.search.config import SearchConfig
from evonasc.search.directions import reference_directions
from evonasc.search.pymoo_driver import design_operators, drive, with_batch_mating


def nsga3(archive: Archive, config: SearchConfig) -> None:
    """Search by non-dominated sorting and niches around reference directions."""
    directions = reference_directions(archive.problem.n_obj, config)
    pop_size = max(config.population, len(directions))  # pymoo warns on the console otherwise
    algorithm = NSGA3(directions, pop_size=pop_size, **design_operators(archive, config))
    drive(with_batch_mating(algorithm), archive, seed=config.seed)


ALGORITHM = Algorithm(nsga3, is_evolving=True, can_refine=True)
