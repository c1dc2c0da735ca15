"""NSGA-II on designs, on arrays throughout: the algorithm of ``pymoo-nsga2`` at a twentieth of it.

Reference: Deb et al. 2002, "A Fast and Elitist Multiobjective Genetic Algorithm: NSGA-II", IEEE
Transactions on Evolutionary Computation 6(2).
"""

import numpy as np

from evonasc.arrays import IntArray
from evonasc.search.algorithm import Algorithm
from evonasc.search.archive import Archive
from evonasc.search.array_operators import ArrayOperators
from evonasc.search.config import SearchConfig
from evonasc.search.ranking import Ranked, duels, survivors
from evonasc.search.steps import Steps


def nsga2(archive: Archive, config: SearchConfig) -> Steps:
    """Search by non-dominated sorting and crowding distance, with integer operators.

    Ends when neither mating nor drawing finds a new design.
    """
    rng = np.random.default_rng(config.seed)
    operators = ArrayOperators(archive, config, rng=rng)
    genes, n = operators.sample(config.population), config.population
    values = yield genes
    parents = survivors(genes, values, archive.violations_of(genes), n=n, rng=rng)
    while True:

        def draw(n_matings: int, parents: Ranked = parents) -> IntArray:
            winners = duels(parents, 2 * n_matings, rng=rng)
            return parents.genes[winners].reshape(2, n_matings, -1)

        genes = operators.new_children(n, draw)
        if len(genes) == 0:
            return
        values = yield genes
        parents = survivors(
            np.concatenate([parents.genes, genes]),
            np.concatenate([parents.values, values]),
            np.concatenate([parents.violation, archive.violations_of(genes)]),
            n=n,
            rng=rng,
        )


ALGORITHM = Algorithm(nsga2, is_evolving=True, can_refine=True, heeds=None)
