"""Which networks a training step runs: one drawn uniformly, or a fair group of them.

References: Guo et al. 2020 (single path, uniform sampling), arXiv 1904.00420; here over distinct
networks, so none is drawn more often for having many spellings. Chu et al. 2021, FairNAS (strict
fairness), arXiv 1907.01845: every choice of every gene once a step.
"""

import numpy as np

from evonasc.arrays import IntArray
from evonasc.errors import ConfigError, UnknownNameError
from evonasc.space import SearchSpace

UNIFORM, FAIR = "uniform", "fair"


def paths_a_step(sampling: str, space: SearchSpace) -> int:
    """Return how many networks a way of drawing them runs in one step.

    Raises:
        UnknownNameError: No such way.
        ConfigError: Genes have different numbers of choices, so that no group is fair.
    """
    if sampling == UNIFORM:
        return 1
    if sampling != FAIR:
        raise UnknownNameError("path sampling", sampling, (FAIR, UNIFORM))
    if len(set(space.n_choices)) > 1:
        raise ConfigError(
            f"path_sampling {FAIR!r} must be used where all operation genes have equally many "
            f"choices, got {space.name!r}. Give {UNIFORM!r}."
        )
    return space.n_choices[0]


def draw_paths(
    sampling: str,
    space: SearchSpace,
    *,
    rng: np.random.Generator,
    networks: IntArray | None = None,
) -> IntArray:
    """Draw the canonical connected networks of one step, ``(n, n_operation_genes)``.

    A uniform draw is from ``networks``, or from all.
    """
    if sampling == UNIFORM:
        if networks is None:
            return space.sample(1, rng=rng)
        return networks[rng.integers(len(networks), size=1)]
    while True:
        group = np.stack([rng.permutation(choices) for choices in space.n_choices], axis=1)
        if space.is_connected(group).all():  # a network without input teaches nothing
            return space.canonical(group)
