"""What problems and algorithms promise."""

from collections.abc import Callable
from contextlib import suppress

import numpy as np

from evonasc.arrays import FloatArray, IntArray
from evonasc.contracts.rules import Rule, require, require_same, row_rules
from evonasc.cost.scenario import Scenario
from evonasc.problems import Staircase
from evonasc.runs.run import RunConfig, make_problem
from evonasc.search.algorithms import algorithm
from evonasc.search.archive import Archive, BudgetSpent
from evonasc.search.config import SearchConfig


def problem_rules(name: str, scenario: Scenario) -> list[Rule]:
    """Return what a problem promises."""
    problem, other = (make_problem(RunConfig(problem=name, scenario=scenario)) for _ in range(2))

    def ask(n: int, seed: int) -> tuple[IntArray, Callable[[IntArray], FloatArray]]:
        rows = problem.designs.sample(n, rng=np.random.default_rng(seed))
        return rows, lambda genes: problem.objective_values(problem.checked_columns(genes))

    def objectives(n: int, seed: int) -> None:
        columns = problem.checked_columns(ask(n, seed)[0])
        missing = [one for one in problem.objectives if one not in columns]
        require(not missing, f"the columns lack the objectives {', '.join(missing)}")

    def unchanged(n: int, seed: int) -> None:
        rows, function = ask(n, seed)
        rows.flags.writeable = False
        function(rows)

    def made_again(n: int, seed: int) -> None:
        rows, function = ask(n, seed)
        values = other.objective_values(other.checked_columns(rows))
        require_same(values, function(rows), "objectives differ between two problems made alike")

    def canonical(n: int, seed: int) -> None:
        rows, function = ask(n, seed)
        require_same(
            function(problem.designs.canonical(rows)),
            function(rows),
            "a design and its canonical form have other objectives",
        )

    return [
        ("columns: finite, of shape (n,), every objective among them", objectives),
        ("genes: not changed", unchanged),
        ("a problem made again gives the same", made_again),
        ("a design counts as its canonical form", canonical),
        *row_rules("objectives", ask),
    ]


def algorithm_rules(name: str) -> list[Rule]:
    """Return what an algorithm promises."""
    search = algorithm(name)

    def run(seed: int) -> Archive:
        archive = Archive(Staircase(), budget=60)
        with suppress(BudgetSpent):
            search(archive, SearchConfig(budget=60, pop_size=10, seed=seed))
        return archive

    def evaluates(n: int, seed: int) -> None:
        require(len(run(seed)) > 0, "it evaluated nothing")

    def again(n: int, seed: int) -> None:
        require_same(run(seed).genes(), run(seed).genes(), "the same seed asks for other designs")

    return [
        ("evaluates designs within its budget", evaluates),
        ("the same seed, the same designs", again),
    ]
