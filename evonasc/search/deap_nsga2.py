"""NSGA-II by DEAP: the same algorithm from another library, to check the first one against.

Selection and sorting are DEAP's; sampling, crossover and mutation are our operators, with the
probabilities they have under pymoo, and no design is paid for twice.

References: Fortin et al. 2012, "DEAP: Evolutionary Algorithms Made Easy", JMLR 13; Deb et al. 2002,
"A Fast and Elitist Multiobjective Genetic Algorithm: NSGA-II", IEEE Transactions on Evolutionary
Computation 6(2); Fortin, Grenier and Parizeau 2013, "Generalizing the Improved Run-time Complexity
Algorithm for Non-dominated Sorting", GECCO (``nd="log"``).
"""

from typing import Any

import numpy as np
from deap import base, tools
from pymoo.core.population import Population

from evonasc.arrays import FloatArray, IntArray
from evonasc.bounds import violations
from evonasc.search.algorithm import Algorithm
from evonasc.search.archive import Archive
from evonasc.search.config import SearchConfig
from evonasc.search.pymoo_driver import design_operators

#: Matings in a row that may fail to give enough new designs (as many as pymoo's).
_MATINGS = 100


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


class _Operators:
    """pymoo operators on arrays, each with its own probability."""

    def __init__(self, archive: Archive, config: SearchConfig, rng: np.random.Generator) -> None:
        self._problem, self._rng = archive.problem, rng
        self._chosen = design_operators(archive, config)

    def sample(self, n: int) -> IntArray:
        """Return ``(n, n_genes)`` designs."""
        return self._repaired(self._applied("sampling", n))

    def children(self, parents: IntArray) -> IntArray:
        """Map parents ``(n_matings, 2, n_genes)`` to ``(2 n_matings, n_genes)`` children."""
        pairs = [Population.new("X", pair) for pair in parents]
        return self._repaired(self._applied("mutation", self._applied("crossover", pairs)))

    def _applied(self, kind: str, given: Any) -> Population:
        """Return what the operator of a kind makes."""
        return self._chosen[kind](self._problem, given, random_state=self._rng)

    def _repaired(self, made: Population) -> IntArray:
        """Return ``(n, n_genes)`` designs, checked and refined as the search is told."""
        genes: IntArray = self._chosen["repair"]._do(self._problem, made.get("X"))
        return genes


def deap_nsga2(archive: Archive, config: SearchConfig) -> None:
    """Search by DEAP's non-dominated sorting and crowding distance, with our integer operators.

    Returns when mating finds no new design, 100 times in a row.
    """
    rng = np.random.default_rng(config.seed)
    operators = _Operators(archive, config, rng)
    first = _new(archive, operators.sample(config.population))
    parents = _survivors(_evaluated(archive, first), config.population)
    while True:
        offspring = _offspring(archive, operators, parents, n=config.population, rng=rng)
        if len(offspring) == 0:
            return
        parents = _survivors(parents + _evaluated(archive, offspring), config.population)


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


def _offspring(
    archive: Archive,
    operators: _Operators,
    parents: list[_Individual],
    *,
    n: int,
    rng: np.random.Generator,
) -> IntArray:
    """Mate until there are ``n`` new designs, or mating was tried often enough."""
    found = np.zeros((0, archive.problem.n_var), dtype=np.int64)
    for _ in range(_MATINGS):
        n_matings = -(-(n - len(found)) // 2)
        winners = _tournaments(parents, 2 * n_matings, rng=rng)
        pairs = np.stack([winner.genes for winner in winners]).reshape(n_matings, 2, -1)
        found = _new(archive, np.concatenate([found, operators.children(pairs)]))[:n]
        if len(found) == n:
            break
    return found


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


def _new(archive: Archive, genes: IntArray) -> IntArray:
    """Return the designs not evaluated in this run, one of each canonical form, in their order."""
    canonical = archive.problem.designs.canonical(genes)
    _, first = np.unique(canonical, axis=0, return_index=True)
    rows = np.sort(first)
    return genes[rows[~archive.is_known(canonical[rows])]]


def _evaluated(archive: Archive, genes: IntArray) -> list[_Individual]:
    """Evaluate designs and make individuals of them."""
    if len(genes) == 0:  # an empty archive has no columns yet
        return []
    columns, problem = archive.columns_of(genes), archive.problem
    values = problem.objective_values(columns)
    missed = violations(columns, problem.column_bounds).tolist()
    return [_Individual(*row) for row in zip(genes, values, missed, strict=True)]


ALGORITHM = Algorithm(deap_nsga2, is_evolving=True, can_refine=True, heeds=None)
