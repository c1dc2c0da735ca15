"""MOEA/D on designs.

Reference: Zhang and Li 2007, "MOEA/D: A Multiobjective Evolutionary Algorithm Based on
Decomposition", IEEE TEVC 11(6).
"""

from pymoo.algorithms.moo.moead import MOEAD

from evonasc.errors import ConfigError
from evonasc.search.algorithm import Algorithm
from evonasc.search.archive import Archive
from evonasc.search.config import SearchConfig
from evonasc.search.directions import reference_directions
from evonasc.search.pymoo_driver import design_operators, drive


def moead(archive: Archive, config: SearchConfig) -> None:
    """Search one scalar problem a direction; children may repeat designs, repeats cost nothing.

    pymoo's MOEA/D does not normalise objectives: milliseconds weigh more than fractions.

    Raises:
        ConfigError: One objective only; there is nothing to decompose.
    """
    if archive.problem.n_obj < 2:
        raise ConfigError("moead needs at least two objectives, got one. Use --algo nsga2.")
    operators = design_operators(archive, config)
    del operators["eliminate_duplicates"]  # MOEA/D keeps copies of good designs on purpose
    directions = reference_directions(archive.problem.n_obj, config)
    n_neighbors = min(20, len(directions))
    drive(MOEAD(directions, n_neighbors=n_neighbors, **operators), archive, seed=config.seed)


ALGORITHM = Algorithm(moead, is_evolving=True, can_refine=True)
