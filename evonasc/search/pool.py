"""The designs that Pareto local search varies: the front of everything evaluated, and behind it.

Where an evaluation is dear, a population is a poor memory: NSGA-II forgets what does not fit into
it and mates what it has tried a hundred times. Here nothing near the front is forgotten, and each
design counts how often it was varied.
"""

from dataclasses import dataclass

import numpy as np

from evonasc.arrays import FloatArray, IntArray
from evonasc.search.ranking import ranks_of

#: Fronts whose designs are varied, and how many tries one front further back counts.
_FRONTS, _TRIES_A_FRONT = 4, 10


@dataclass
class Pool:
    """Designs to be varied."""

    genes: IntArray
    values: FloatArray
    violation: FloatArray
    #: ``(n,)`` how often each was varied.
    tries: IntArray
    #: ``(n,)`` number of its front, from 0.
    rank: IntArray

    @classmethod
    def empty(cls, *, n_genes: int, n_obj: int) -> "Pool":
        """Return a pool without designs."""
        none = np.zeros(0, dtype=np.int64)
        return cls(
            np.zeros((0, n_genes), dtype=np.int64), np.zeros((0, n_obj)), np.zeros(0), none, none
        )

    def joined(self, genes: IntArray, values: FloatArray, violation: FloatArray) -> "Pool":
        """Return the best fronts of these designs and new ones, of equal points the first."""
        genes = np.concatenate([self.genes, genes])
        values = np.concatenate([self.values, values])
        violation = np.concatenate([self.violation, violation])
        tries = np.concatenate([self.tries, np.zeros(len(genes) - len(self.tries), dtype=np.int64)])
        _, first = np.unique(np.column_stack([values, violation]), axis=0, return_index=True)
        rows = np.sort(first)
        rank = ranks_of(values[rows], violation[rows])
        kept = rank < _FRONTS
        rows = rows[kept]
        return Pool(genes[rows], values[rows], violation[rows], tries[rows], rank[kept])

    def parents(self, n: int, *, rng: np.random.Generator) -> IntArray:
        """Return ``(2, n, n_genes)``: the least tried, which count it, and any of the front."""
        cost = self.tries + _TRIES_A_FRONT * self.rank + rng.random(len(self.tries))
        chosen = np.resize(np.argsort(cost), n)
        np.add.at(self.tries, chosen, 1)
        front = np.flatnonzero(self.rank == 0)
        others = front[rng.integers(len(front), size=n)]
        return np.stack([self.genes[chosen], self.genes[others]])

    def pairs_near_the_front(self, n: int, *, rng: np.random.Generator) -> IntArray:
        """Return ``(2, n, n_genes)``: any of the first two fronts, which does not count as tries.

        Two draws for each mating, independent of each other.
        """
        near = np.flatnonzero(self.rank <= 1)
        return self.genes[near[rng.integers(len(near), size=(2, n))]]
