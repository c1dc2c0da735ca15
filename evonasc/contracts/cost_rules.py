"""What machines, links and objectives promise."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from evonasc.arrays import FloatArray, IntArray
from evonasc.contracts.rules import Rule, require, row_rules
from evonasc.cost.link import uplink_ms
from evonasc.cost.link_table import LINKS
from evonasc.cost.roofline import head_table_ms
from evonasc.cost.scenario import Scenario
from evonasc.errors import ConfigError
from evonasc.nasbench201.space import NasBench201
from evonasc.problems.objective_table import OBJECTIVES, added_column


def hardware_rules(name: str) -> list[Rule]:
    """Return what a machine promises."""
    Scenario(head_hardware=name)  # refuses what is no machine
    space = NasBench201()

    def ask(n: int, seed: int) -> tuple[IntArray, Callable[[IntArray], FloatArray]]:
        rows = space.sample(n, rng=np.random.default_rng(seed))
        return rows, lambda operations: head_table_ms(name, space, operations)

    def times(n: int, seed: int) -> None:
        rows, function = ask(n, seed)
        table = function(rows)
        require(table.shape == (n, 20), f"shape {table.shape} instead of {(n, 20)}")
        require(bool(np.isfinite(table).all()), "times that are no numbers")
        require(bool((np.diff(table, axis=1) >= -1e-9).all()), "more blocks take less time")
        require(bool((table[:, -1] > 0).all()), "a network takes no time")

    return [
        ("times: positive, never less for more blocks", times),
        *row_rules("times", ask),
    ]


def link_rules(name: str, scenario: Scenario) -> list[Rule]:
    """Return what a link promises."""
    if LINKS.is_own(name.partition(":")[0]):
        raise ConfigError(f"{name} is a link of evonasc, whose own tests check it.")
    linked = replace(scenario, link=name)

    def ask(n: int, seed: int) -> tuple[FloatArray, Callable[[FloatArray], FloatArray]]:
        rows = np.random.default_rng(seed).integers(1, 200_000, n).astype(float)
        return rows, lambda payload: uplink_ms(linked, payload)

    def times(n: int, seed: int) -> None:
        rows, function = ask(n, seed)
        function(rows)  # refuses what is no time

    return [("times: finite, at least 0, one a payload", times), *row_rules("times", ask)]


def objective_rules(name: str) -> list[Rule]:
    """Return what an objective promises."""
    if OBJECTIVES.is_own(name):
        raise ConfigError(f"{name} is an objective of evonasc, whose own tests check it.")
    names: tuple[str, ...] = (
        "error",
        "latency_ms",
        "head_ms",
        "uplink_ms",
        "tail_ms",
        "payload_bytes",
    )
    names = (*names, "head_memory_bytes", "energy_mj")

    def ask(n: int, seed: int) -> tuple[FloatArray, Callable[[FloatArray], FloatArray]]:
        rows = np.random.default_rng(seed).uniform(0.01, 0.99, (n, len(names)))
        return rows, lambda table: added_column(name, dict(zip(names, table.T, strict=True)))

    def finite(n: int, seed: int) -> None:
        rows, function = ask(n, seed)
        require(bool(np.isfinite(function(rows)).all()), "values that are no numbers")

    return [("values: finite, one a design, columns unchanged", finite), *row_rules("values", ask)]
