"""Random search: the least that any algorithm must beat."""

import numpy as np

from evonasc.search.archive import Archive
from evonasc.search.config import SearchConfig

_BATCH = 100


def random_search(archive: Archive, config: SearchConfig) -> None:
    """Draw valid designs, network and cut uniformly, until the budget is spent."""
    rng = np.random.default_rng(config.seed)
    idle = 0
    while idle < 100:  # so many batches of repeats: the space is as good as exhausted
        n_known = len(archive)
        archive.evaluate(archive.problem.designs.sample(_BATCH, rng=rng))
        idle = idle + 1 if len(archive) == n_known else 0
