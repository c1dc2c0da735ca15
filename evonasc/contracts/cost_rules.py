"""What machines, links, scenarios and objectives promise."""

from dataclasses import replace
from functools import cache

import numpy as np

from evonasc.arrays import FloatArray, IntArray
from evonasc.benchmark import Benchmark
from evonasc.contracts.rules import Rule, require, row_rules
from evonasc.cost.columns import CostColumns
from evonasc.cost.costs import path_costs
from evonasc.cost.cuts import design_space
from evonasc.cost.link_table import LINKS, link_of
from evonasc.cost.machine_table import machine_of
from evonasc.cost.path import Path, path_of
from evonasc.cost.scenario import Scenario
from evonasc.cost.scenario_table import named_scenario
from evonasc.errors import ConfigError
from evonasc.problems.objective_table import OBJECTIVES, ForeignColumn

#: Columns that an objective may use.
_KNOWN = (
    "error",
    "latency_ms",
    "head_ms",
    "uplink_ms",
    "tail_ms",
    "payload_bytes",
    "head_memory_bytes",
    "energy_mj",
)


def hardware_rules(name: str, benchmark: Benchmark) -> list[Rule]:
    """Return what a machine promises for the networks of a benchmark."""
    space = benchmark.make_space()
    machine = machine_of(name, space=space, known=benchmark.machines)

    def draw(n: int, seed: int) -> IntArray:
        return space.sample(n, rng=np.random.default_rng(seed))

    def times(n: int, seed: int) -> None:
        table, wanted = machine.head_table_ms(draw(n, seed)), (n, space.n_blocks + 1)
        require(table.shape == wanted, f"shape {table.shape} instead of {wanted}")
        require(bool(np.isfinite(table).all()), "times that are no numbers")
        require(bool((np.diff(table, axis=1) >= -1e-9).all()), "more blocks take less time")
        require(bool((table[:, -1] > 0).all()), "a network takes no time")

    return [
        ("times: positive, never less for more blocks", times),
        *row_rules("times", draw, machine.head_table_ms),
    ]


def link_rules(name: str, scenario: Scenario) -> list[Rule]:
    """Return what a link promises."""
    if LINKS.is_built_in(name.partition(":")[0]):
        raise ConfigError(f"{name} is a link of evonasc, whose own tests check it.")
    link = link_of(replace(scenario, link=name))

    def draw(n: int, seed: int) -> FloatArray:
        return np.random.default_rng(seed).integers(1, 200_000, n).astype(float)

    def times(n: int, seed: int) -> None:
        link.send_ms(draw(n, seed))  # refuses what is no time

    return [
        ("times: finite, at least 0, one a payload", times),
        *row_rules("times", draw, link.send_ms),
    ]


def scenario_rules(name: str, benchmark: Benchmark) -> list[Rule]:
    """Return what a scenario promises for the networks of a benchmark."""
    scenario, space = named_scenario(name), benchmark.make_space()

    @cache
    def path() -> Path:
        return path_of(scenario, space=space, known=benchmark.machines)

    def resolved(n: int, seed: int) -> None:
        require(all(CostColumns(path()).provenance()), "a machine or link without provenance")

    def cuttable(n: int, seed: int) -> None:
        designs = design_space(scenario, space, memory_bytes=path().head.memory_bytes)
        genes = designs.canonical(designs.sample(n, rng=np.random.default_rng(seed)))
        latency = path_costs(genes, designs=designs, path=path()).latency_ms
        require(bool((np.isfinite(latency) & (latency > 0)).all()), "a design takes no time")

    return [
        ("machines and link: known for the space, and where they come from", resolved),
        ("designs: some cut is allowed, every latency positive", cuttable),
    ]


def objective_rules(name: str, benchmark: Benchmark) -> list[Rule]:
    """Return what an objective promises for designs of a benchmark."""
    if OBJECTIVES.is_built_in(name):
        raise ConfigError(f"{name} is an objective of evonasc, whose own tests check it.")
    designs = design_space(Scenario(), benchmark.make_space())
    column = ForeignColumn(name)

    def values_of(rows: FloatArray) -> FloatArray:
        known = dict(zip(_KNOWN, rows[:, : len(_KNOWN)].T, strict=True))
        genes = rows[:, len(_KNOWN) :].astype(np.int64)
        return column.columns(genes, designs=designs, known=known)[name]

    def draw(n: int, seed: int) -> FloatArray:
        rng = np.random.default_rng(seed)
        values = rng.uniform(0.01, 0.99, (n, len(_KNOWN)))
        genes = designs.canonical(designs.sample(n, rng=rng))
        return np.concatenate([values, genes], axis=1)

    def finite(n: int, seed: int) -> None:
        values = values_of(draw(n, seed))
        require(bool(np.isfinite(values).all()), "values that are no numbers")

    return [
        ("values: finite, one a design, columns unchanged", finite),
        *row_rules("values", draw, values_of),
    ]
