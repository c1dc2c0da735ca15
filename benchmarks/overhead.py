"""What a search costs besides evaluations, beside pymoo and DEAP used as their users would.

    python benchmarks/overhead.py [--repeats 3] [--out benchmarks/results/overhead.csv]

CPU time of one thread, the least of some repeats, in microseconds for each evaluation; evaluations
themselves are looked up in tables. evonasc counts distinct designs and evaluates none twice; the
peers count what they are asked for, which is less work. `archive` is evonasc's archive alone, on
random designs of 23 genes, all of them new, with four columns: what it takes, and how many bytes.
"""

import argparse
import csv
import random
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from deap import base, creator, tools
from pymoo.algorithms.moo.nsga2 import NSGA2
from pymoo.core.problem import Problem
from pymoo.operators.crossover.ux import UniformCrossover
from pymoo.operators.mutation.pm import PM
from pymoo.operators.repair.rounding import RoundingRepair
from pymoo.operators.sampling.rnd import IntegerRandomSampling
from pymoo.optimize import minimize

from evonasc.files import write_atomically
from evonasc.runs.config import RunConfig
from evonasc.runs.prepare import prepare
from evonasc.runs.run import run_prepared
from evonasc.runs.tables import as_csv
from evonasc.runs.tabulated import tabulated
from evonasc.search.config import SearchConfig
from evonasc.search.row_table import GrowingArray, RowTable

N_GENES, N_CHOICES = 8, 6
#: (population, evaluations) of the searches; evaluations of the archive alone.
SIZES = ((100, 10_000), (20, 2_000))
ARCHIVE_MARKS = (10_000, 100_000, 1_000_000)


class Table(Problem):
    """Two objectives looked up gene by gene, as cheap as an evaluation can be."""

    def __init__(self) -> None:
        super().__init__(n_var=N_GENES, n_obj=2, xl=0, xu=N_CHOICES - 1, vtype=int)
        self.values = np.random.default_rng(0).random((2, N_GENES, N_CHOICES))

    def _evaluate(self, x: np.ndarray, out: dict, *args: object, **kwargs: object) -> None:
        out["F"] = self.values[:, np.arange(N_GENES), x].sum(axis=2).T


def evonasc_search(algorithm: str, pop_size: int, budget: int) -> Callable[[], object]:
    """Return a search of the default scenario, made ready."""
    search = SearchConfig(algorithm=algorithm, pop_size=pop_size, budget=budget)
    prepared = prepare(RunConfig(search=search))
    prepared = replace(prepared, problem=tabulated(prepared.problem))
    return lambda: run_prepared(prepared)


def pymoo_search(pop_size: int, budget: int) -> Callable[[], object]:
    """Return pymoo's NSGA-II with its operators for integers."""

    def search() -> None:
        algorithm = NSGA2(
            pop_size=pop_size,
            sampling=IntegerRandomSampling(),
            crossover=UniformCrossover(),
            mutation=PM(eta=3, vtype=float, repair=RoundingRepair()),
            eliminate_duplicates=True,
        )
        minimize(Table(), algorithm, ("n_eval", budget), seed=1)

    return search


def deap_search(pop_size: int, budget: int) -> Callable[[], object]:
    """Return DEAP's NSGA-II as its example has it, on lists of integers."""
    if not hasattr(creator, "OverheadFitness"):
        creator.create("OverheadFitness", base.Fitness, weights=(-1.0, -1.0))
        creator.create("OverheadIndividual", list, fitness=creator.OverheadFitness)
    tables = Table().values.tolist()

    def evaluate(one: list[int]) -> tuple[float, float]:
        first, second = tables
        return (
            sum(row[gene] for row, gene in zip(first, one, strict=True)),
            sum(row[gene] for row, gene in zip(second, one, strict=True)),
        )

    def search() -> None:
        random.seed(1)
        make = creator.OverheadIndividual
        population = [
            make(random.randrange(N_CHOICES) for _ in range(N_GENES)) for _ in range(pop_size)
        ]
        for one in population:
            one.fitness.values = evaluate(one)
        population = tools.selNSGA2(population, pop_size)
        for _ in range(budget // pop_size - 1):
            children = [make(one) for one in tools.selTournamentDCD(population, pop_size)]
            for one, other in zip(children[::2], children[1::2], strict=True):
                tools.cxUniform(one, other, 0.5)
            for child in children:
                tools.mutUniformInt(child, 0, N_CHOICES - 1, 1 / N_GENES)
                child.fitness.values = evaluate(child)
            population = tools.selNSGA2(population + children, pop_size)

    return search


def least_us(search: Callable[[], object], n: int, repeats: int) -> float:
    """Return the CPU time for each evaluation, the least of some repeats, us."""
    taken = []
    for _ in range(repeats):
        started = time.process_time()
        search()
        taken.append(time.process_time() - started)
    return 1e6 * min(taken) / n


def archive_rows() -> Iterator[dict[str, object]]:
    """Yield what the archive alone takes up to each mark, and its bytes a design."""
    n, rng = max(ARCHIVE_MARKS), np.random.default_rng(0)
    rows = np.unique(rng.integers(N_CHOICES, size=(n + n // 100, 23)), axis=0)
    rows = rng.permutation(rows)[:n]
    values = rng.random((n, 4))
    for is_traced in (False, True):
        if is_traced:  # apart: it makes everything slower
            tracemalloc.start()
        table, columns, taken, last = RowTable(np.full(23, N_CHOICES)), [], 0.0, 0
        found = {}
        for start in range(0, n, 100):
            batch, part = rows[start : start + 100], values[start : start + 100]
            started = time.process_time()
            table.add(batch[table.first_of_new(batch)])
            for place in range(4):
                if start == 0:
                    columns.append(GrowingArray(part[:, place]))
                else:
                    columns[place].extend(part[:, place])
            table.find(batch)
            taken += time.process_time() - started
            count = start + 100
            if count in ARCHIVE_MARKS:
                found[count] = (1e6 * taken / (count - last), tracemalloc.get_traced_memory()[0])
                taken, last = 0.0, count
        if not is_traced:
            times = {count: us for count, (us, _) in found.items()}
    tracemalloc.stop()
    for count, (_, n_bytes) in found.items():
        yield {
            "search": "evonasc archive",
            "population": "",
            "evaluations": count,
            "us": round(times[count], 2),
            "bytes": round(n_bytes / count),
        }


def main() -> None:
    """Measure and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/overhead.csv"))
    arguments = parser.parse_args()
    table: list[dict[str, object]] = []
    for pop_size, budget in SIZES:
        for name, search in (
            ("evonasc nsga2", evonasc_search("nsga2", pop_size, budget)),
            ("evonasc deap-nsga2", evonasc_search("deap-nsga2", pop_size, budget)),
            ("pymoo", pymoo_search(pop_size, budget)),
            ("DEAP", deap_search(pop_size, budget)),
        ):
            us = least_us(search, budget, arguments.repeats)
            row = {
                "search": name,
                "population": pop_size,
                "evaluations": budget,
                "us": round(us, 1),
                "bytes": "",
            }
            table.append(row)
    table += archive_rows()
    write_atomically(arguments.out, as_csv(table))
    csv.DictWriter(sys.stdout, table[0]).writeheader()
    csv.DictWriter(sys.stdout, table[0]).writerows(table)


if __name__ == "__main__":
    main()
