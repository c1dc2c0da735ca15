"""Reference directions for the algorithms that need them, about as many as the population."""

import numpy as np
from pymoo.util.ref_dirs import get_reference_directions

from evonasc.arrays import FloatArray
from evonasc.search.config import SearchConfig


def reference_directions(n_obj: int, config: SearchConfig) -> FloatArray:
    """Return evenly spread directions, ``(n_directions, n_obj)``.

    Das and Dennis's simplex lattice with the most partitions that fit ``pop_size``, at least one.
    """
    if n_obj == 1:
        return np.ones((1, 1))
    partitions = 1
    while len(_lattice(n_obj, partitions + 1)) <= config.population:
        partitions += 1
    return _lattice(n_obj, partitions)


def _lattice(n_obj: int, partitions: int) -> FloatArray:
    """Return the simplex lattice."""
    lattice: FloatArray = get_reference_directions("das-dennis", n_obj, n_partitions=partitions)
    return lattice
