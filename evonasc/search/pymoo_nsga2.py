"""pymoo's NSGA-II on designs: the same algorithm from another library, to check ours against.

Reference: Blank and Deb 2020, "pymoo: Multi-Objective Optimization in Python", IEEE Access 8.
"""

from pymoo.algorithms.moo.nsga2 import NSGA2

from evonasc.search.algorithm import Algorithm
from evonasc.search.archive import Archive
from evonasc.search.config import SearchConfig
from evonasc.search.pymoo_driver import design_operators, drive, with_batch_mating
from evonasc.search.steps import Steps


def pymoo_nsga2(archive: Archive, config: SearchConfig) -> Steps:
    """Search by non-dominated sorting and crowding distance, with integer operators."""
    algorithm = NSGA2(pop_size=config.population, **design_operators(archive, config))
    yield from drive(with_batch_mating(algorithm), archive, seed=config.seed)


ALGORITHM = Algorithm(pymoo_nsga2, is_evolving=True, can_refine=True, heeds=None)
