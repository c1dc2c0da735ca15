"""Crossover: children take whole building blocks from either parent."""

from typing import Any

import numpy as np
from pymoo.core.crossover import Crossover

from evonasc.arrays import IntArray


class DesignCrossover(Crossover):
    """Uniform exchange of gene groups between two parents.

    A group is what the space calls a building block (in a cell, the edges into one node); the
    split point and the payload's width travel together, so that a cut arrives with the width it
    was selected with. Every gene of a child comes from one of its parents; only the cut is moved,
    to the nearest valid one, if the new network forbids it.

    Args:
        prob: Probability that a pair is crossed at all, in [0, 1]. Low by default: in a cell, what
            an edge is worth depends on the other edges, and most of the front lies one edge away
            from the rest of it.
    """

    def __init__(self, prob: float = 0.3) -> None:
        super().__init__(n_parents=2, n_offsprings=2, prob=prob)

    def _do(self, problem: Any, X: IntArray, *, random_state: Any, **kwargs: Any) -> IntArray:
        """Map parents ``(2, n_matings, n_genes)`` to as many children."""
        designs, n_matings = problem.designs, X.shape[1]
        groups = designs.space.gene_groups
        group_of = np.full(designs.n_genes, len(groups))  # the placement is the last
        for number, group in enumerate(groups):
            group_of[list(group)] = number
        is_exchanged = (random_state.random((n_matings, len(groups) + 1)) < 0.5)[:, group_of]
        children = np.where(is_exchanged, X[::-1], X)
        flat = designs.repair(
            children.reshape(-1, designs.n_genes), fallback=X.reshape(-1, designs.n_genes)
        )
        made: IntArray = flat.reshape(X.shape)
        return made
