"""pymoo's operators on arrays of genes, without pymoo's objects for single designs.

What an operator does stands in its ``_do``, which takes and gives arrays; around it pymoo makes an
object of each design, which takes longer than everything else in a search that looks its
evaluations up. An operator that has more than a ``_do`` of its own is called as pymoo calls it.
"""

from collections.abc import Callable

import numpy as np
from pymoo.core.crossover import Crossover
from pymoo.core.mutation import Mutation
from pymoo.core.operator import Operator
from pymoo.core.population import Population
from pymoo.core.sampling import Sampling

from evonasc.arrays import IntArray
from evonasc.search.archive import Archive
from evonasc.search.config import SearchConfig
from evonasc.search.pymoo_driver import design_operators

#: Matings in a row that may fail to give enough new designs, as many as pymoo's.
_MATINGS = 100
#: Matings at once, at most, in populations.
_MOST_AT_ONCE = 20
#: Populations drawn at most where mating gives nothing new.
_DRAWS = 100


class ArrayOperators:
    """The operators that a search is told, with their probabilities, and its repair.

    Args:
        archive: Tells which designs are known.
        config: Names the operators.
        rng: What they draw from.

    Raises:
        ConfigError: The configuration wants cuts refined where that has no meaning, or names an
            operator of another kind.
        UnknownNameError: No such operator.
        PluginError: An operator of another package cannot be used.
    """

    def __init__(self, archive: Archive, config: SearchConfig, *, rng: np.random.Generator) -> None:
        self._archive, self._problem, self._rng = archive, archive.problem, rng
        chosen = design_operators(archive, config)
        self._sampling: Sampling = chosen["sampling"]
        self._crossover: Crossover = chosen["crossover"]
        self._mutation: Mutation = chosen["mutation"]
        self._repair = chosen["repair"]
        #: Share of new designs among the children of late.
        self._new_share = 1.0

    def sample(self, n: int) -> IntArray:
        """Return the new designs among ``n`` drawn ones, ``(n, n_genes)`` at most."""
        drawn = self._sampling(self._problem, n, random_state=self._rng)
        return self.new(self._repaired(drawn.get("X")))

    def children(self, parents: IntArray) -> IntArray:
        """Map parents ``(2, n_matings, n_genes)`` to ``(2 n_matings, n_genes)`` children."""
        return self._repaired(self._mutated(self._crossed(parents)))

    def new_children(
        self, n: int, draw: Callable[[int], IntArray], *, found: IntArray | None = None
    ) -> IntArray:
        """Return ``n`` new designs, or fewer where neither mating nor drawing gives more.

        Where most children are known designs, as many are made at once as it takes. Where mating
        gives no more, as in a space that is nearly exhausted, designs are drawn instead.

        Args:
            n: How many.
            draw: Called with a number of matings; returns their parents,
                ``(2, n_matings, n_genes)``.
            found: New designs that come first and count.
        """
        found = self._none() if found is None else found
        n_made, most = 0, _MATINGS * n
        while len(found) < n and n_made < most:
            wanted = 1.1 * (n - len(found)) / max(self._new_share, 1e-6)
            n_matings = int(np.clip(-(-wanted // 2), -(-n // 2), _MOST_AT_ONCE * n))
            made = self.children(draw(n_matings))
            n_made += len(made)
            new = self.new(np.concatenate([found, made]))
            share = (len(new) - len(found)) / len(made)
            self._new_share = 0.5 * (self._new_share + share)
            found = new
        return found[:n] if len(found) >= n else self.drawn(n, found=found)

    def drawn(self, n: int, *, found: IntArray | None = None) -> IntArray:
        """Return ``n`` new designs drawn from anywhere, those found before first, or fewer."""
        rows = self._none() if found is None else found
        for _ in range(_DRAWS):
            if len(rows) >= n:
                break
            rows = self.new(np.concatenate([rows, self.sample(n)]))
        return rows[:n]

    def new(self, genes: IntArray) -> IntArray:
        """Return the designs that are not known, one of each canonical form, in their order."""
        canonical = self._problem.designs.canonical(genes)
        return genes[self._archive.first_of_new(canonical)]

    def _none(self) -> IntArray:
        """Return no designs."""
        return np.zeros((0, self._problem.designs.n_genes), dtype=np.int64)

    def _repaired(self, genes: IntArray) -> IntArray:
        """Return ``(n, n_genes)`` designs, checked and refined as the search is told."""
        repaired: IntArray = self._repair._do(self._problem, genes, random_state=self._rng)
        return repaired

    def _crossed(self, parents: IntArray) -> IntArray:
        """Return the children of crossover, the first of each pair first."""
        operator, rng = self._crossover, self._rng
        if not _is_plain(operator, Crossover) or operator.n_parents != operator.n_offsprings:
            pairs = [Population.new("X", pair) for pair in parents.swapaxes(0, 1)]
            made: IntArray = operator(self._problem, pairs, random_state=rng).get("X")
            return made
        is_crossed = rng.random(parents.shape[1]) < operator.prob.value
        children = parents
        if is_crossed.any():
            crossed = operator._do(self._problem, parents[:, is_crossed], random_state=rng)
            children = np.empty(parents.shape, dtype=np.result_type(parents, crossed))
            children[:, ~is_crossed] = parents[:, ~is_crossed]
            children[:, is_crossed] = crossed
        return children.reshape(-1, parents.shape[2])

    def _mutated(self, genes: IntArray) -> IntArray:
        """Return what mutation makes of each design, as likely as it is."""
        operator, rng = self._mutation, self._rng
        if not _is_plain(operator, Mutation):
            made: IntArray = operator(
                self._problem, Population.new("X", genes), random_state=rng
            ).get("X")
            return made
        mutated: IntArray = operator._do(self._problem, genes, random_state=rng)
        if operator.prob.value < 1:
            is_kept = rng.random(len(genes)) > operator.prob.value
            mutated = np.where(is_kept[:, None], genes, mutated)
        return mutated


def _is_plain(operator: Operator, base: type[Operator]) -> bool:
    """Tell whether all that an operator does is its ``_do``, on integers, with one probability."""
    is_base = type(operator).do is base.do and type(operator).__call__ is Operator.__call__
    is_bare = operator.vtype is None and operator.repair is None
    return is_base and is_bare and isinstance(operator.prob.value, float)
