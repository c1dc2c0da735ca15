"""Random search: the least that any algorithm must beat."""

import numpy as np

from evonasc.search.archive import Archive
from evonasc.search.config import SearchConfig
from evonasc.search.refinement import SplitRefinement

_BATCH = 100


def random_search(archive: Archive, config: SearchConfig) -> None:
    """Draw valid designs, network and cut uniformly, until the budget is spent.

    With refined cuts, networks are drawn uniformly.
    """
    refinement = SplitRefinement.of(archive.problem, config)
    rng = np.random.default_rng(config.seed)
    idle = 0
    while idle < 100:  # so many batches of repeats: the space is as good as exhausted
        n_known = len(archive)
        drawn = archive.problem.designs.sample(_BATCH, rng=rng)
        archive.evaluate(refinement.refined(drawn))
        idle = idle + 1 if len(archive) == n_known else 0
