"""What operators promise, on designs with few cuts or none, several widths or links, one gene."""

import pickle
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from pymoo.core.crossover import Crossover
from pymoo.core.mutation import Mutation
from pymoo.core.population import Population

from evonasc.arrays import BoolArray, FloatArray, IntArray
from evonasc.benchmark import DEFAULT_SPACE
from evonasc.contracts.rules import Rule, require, require_same
from evonasc.problems import DesignProblem
from evonasc.problems.toy import ToySpace
from evonasc.runs.benchmarks import search_space
from evonasc.search.operator_table import OPERATORS, operator
from evonasc.space import DesignSpace


class _AnyDesigns(DesignProblem):
    """A problem whose objective does not matter."""

    def __init__(self, designs: DesignSpace) -> None:
        super().__init__(designs, objectives=("zero",), known_columns=("zero",))

    def columns(self, genes: IntArray) -> dict[str, FloatArray]:
        """Return zeros."""
        return {"zero": np.zeros(len(genes))}


class _OneGene(ToySpace):
    """The smallest space: one gene of two choices, one block."""

    n_choices = (2,)
    gene_groups = ((0,),)
    block_names = ("block",)
    cut_shapes = ((1, 1, 1),) * 2
    bare_network = (0,)
    layer_membership = np.zeros((0, 1), dtype=np.int64)

    def sample(self, n: int, *, rng: np.random.Generator) -> IntArray:
        """Draw ``(n, 1)`` networks."""
        return rng.integers(2, size=(n, 1))


@dataclass(frozen=True)
class _Cuts:
    """Allows every ``step``-th cut of a network, from a place that differs from one to the next.

    Of some networks no cut at all is allowed, unless every cut of all is.
    """

    n_blocks: int
    step: int = 1

    def __call__(self, operations: IntArray, bits: IntArray) -> BoolArray:
        total = operations.sum(axis=1)[:, None]
        allowed: BoolArray = (np.arange(self.n_blocks + 1) + total) % self.step == 0
        allowed &= (self.step == 1) | (total % 3 > 0)
        return np.repeat(allowed[:, None], bits.shape[1], axis=1)


@lru_cache
def _design_spaces() -> tuple[DesignSpace, ...]:
    """Return designs on which operators must work: one gene, several widths or links, few cuts."""
    cells, toy, one = search_space(DEFAULT_SPACE), ToySpace(), _OneGene()
    return (
        DesignSpace(one, (8,), _Cuts(one.n_blocks)),
        DesignSpace(toy, (4, 8, 16), _Cuts(toy.n_blocks)),
        DesignSpace(cells, (8,), _Cuts(cells.n_blocks, step=9)),
        DesignSpace(cells, (4, 32), _Cuts(cells.n_blocks, step=4)),
        DesignSpace(toy, (8,), _Cuts(toy.n_blocks, step=2), n_links=2),
        DesignSpace(cells, (4, 8), _Cuts(cells.n_blocks, step=3), n_links=2),
    )


def operator_rules(name: str) -> list[Rule]:
    """Return what an operator promises."""
    _, kind = operator(name)

    def applied(designs: DesignSpace, genes: IntArray, seed: int) -> Any:
        made: Any = OPERATORS.make(name)
        problem, drawn = _AnyDesigns(designs), {"random_state": np.random.default_rng(seed)}
        if isinstance(made, Crossover):
            require(
                (made.n_parents, made.n_offsprings) == (2, 2),
                "it must make 2 children of 2 parents",
            )
            pairs = [
                Population.new("X", np.stack(pair)) for pair in zip(genes, genes[::-1], strict=True)
            ]
            return made(problem, pairs, **drawn).get("X")[: len(genes)]
        if isinstance(made, Mutation):
            return made(problem, Population.new("X", genes), inplace=False, **drawn).get("X")
        return made(problem, len(genes), **drawn).get("X")

    def cases(n: int, seed: int) -> Iterator[tuple[DesignSpace, IntArray, IntArray]]:
        """Yield designs, rows of genes, and what the operator makes of them."""
        for designs in _design_spaces():
            genes = designs.sample(n, rng=np.random.default_rng(seed))
            genes.flags.writeable = False
            yield designs, genes, np.asarray(applied(designs, genes, seed))

    def shape(n: int, seed: int) -> None:
        for _, genes, made in cases(n, seed):
            require(made.shape == genes.shape, f"shape {made.shape} instead of {genes.shape}")
            require(np.issubdtype(made.dtype, np.integer), f"{made.dtype} instead of integers")

    def bounds(n: int, seed: int) -> None:
        for designs, _, made in cases(n, seed):
            is_inside = (made >= 0) & (made < np.array(designs.n_choices))
            require(bool(is_inside.all()), f"genes out of range in {made.tolist()}")

    def valid(n: int, seed: int) -> None:
        for designs, _, made in cases(n, seed):
            is_valid = designs.is_valid(made.astype(np.int64))
            require(bool(is_valid.all()), f"forbidden cuts in {made.tolist()}; use designs.repair")

    def repeated(n: int, seed: int) -> None:
        for designs, genes, made in cases(n, seed):
            again = applied(designs, genes, seed)
            require_same(made, again, "the same seed makes other designs")

    def pickled(n: int, seed: int) -> None:
        pickle.loads(pickle.dumps(OPERATORS.make(name)))

    return [
        (f"{kind}: integers, as many rows as came, input unchanged", shape),
        (f"{kind}: every gene in range", bounds),
        (f"{kind}: every cut allowed", valid),
        (f"{kind}: the same seed, the same designs", repeated),
        (f"{kind}: survives pickling", pickled),
    ]
