"""What sources of the error promise."""

import numpy as np

from evonasc.arrays import FloatArray, IntArray
from evonasc.benchmark import Benchmark
from evonasc.contracts.rules import Rule, require, row_rules
from evonasc.cost.cuts import design_space
from evonasc.cost.scenario import Scenario
from evonasc.runs.config import ErrorChoice
from evonasc.runs.error_table import error_kind, make_source


def error_rules(name: str, benchmark: Benchmark) -> list[Rule]:
    """Return what a source of the error promises for networks of a benchmark, by its defaults."""
    kind = error_kind(name, benchmark)
    source = make_source(ErrorChoice(name, kind.options()), benchmark, seed=0)
    designs = design_space(Scenario(), benchmark.make_space())

    def draw(n: int, seed: int) -> IntArray:
        return designs.canonical(designs.sample(n, rng=np.random.default_rng(seed)))

    def errors_of(rows: IntArray) -> FloatArray:
        return source.error(rows, designs=designs)

    def fractions(n: int, seed: int) -> None:
        rows = draw(n, seed)
        rows.flags.writeable = False
        errors = errors_of(rows)
        require(errors.shape == (n,), f"shape {errors.shape} instead of {(n,)}")
        require(bool(((errors >= 0) & (errors <= 1)).all()), "errors that are no fractions")

    def network_alone(n: int, seed: int) -> None:
        rows = draw(n, seed)
        on_device = rows.copy()
        on_device[:, designs.split_genes] = designs.space.n_blocks
        moved = designs.canonical(on_device)
        same = bool(np.allclose(errors_of(moved), errors_of(rows), rtol=1e-9))
        require(same, "the error of a network depends on where it is cut")

    return [
        ("errors: fractions, one a design, genes not changed", fractions),
        ("errors: of the network, wherever it is cut", network_alone),
        *row_rules("errors", draw, errors_of),
    ]
