"""What operators promise, on designs with few cuts, with several widths, and with all cuts."""

import pickle
from collections.abc import Iterator
from typing import Any

import numpy as np
from pymoo.core.crossover import Crossover
from pymoo.core.mutation import Mutation
from pymoo.core.population import Population

from evonasc.arrays import BoolArray, FloatArray, IntArray
from evonasc.contracts.rules import Rule, require, require_same
from evonasc.nasbench201.space import NasBench201
from evonasc.problems import DesignProblem
from evonasc.problems.toy import ToySpace
from evonasc.search.operator_table import OPERATORS, kind_of
from evonasc.space import DesignSpace


class _AnyDesigns(DesignProblem):
    """A problem whose objective does not matter."""

    def __init__(self, designs: DesignSpace) -> None:
        super().__init__(designs, objectives=("zero",), known_columns=("zero",))

    def columns(self, genes: IntArray) -> dict[str, FloatArray]:
        """Return zeros."""
        return {"zero": np.zeros(len(genes))}


def _some_cuts(operations: IntArray, bits: IntArray) -> BoolArray:
    """Allow cuts that differ from network to network, the last always."""
    cuts = np.arange(20)
    total = operations.sum(axis=1)
    allowed: BoolArray = ((cuts + total[:, None]) % 4 == 0) | (cuts == 19)
    return np.repeat(allowed[:, None], bits.shape[1], axis=1)


def _every_cut(operations: IntArray, bits: IntArray) -> BoolArray:
    """Allow every cut of the toy space."""
    return np.ones((*bits.shape, 7), dtype=bool)


def _design_spaces() -> tuple[DesignSpace, ...]:
    """Return designs on which operators must work: few cuts, several widths, many cuts."""
    return (
        DesignSpace(NasBench201(), (8,), _some_cuts),
        DesignSpace(ToySpace(), (4, 8, 16), _every_cut),
        DesignSpace(ToySpace(), (8,), _every_cut),
    )


def operator_rules(name: str) -> list[Rule]:
    """Return what an operator promises."""
    kind = kind_of(OPERATORS.make(name))

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

    def cases(n: int, seed: int) -> Iterator[tuple[DesignSpace, IntArray]]:
        for designs in _design_spaces():
            genes = designs.sample(n, rng=np.random.default_rng(seed))
            genes.flags.writeable = False
            yield designs, genes

    def shape(n: int, seed: int) -> None:
        for designs, genes in cases(n, seed):
            made = np.asarray(applied(designs, genes, seed))
            require(made.shape == genes.shape, f"shape {made.shape} instead of {genes.shape}")
            require(np.issubdtype(made.dtype, np.integer), f"{made.dtype} instead of integers")

    def bounds(n: int, seed: int) -> None:
        for designs, genes in cases(n, seed):
            made = np.asarray(applied(designs, genes, seed))
            is_inside = (made >= 0) & (made < np.array(designs.n_choices))
            require(bool(is_inside.all()), f"genes out of range in {made.tolist()}")

    def valid(n: int, seed: int) -> None:
        for designs, genes in cases(n, seed):
            made = np.asarray(applied(designs, genes, seed))
            is_valid = designs.is_valid(made.astype(np.int64))
            require(bool(is_valid.all()), f"forbidden cuts in {made.tolist()}; use designs.repair")

    def again(n: int, seed: int) -> None:
        for designs, genes in cases(n, seed):
            one, other = (applied(designs, genes, seed) for _ in range(2))
            require_same(one, other, "the same seed makes other designs")

    def pickled(n: int, seed: int) -> None:
        pickle.loads(pickle.dumps(OPERATORS.make(name)))

    return [
        (f"{kind}: integers, as many rows as came, input unchanged", shape),
        (f"{kind}: every gene in range", bounds),
        (f"{kind}: every cut allowed", valid),
        (f"{kind}: the same seed, the same designs", again),
        (f"{kind}: survives pickling", pickled),
    ]
