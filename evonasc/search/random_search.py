"""Random search: the least that any algorithm must beat."""

from collections.abc import Callable

import numpy as np

from evonasc.arrays import IntArray
from evonasc.search.algorithm import Algorithm
from evonasc.search.archive import Archive
from evonasc.search.config import SearchConfig
from evonasc.search.refinement import SplitRefinement
from evonasc.search.steps import Steps

_BATCH = 100
#: Batches of repeats in a row: the space is as good as exhausted.
_PATIENCE = 100


def random_search(archive: Archive, config: SearchConfig) -> Steps:
    """Draw valid designs, network and cut uniformly, until the budget is spent.

    With refined cuts, networks are drawn uniformly.
    """
    refinement = SplitRefinement.of(archive.problem, config)
    yield from draw_until_spent(archive, seed=config.seed, change=refinement.refined)


def draw_until_spent(
    archive: Archive, *, seed: int, change: Callable[[IntArray], IntArray] = lambda genes: genes
) -> Steps:
    """Draw valid designs until nothing new is found.

    Args:
        archive: What is known.
        seed: Of the draws.
        change: Maps drawn designs ``(n, n_genes)`` to those to evaluate.
    """
    rng = np.random.default_rng(seed)
    idle = 0
    while idle < _PATIENCE:
        n_known = len(archive)
        yield change(archive.problem.designs.sample(_BATCH, rng=rng))
        idle = idle + 1 if len(archive) == n_known else 0


ALGORITHM = Algorithm(random_search, can_refine=True)
