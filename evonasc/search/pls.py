"""Pareto local search: the neighbourhood of everything on the front, least tried designs first.

The parents are the front of everything evaluated and the fronts just behind it. Each counts how
often it was varied; the next is the one with the fewest, where a front further back counts like
some tries more. Children are its mutations, now and then after a crossover with a design of the
front.

References: Paquete, Chiarandini and Stützle 2004, "Pareto Local Optimum Sets in the Biobjective
Traveling Salesman Problem: An Experimental Study", in Metaheuristics for Multiobjective
Optimisation. That fronts behind the first are varied too, and the counting, is **our formulation**.
"""

import numpy as np

from evonasc.arrays import IntArray
from evonasc.search.algorithm import Algorithm
from evonasc.search.archive import Archive
from evonasc.search.array_operators import ArrayOperators
from evonasc.search.config import SearchConfig
from evonasc.search.pool import Pool
from evonasc.search.steps import Steps


def pls(archive: Archive, config: SearchConfig) -> Steps:
    """Vary the designs of the front and of those behind it, the least tried first.

    Ends when neither that nor drawing finds a new design.
    """
    rng = np.random.default_rng(config.seed)
    operators, n = ArrayOperators(archive, config, rng=rng), config.population
    pool = Pool.empty(n_genes=archive.problem.designs.n_genes, n_obj=archive.problem.n_obj)

    def parents(n_matings: int) -> IntArray:
        return pool.parents(n_matings, rng=rng)

    genes = operators.sample(n)
    while len(genes):
        values = yield genes
        pool = pool.joined(genes, values, archive.violations_of(genes))
        genes = operators.new_children(n, parents)


ALGORITHM = Algorithm(pls, is_evolving=True, can_refine=True, heeds=None)
