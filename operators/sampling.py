"""Sampling: the first designs of a search."""

from typing import Any

import numpy as np
from pymoo.core.sampling import Sampling

from evonasc.arrays import IntArray

#: Share of cuts drawn among the landmarks.
_LANDMARK_SHARE = 0.9


class DesignSampling(Sampling):
    """Draws designs that are valid by construction: a network, then one of its valid cuts.

    Most cuts are drawn where the payload changes (``SearchSpace.landmark_cuts``): of the cuts that
    send the same tensor an end is best, so a first population spread over all of them is mostly
    dominated by itself. The others are drawn from all valid cuts.
    """

    def _do(self, problem: Any, n_samples: int, *, random_state: Any, **kwargs: Any) -> IntArray:
        """Return ``(n_samples, n_genes)``."""
        designs, rng = problem.designs, random_state
        drawn = designs.sample(n_samples, rng=rng)
        splits, moved = designs.split_genes, drawn.copy()
        is_moved = rng.random((n_samples, designs.n_links)) < _LANDMARK_SHARE
        landmarks = rng.choice(designs.space.landmark_cuts, size=(n_samples, designs.n_links))
        moved[:, splits] = np.where(is_moved, landmarks, drawn[:, splits])
        repaired: IntArray = designs.repair(moved, fallback=drawn)
        return repaired
