"""What problems, algorithms and their variations promise."""

from contextlib import suppress
from dataclasses import replace

import numpy as np

from evonasc.arrays import FloatArray, IntArray
from evonasc.bounds import Bound, in_words
from evonasc.contracts.rules import Rule, UncheckedError, require, require_same, row_rules
from evonasc.cost.scenario import Scenario
from evonasc.errors import ConfigError
from evonasc.problems import Staircase
from evonasc.runs.config import RunConfig
from evonasc.runs.prepare import prepare
from evonasc.runs.problem_table import problem_kind
from evonasc.runs.variations import variation
from evonasc.search.algorithms import algorithm, own_algorithms
from evonasc.search.archive import Archive
from evonasc.search.config import SearchConfig
from evonasc.search.search import Search


def problem_rules(name: str, scenario: Scenario) -> list[Rule]:
    """Return what a problem promises."""
    config = RunConfig(problem=name)
    if "scenario" in problem_kind(name).reads:
        config = replace(config, scenario=scenario)
    problem, other = (prepare(config).problem for _ in range(2))

    def draw(n: int, seed: int) -> IntArray:
        return problem.designs.sample(n, rng=np.random.default_rng(seed))

    def objectives_of(rows: IntArray) -> FloatArray:
        return problem.objective_values(problem.checked_columns(rows))

    def objectives(n: int, seed: int) -> None:
        columns = problem.checked_columns(draw(n, seed))
        missing = [one for one in problem.objectives if one not in columns]
        require(not missing, f"the columns lack the objectives {', '.join(missing)}")
        free = [one.column for one in problem.column_bounds if one.column not in columns]
        require(not free, f"the columns lack those of its bounds, {', '.join(free)}")
        unknown = [one for one in problem.columns_to_bound() if one not in columns]
        with suppress(ConfigError):  # a column that the scenario cannot give says so
            known = problem.within(tuple(Bound(one, 1.0) for one in unknown)).columns(draw(n, seed))
            lacking = [one for one in unknown if one not in known]
            require(not lacking, f"it offers to bound what it lacks, {', '.join(lacking)}")

    def unchanged(n: int, seed: int) -> None:
        rows = draw(n, seed)
        rows.flags.writeable = False
        objectives_of(rows)

    def made_again(n: int, seed: int) -> None:
        rows = draw(n, seed)
        require_same(
            other.objective_values(other.checked_columns(rows)),
            objectives_of(rows),
            "objectives differ between two problems made alike",
        )

    def canonical(n: int, seed: int) -> None:
        rows = draw(n, seed)
        require_same(
            objectives_of(problem.designs.canonical(rows)),
            objectives_of(rows),
            "a design and its canonical form have other objectives",
        )

    return [
        ("columns: finite, of shape (n,), objectives and what is bounded among them", objectives),
        ("genes: not changed", unchanged),
        ("a problem made again gives the same", made_again),
        ("a design counts as its canonical form", canonical),
        *row_rules("objectives", draw, objectives_of),
    ]


def algorithm_rules(name: str) -> list[Rule]:
    """Return what an algorithm promises."""
    entry = algorithm(name)
    pop_size = 10 if entry.is_evolving else SearchConfig.pop_size

    def run(seed: int, *bounds: Bound) -> Archive:
        if entry.trains:
            raise UncheckedError(
                "It trains weights, and the problem of the check has none. Try it on a small data "
                f"set: evonasc run --algo {name} --data digits."
            )
        config = SearchConfig(name, budget=60, seed=seed, pop_size=pop_size)
        return Search(Staircase().within(bounds), config).run().archive

    def evaluates(n: int, seed: int) -> None:
        require(len(run(seed)) > 0, "it evaluated nothing")

    def again(n: int, seed: int) -> None:
        bounds = (Bound("latency_ms", 8.0),) if seed % 2 and entry.heeds is None else ()
        first, second = (run(seed, *bounds).genes() for _ in range(2))
        require_same(first, second, f"the same seed asks for other designs {in_words(bounds)}")

    return [
        ("evaluates designs within its budget", evaluates),
        ("the same seed, the same designs; under a bound too, where it heeds any", again),
    ]


def variation_rules(name: str) -> list[Rule]:
    """Return what a variation promises."""
    change, _ = variation(name)

    def changes(n: int, seed: int) -> None:
        search = SearchConfig(seed=seed)
        require(change.applied(search) != search, "it changes nothing")

    def fits(n: int, seed: int) -> None:
        fitting = [one for one, entry in own_algorithms().items() if change.fits(entry)]
        require(bool(fitting), "no algorithm of evonasc reads all that it changes")

    return [
        ("changes the default search, within its ranges", changes),
        ("there is an algorithm that reads what changes", fits),
    ]
