"""Sampling: the first designs of a search."""

from typing import Any

from pymoo.core.sampling import Sampling

from evonasc.arrays import IntArray


class DesignSampling(Sampling):
    """Draws designs that are valid by construction: a network, then one of its valid cuts."""

    def _do(self, problem: Any, n_samples: int, *, random_state: Any, **kwargs: Any) -> IntArray:
        """Return ``(n_samples, n_genes)``."""
        designs: IntArray = problem.designs.sample(n_samples, rng=random_state)
        return designs
