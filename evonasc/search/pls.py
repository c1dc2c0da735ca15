"""Pareto local search: the neighbourhood of everything on the front, least tried designs first.

Where an evaluation is dear, a population is a poor memory: NSGA-II forgets what does not fit into
it and mates what it has tried a hundred times. Here the parents are the front of everything
evaluated and the fronts just behind it. Each parent counts how often it was varied; the next is the
one with the fewest, where a front further back counts like some tries more. A child is a parent
varied by the mutation of the search, now and then after a crossover with a design of the front.

References: Paquete, Chiarandini and Stützle 2004, "Pareto Local Optimum Sets in the Biobjective
Traveling Salesman Problem: An Experimental Study", in Metaheuristics for Multiobjective
Optimisation. That fronts behind the first are varied too, and the counting, is **our formulation**.
"""

from dataclasses import dataclass

import numpy as np

from evonasc.arrays import FloatArray, IntArray
from evonasc.search.algorithm import Algorithm
from evonasc.search.archive import Archive
from evonasc.search.array_operators import ArrayOperators
from evonasc.search.config import SearchConfig
from evonasc.search.ranking import ranks_of
from evonasc.search.steps import Steps

#: Fronts whose designs are varied, and how many tries one front further back counts.
_FRONTS, _TRIES_A_FRONT = 4, 10
#: Times in a row that varying may give nothing new before designs are drawn.
_PATIENCE = 100


@dataclass
class _Pool:
    """Designs to be varied."""

    genes: IntArray
    values: FloatArray
    violation: FloatArray
    #: ``(n,)`` how often each was varied.
    tries: IntArray
    #: ``(n,)`` number of its front, from 0.
    rank: IntArray

    def joined(self, genes: IntArray, values: FloatArray, violation: FloatArray) -> "_Pool":
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
        return _Pool(genes[rows], values[rows], violation[rows], tries[rows], rank[kept])

    def parents(self, n: int, *, rng: np.random.Generator) -> IntArray:
        """Return ``(2, n, n_genes)``: the least tried, which count it, and any of the front."""
        cost = self.tries + _TRIES_A_FRONT * self.rank + rng.random(len(self.tries))
        chosen = np.resize(np.argsort(cost), n)
        np.add.at(self.tries, chosen, 1)
        front = np.flatnonzero(self.rank == 0)
        others = front[rng.integers(len(front), size=n)]
        return np.stack([self.genes[chosen], self.genes[others]])


def pls(archive: Archive, config: SearchConfig) -> Steps:
    """Vary the designs of the front and of those behind it, the least tried first.

    Ends when neither that nor drawing finds a new design.
    """
    rng = np.random.default_rng(config.seed)
    operators, n = ArrayOperators(archive, config, rng=rng), config.population
    genes = operators.sample(n)
    none = np.zeros(0, dtype=np.int64)
    pool = _Pool(genes[:0], np.zeros((0, archive.problem.n_obj)), np.zeros(0), none, none)
    while len(genes):
        values = yield genes
        pool = pool.joined(genes, values, archive.violations_of(genes))
        found = genes[:0]
        for _ in range(_PATIENCE):
            children = operators.children(pool.parents(n, rng=rng))[:n]
            found = operators.new(np.concatenate([found, children]))
            if len(found) >= n:
                break
        genes = (found if len(found) else operators.drawn(n))[:n]


ALGORITHM = Algorithm(pls, is_evolving=True, can_refine=True, heeds=None)
