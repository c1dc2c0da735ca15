"""Random search: the least that any algorithm must beat."""

from collections.abc import Callable

import numpy as np

from evonasc.arrays import IntArray
from evonasc.search.algorithm import Algorithm
from evonasc.search.archive import Archive
from evonasc.search.config import SearchConfig
from evonasc.search.refinement import SplitRefinement

_BATCH = 100
#: Batches of repeats in a row: the space is as good as exhausted.
_PATIENCE = 100


def random_search(archive: Archive, config: SearchConfig) -> None:
    """Draw valid designs, network and cut uniformly, until the budget is spent.

    With refined cuts, networks are drawn uniformly.
    """
    refinement = SplitRefinement.of(archive.problem, config)
    draw_until_spent(archive, seed=config.seed, change=refinement.refined)


def draw_until_spent(
    archive: Archive, *, seed: int, change: Callable[[IntArray], IntArray] = lambda genes: genes
) -> None:
    """Draw valid designs until the budget is spent, or nothing new is found.

    Args:
        archive: Evaluates.
        seed: Of the draws.
        change: Maps drawn designs ``(n, n_genes)`` to those to evaluate.
    """
    rng = np.random.default_rng(seed)
    idle = 0
    while idle < _PATIENCE:
        n_known = len(archive)
        archive.evaluate(change(archive.problem.designs.sample(_BATCH, rng=rng)))
        idle = idle + 1 if len(archive) == n_known else 0


ALGORITHM = Algorithm(random_search, can_refine=True)
