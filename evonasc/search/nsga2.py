"""NSGA-II on designs.

Reference: Deb et al. 2002, "A Fast and Elitist Multiobjective Genetic Algorithm: NSGA-II", IEEE
Transactions on Evolutionary Computation 6(2).
"""

from pymoo.algorithms.moo.nsga2 import NSGA2

from evonasc.search.algorithm import Algorithm
from evonasc.search.archive import Archive
from evonasc.search.config import SearchConfig
from evonasc.search.pymoo_driver import design_operators, drive, with_batch_mating


def nsga2(archive: Archive, config: SearchConfig) -> None:
    """Search by non-dominated sorting and crowding distance, with integer operators."""
    algorithm = NSGA2(pop_size=config.population, **design_operators(archive, config))
    drive(with_batch_mating(algorithm), archive, seed=config.seed)


ALGORITHM = Algorithm(nsga2, is_evolving=True, can_refine=True, heeds=None)
