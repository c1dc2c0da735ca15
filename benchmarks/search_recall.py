"""How much of the exact front evonasc's operators find, beside pymoo's default operators.

    python benchmarks/search_recall.py [--seeds 31] [--scenario NAME] [--jobs 1]

All count distinct designs; every row of one scenario comes from one run of this script. Algorithms
of evonasc are set against each other by ``evonasc compare``.
"""

import argparse
import time
from functools import partial

import joblib
import numpy as np
from pymoo.algorithms.moo.nsga2 import NSGA2
from pymoo.operators.crossover.sbx import SBX
from pymoo.operators.mutation.pm import PM
from pymoo.operators.sampling.rnd import IntegerRandomSampling

from evonasc.cost.scenario_table import DEFAULT_SCENARIO, named_scenario
from evonasc.front import front_recall, hypervolume_share
from evonasc.operators import CutRepair
from evonasc.runs.config import RunConfig
from evonasc.runs.exact_front import ExactFront, exact_front
from evonasc.runs.prepare import prepare
from evonasc.runs.tabulated import tabulated
from evonasc.search.algorithm import Algorithm
from evonasc.search.algorithms import algorithm
from evonasc.search.archive import Archive
from evonasc.search.config import SearchConfig
from evonasc.search.pymoo_driver import drive
from evonasc.search.search import Search
from evonasc.search.steps import Steps

BUDGETS = (500, 1000, 2000)


def pymoo_defaults(archive: Archive, config: SearchConfig, *, pop_size: int) -> Steps:
    """NSGA-II as pymoo's users would set it up: SBX, PM, rounding, default duplicate rule.

    Its repeats cost nothing here, so it gets more generations than its users pay for.
    """
    repair = CutRepair()
    search = NSGA2(
        pop_size=pop_size,
        sampling=IntegerRandomSampling(),
        crossover=SBX(prob=0.9, eta=15, vtype=float),
        mutation=PM(eta=20, vtype=float),
        repair=repair,
        eliminate_duplicates=True,
    )
    return drive(search, archive, seed=config.seed)


PYMOO = {
    f"pymoo pop {pop_size}": partial(pymoo_defaults, pop_size=pop_size)
    for pop_size in (20, 50, 100)
}


def one_run(name: str, seed: int, scenario: str, truth: ExactFront) -> dict[str, object]:
    """Search once and return what the first 500, 1,000 and 2,000 evaluations hold."""
    entry = Algorithm(PYMOO[name]) if name in PYMOO else algorithm(name)
    problem = tabulated(prepare(RunConfig(scenario=named_scenario(scenario))).problem)
    config = SearchConfig(budget=max(BUDGETS), seed=seed)
    started = time.perf_counter()
    archive = Search(problem, config, algorithm=entry).run().archive
    points = archive.objectives()
    genes = archive.genes()
    return {
        "recall": [front_recall(points[:n], true_front=truth.points) for n in BUDGETS],
        "share": [hypervolume_share(points[:n], front=truth.points) for n in BUDGETS],
        "seconds": time.perf_counter() - started,
        "invalid": int((~problem.designs.is_valid(genes)).sum()),
        "duplicates": len(genes) - len(np.unique(problem.designs.canonical(genes), axis=0)),
    }


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=31)
    parser.add_argument("--scenario", default=DEFAULT_SCENARIO)
    parser.add_argument("--algos", default=",".join(("nsga2", *PYMOO)))
    parser.add_argument("--jobs", type=int, default=1)
    arguments = parser.parse_args()
    problem = prepare(RunConfig(scenario=named_scenario(arguments.scenario))).problem
    truth = exact_front(problem)
    assert truth is not None
    n_points = len(np.unique(truth.points, axis=0))
    print(f"{arguments.scenario}: exact front {n_points} points of {truth.n_designs} designs")
    print(f"medians (quartiles) over {arguments.seeds} seeds, at distinct evaluations:")
    for name in arguments.algos.split(","):
        runs = joblib.Parallel(n_jobs=arguments.jobs)(
            joblib.delayed(one_run)(name, seed, arguments.scenario, truth)
            for seed in range(arguments.seeds)
        )
        for figure in ("recall", "share"):
            quartiles = np.percentile([run[figure] for run in runs], [50, 25, 75], axis=0).T
            cells = [
                f"{n}: {median:.2%} ({low:.2%}-{high:.2%})"
                for n, (median, low, high) in zip(BUDGETS, quartiles, strict=True)
            ]
            print(f"  {name:15s} {figure:7s} {'  '.join(cells)}")
        totals = {key: sum(run[key] for run in runs) for key in ("invalid", "duplicates")}
        seconds = np.median([run["seconds"] for run in runs])
        print(
            f"  {name:15s} invalid {totals['invalid']}, duplicates {totals['duplicates']}, "
            f"median {seconds:.2f} s a run"
        )


if __name__ == "__main__":
    main()
