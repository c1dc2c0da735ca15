"""Duplicate elimination: no design is paid for twice in a run."""

from collections.abc import Callable
from typing import Any

import numpy as np
from pymoo.core.duplicate import DuplicateElimination

from evonasc.arrays import BoolArray, IntArray


class CanonicalDuplicates(DuplicateElimination):
    """Drops designs whose canonical form was evaluated before or stands earlier in the batch.

    pymoo's own elimination compares with the current population only, so half of what it lets
    through was evaluated generations ago.

    Args:
        canonical: Maps ``(n, n_genes)`` designs to canonical ones.
        is_known: Tells which canonical designs were evaluated in this run, ``(n,)``.
    """

    def __init__(
        self,
        *,
        canonical: Callable[[IntArray], IntArray],
        is_known: Callable[[IntArray], BoolArray],
    ) -> None:
        super().__init__()
        self._canonical, self._is_known = canonical, is_known

    def _do(self, pop: Any, other: Any, is_duplicate: BoolArray) -> BoolArray:
        """Mark rows of ``pop`` known to the run, or repeated in ``pop`` itself or in ``other``."""
        designs = self._canonical(np.asarray(pop.get("X"), dtype=np.int64))
        if other is None:
            _, first = np.unique(designs, axis=0, return_index=True)
            is_repeated = np.ones(len(designs), dtype=bool)
            is_repeated[first] = False
            return is_duplicate | is_repeated | self._is_known(designs)
        earlier = self._canonical(np.asarray(other.get("X"), dtype=np.int64))
        _, label = np.unique(np.concatenate([earlier, designs]), axis=0, return_inverse=True)
        return is_duplicate | np.isin(label[len(earlier) :], label[: len(earlier)])
