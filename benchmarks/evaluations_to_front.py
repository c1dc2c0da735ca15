"""How many evaluations until half, nine tenths and all of the exact front is found.

    python benchmarks/evaluations_to_front.py [--seeds 31] [--out FILE.csv]

The default scenario and two others, distinct designs, no refined cuts. Beside evonasc's algorithms
pymoo's NSGA-II at its best on these integers (uniform crossover, a random reset of one gene in
eight, population 20; cuts repaired, repeats free). Settings of `pls` were chosen on other seeds and
scenarios.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from pymoo.algorithms.moo.nsga2 import NSGA2
from pymoo.core.mutation import Mutation
from pymoo.operators.crossover.ux import UniformCrossover
from pymoo.operators.sampling.rnd import IntegerRandomSampling

from evonasc.arrays import FloatArray, IntArray
from evonasc.cost.scenario_table import named_scenario
from evonasc.files import write_atomically
from evonasc.operators import CutRepair
from evonasc.problems import DesignProblem
from evonasc.runs.config import RunConfig
from evonasc.runs.exact_front import exact_front
from evonasc.runs.prepare import prepare
from evonasc.runs.tables import as_csv
from evonasc.runs.tabulated import tabulated
from evonasc.search.algorithm import Algorithm
from evonasc.search.algorithms import algorithm
from evonasc.search.archive import Archive
from evonasc.search.config import SearchConfig
from evonasc.search.pymoo_driver import drive
from evonasc.search.search import Search
from evonasc.search.steps import Steps

SCENARIOS = ("raspi4-edgegpu-10mbps", "raspi4-edgegpu-5mbps", "pixel3-busygpu-20mbps-lte")
BUDGET = 5000
SHARES = (0.5, 0.9, 1.0)


class RandomReset(Mutation):
    """Draw each gene anew with the same probability."""

    def _do(self, problem: Any, X: IntArray, *, random_state: Any, **kwargs: Any) -> IntArray:
        fresh = random_state.integers(problem.xl, problem.xu + 1, size=X.shape)
        return np.where(random_state.random(X.shape) < 1 / X.shape[1], fresh, X)


def pymoo_at_its_best(archive: Archive, config: SearchConfig) -> Steps:
    """NSGA-II as a careful user of pymoo sets it up for integers."""
    search = NSGA2(
        pop_size=20,
        sampling=IntegerRandomSampling(),
        crossover=UniformCrossover(),
        mutation=RandomReset(),
        repair=CutRepair(),
        eliminate_duplicates=True,
    )
    return drive(search, archive, seed=config.seed)


ALGORITHMS = {
    "pls": algorithm("pls"),
    "nsga2": algorithm("nsga2"),
    "pymoo, uniform crossover": Algorithm(pymoo_at_its_best),
    "random": algorithm("random"),
}


def needed(points: FloatArray, truth: FloatArray) -> list[float]:
    """Return the evaluations until each share of the front is found; infinite where it is not."""
    place = {tuple(row): number for number, row in enumerate(truth.round(12).tolist())}
    first = np.full(len(truth), np.inf)
    for count, row in enumerate(points.round(12).tolist(), start=1):
        number = place.get(tuple(row))
        if number is not None:
            first[number] = min(first[number], count)
    first.sort()
    return [float(first[int(np.ceil(share * len(truth))) - 1]) for share in SHARES]


def rows_of(scenario: str, n_seeds: int) -> Iterator[dict[str, object]]:
    """Yield one row an algorithm."""
    problem: DesignProblem = prepare(RunConfig(scenario=named_scenario(scenario))).problem
    exact = exact_front(problem)
    assert exact is not None
    truth, problem = np.unique(exact.points, axis=0), tabulated(problem)
    for name, entry in ALGORITHMS.items():
        found = []
        for seed in range(n_seeds):
            config = SearchConfig(budget=BUDGET, seed=seed)
            archive = Search(problem, config, algorithm=entry).run().archive
            found.append(needed(archive.objectives(), truth))
        row: dict[str, object] = {
            "scenario": scenario,
            "n_points": len(truth),
            "algorithm": name,
            "n_seeds": n_seeds,
        }
        for share, median, worst in zip(
            SHARES, np.median(found, axis=0), np.max(found, axis=0), strict=True
        ):
            row[f"median_{share:.0%}"] = f"{median:.0f}" if median < np.inf else f"over {BUDGET}"
            row[f"worst_{share:.0%}"] = f"{worst:.0f}" if worst < np.inf else f"over {BUDGET}"
        print(row, flush=True)
        yield row


def main() -> None:
    """Measure and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=31)
    default = Path("benchmarks/results/evaluations_to_front.csv")
    parser.add_argument("--out", type=Path, default=default)
    arguments = parser.parse_args()
    rows = [row for scenario in SCENARIOS for row in rows_of(scenario, arguments.seeds)]
    write_atomically(arguments.out, as_csv(rows))


if __name__ == "__main__":
    main()
