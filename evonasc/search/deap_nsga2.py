"""NSGA-II by DEAP: the same algorithm from another library, to check the first one against.

Selection and sorting are DEAP's; sampling, crossover and mutation are our operators, as in
:mod:`evonasc.search.nsga2`, and no design is paid for twice.

References: Fortin et al. 2012, "DEAP: Evolutionary Algorithms Made Easy", JMLR 13; Deb et al. 2002,
"A Fast and Elitist Multiobjective Genetic Algorithm: NSGA-II", IEEE Transactions on Evolutionary
Computation 6(2); Fortin, Grenier and Parizeau 2013, "Generalizing the Improved Run-time Complexity
Algorithm for Non-dominated Sorting", GECCO (``nd="log"``).
"""

from collections.abc import Generator

import numpy as np
from deap import base, tools

from evonasc.arrays import FloatArray, IntArray
from evonasc.search.algorithm import Algorithm
from evonasc.search.archive import Archive
from evonasc.search.array_operators import ArrayOperators
from evonasc.search.config import SearchConfig
from evonasc.search.steps import Steps


class _Fitness(base.Fitness):
    """DEAP's fitness; every objective is minimised."""

    def __init__(self, values: FloatArray) -> None:
        self.weights = (-1.0,) * len(values)  # of the instance: DEAP's creator makes classes
        self.crowding_dist = 0.0
        super().__init__(tuple(values.tolist()))


class _Individual:
    """A design, what DEAP knows of it, and by how much it misses the bounds."""

    def __init__(self, genes: IntArray, values: FloatArray, violation: float) -> None:
        self.genes, self.fitness, self.violation = genes, _Fitness(values), violation

    def dominates(self, other: "_Individual") -> bool:
        """Tell whether it misses the bounds by less, or keeps to them both and dominates."""
        if self.violation or other.violation:
            return self.violation < other.violation
        return bool(self.fitness.dominates(other.fitness))


def deap_nsga2(archive: Archive, config: SearchConfig) -> Steps:
    """Search by DEAP's non-dominated sorting and crowding distance, with our integer operators.

    Ends when neither mating nor drawing finds a new design.
    """
    rng = np.random.default_rng(config.seed)
    operators = ArrayOperators(archive, config, rng=rng)
    first = operators.sample(config.population)
    parents = _survivors((yield from _evaluated(archive, first)), config.population)
    while True:

        def draw(n_matings: int, parents: list[_Individual] = parents) -> IntArray:
            winners = _tournaments(parents, 2 * n_matings, rng=rng)
            return np.stack([one.genes for one in winners]).reshape(2, n_matings, -1)

        offspring = operators.new_children(config.population, draw)
        if len(offspring) == 0:
            return
        children = yield from _evaluated(archive, offspring)
        parents = _survivors(parents + children, config.population)


def _survivors(individuals: list[_Individual], n: int) -> list[_Individual]:
    """Return the ``n`` best by front, then crowding distance, which they then carry.

    Those that miss bounds come after all others, by how much they miss (Deb et al. 2002, section
    VI).
    """
    within = [one for one in individuals if not one.violation]
    beyond = sorted((one for one in individuals if one.violation), key=lambda one: one.violation)
    if not within:
        return beyond[:n]
    is_single = len(within[0].fitness.weights) == 1  # the fast sort needs two objectives
    survivors: list[_Individual] = tools.selNSGA2(
        within, min(n, len(within)), nd="standard" if is_single else "log"
    )
    return survivors + beyond[: n - len(survivors)]


def _tournaments(
    parents: list[_Individual], n: int, *, rng: np.random.Generator
) -> list[_Individual]:
    """Return the winners of ``n`` duels, by dominance, then crowding distance, then chance.

    The rules of DEAP's ``selTournamentDCD``, which draws from Python's global generator.
    """
    n_orders = -(-2 * n // len(parents))
    order = np.concatenate([rng.permutation(len(parents)) for _ in range(n_orders)])
    winners = []
    for left, right in order[: 2 * n].reshape(n, 2).tolist():
        one, other = parents[left], parents[right]
        if one.dominates(other):
            winners.append(one)
        elif other.dominates(one):
            winners.append(other)
        elif one.fitness.crowding_dist != other.fitness.crowding_dist:
            is_first = one.fitness.crowding_dist > other.fitness.crowding_dist
            winners.append(one if is_first else other)
        else:
            winners.append(one if rng.random() < 0.5 else other)
    return winners


def _evaluated(
    archive: Archive, genes: IntArray
) -> Generator[IntArray, FloatArray, list[_Individual]]:
    """Ask for designs and make individuals of them."""
    if len(genes) == 0:  # an empty archive has no columns yet
        return []
    values = yield genes
    missed = archive.violations_of(genes).tolist()
    return [_Individual(*row) for row in zip(genes, values, missed, strict=True)]


ALGORITHM = Algorithm(deap_nsga2, is_evolving=True, can_refine=True, heeds=None)
