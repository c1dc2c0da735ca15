"""What refining the cut of every child buys: NSGA-II with and without it, beside HWNAS.

    python benchmarks/refinement.py [--seeds 31] [--scenario NAME] [--algos NAME,...] [--jobs 1]

The default scenario minimises error and latency, where the best cut of a network is an argmin over
its allowed cuts. All count distinct designs. NSGA-II and random search run once a seed for the
largest budget and are judged on their first designs; HWNAS plans its thresholds by its budget and
is searched anew for each.
"""

import argparse
import contextlib
import time
from collections.abc import Callable

import joblib
import numpy as np

from evonasc.arrays import FloatArray
from evonasc.cost.scenario import DEFAULT_SCENARIO, named_scenario
from evonasc.front import front_recall, hypervolume, reference_point
from evonasc.search.algorithms import algorithm
from evonasc.search.archive import Archive, BudgetSpent
from evonasc.search.config import SearchConfig
from evonasc.search.exact import ExactFront, exact_front
from evonasc.search.run import RunConfig, make_problem
from evonasc.search.tabulated import tabulated

BUDGETS = (250, 500, 1000, 2000)
#: Name -> (algorithm, whether cuts are refined).
ROWS = {
    "nsga2": ("nsga2", False),
    "nsga2 --refine-split": ("nsga2", True),
    "random": ("random", False),
    "random --refine-split": ("random", True),
    "hwnas": ("hwnas", False),
}


def searched(name: str, seed: int, scenario: str, *, budget: int) -> FloatArray:
    """Return the objectives of everything a search evaluated, in its order, ``(n, 2)``."""
    # Looked up instead of computed: the same values, and the small batches of hwnas cost no time.
    problem = tabulated(make_problem(RunConfig(scenario=named_scenario(scenario))))
    archive = Archive(problem, budget=budget)
    search, is_refined = ROWS[name]
    config = SearchConfig(algorithm=search, budget=budget, seed=seed, refine_split=is_refined)
    with contextlib.suppress(BudgetSpent):
        algorithm(search)(archive, config)
    return archive.objectives()


def one_run(name: str, seed: int, scenario: str, truth: ExactFront) -> dict[str, object]:
    """Return what the first evaluations of a search hold, at each budget."""
    reference = reference_point(truth.points)
    whole = hypervolume(truth.points, reference_point=reference)
    started = time.perf_counter()
    if name == "hwnas":
        heads = [searched(name, seed, scenario, budget=budget) for budget in BUDGETS]
    else:
        points = searched(name, seed, scenario, budget=max(BUDGETS))
        heads = [points[:budget] for budget in BUDGETS]
    return {
        "points": [front_recall(head, true_front=truth.points) for head in heads],
        "volume": [hypervolume(head, reference_point=reference) / whole for head in heads],
        "seconds": time.perf_counter() - started,
    }


def table(names: list[str], runs_of: Callable[[str], list[dict[str, object]]]) -> None:
    """Print medians and quartiles, one line a row and measure."""
    for name in names:
        runs = runs_of(name)
        for measure in ("points", "volume"):
            quartiles = np.percentile([run[measure] for run in runs], [50, 25, 75], axis=0).T
            cells = [
                f"{budget}: {median:.2%} ({low:.2%}-{high:.2%})"
                for budget, (median, low, high) in zip(BUDGETS, quartiles, strict=True)
            ]
            print(f"  {name:22s} {measure:7s} {'  '.join(cells)}", flush=True)
        seconds = np.median([run["seconds"] for run in runs])
        print(f"  {name:22s} median {seconds:.2f} s for all of them", flush=True)


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=31)
    parser.add_argument("--scenario", default=DEFAULT_SCENARIO)
    parser.add_argument("--algos", default=",".join(ROWS), help="rows (default: all)")
    parser.add_argument("--jobs", type=int, default=1)
    arguments = parser.parse_args()
    problem = make_problem(RunConfig(scenario=named_scenario(arguments.scenario)))
    truth = exact_front(problem)
    assert truth is not None
    n_points = len(np.unique(truth.points, axis=0))
    print(f"{arguments.scenario}: true front {n_points} points of {truth.n_designs} designs")
    print(f"medians (quartiles) over {arguments.seeds} seeds, at distinct evaluations:")

    def runs_of(name: str) -> list[dict[str, object]]:
        found: list[dict[str, object]] = joblib.Parallel(n_jobs=arguments.jobs)(
            joblib.delayed(one_run)(name, seed, arguments.scenario, truth)
            for seed in range(arguments.seeds)
        )
        return found

    names = arguments.algos.split(",")
    if unknown := set(names) - set(ROWS):
        parser.error(f"--algos must be some of {', '.join(ROWS)}, got {', '.join(unknown)}")
    table(names, runs_of)


if __name__ == "__main__":
    main()
