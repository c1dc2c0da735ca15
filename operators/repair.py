"""Repair: for operators that know nothing of cuts, such as pymoo's own."""

from typing import Any

import numpy as np
from pymoo.core.repair import Repair

from evonasc.arrays import IntArray


class CutRepair(Repair):
    """Rounds genes to integers in range and moves each cut to the nearest valid one.

    A design whose network has no valid cut at all is replaced by a drawn one: without its parents
    at hand there is nothing to fall back to.
    """

    def _do(self, problem: Any, X: IntArray, *, random_state: Any = None, **kw: Any) -> IntArray:
        """Return ``(n, n_genes)`` valid designs."""
        if random_state is None:  # pymoo's operators hand their own repair no generator
            random_state = np.random.default_rng(0)
        limits = np.array(problem.designs.n_choices) - 1
        genes = np.clip(np.rint(X), 0, limits).astype(np.int64)
        drawn = problem.designs.sample(len(genes), rng=random_state)
        repaired: IntArray = problem.designs.repair(genes, fallback=drawn)
        return repaired
