"""What bounds that steer are worth: a search under a bound, and one without it, filtered after.

    python benchmarks/bounded_search.py [--seeds 10] [--scenario NAME]

The bound is such that 16 of 25 points of the exact front without it miss it. Of both searches only
what keeps to it counts, as a share of the hypervolume of the exact front within it, at the same
number of distinct designs. Writes ``results/bounded_search.csv``, a row a search, and prints the
means.
"""

import argparse
import csv
import io
from dataclasses import replace
from pathlib import Path

import numpy as np

from evonasc.bounds import Bound, is_within
from evonasc.cost.scenario_table import DEFAULT_SCENARIO, named_scenario
from evonasc.files import write_atomically
from evonasc.front import hypervolume_share
from evonasc.problems import DesignProblem
from evonasc.runs.config import RunConfig
from evonasc.runs.exact_front import exact_front
from evonasc.runs.prepare import prepare
from evonasc.runs.tabulated import tabulated
from evonasc.search.config import SearchConfig
from evonasc.search.search import Search

RESULTS = Path(__file__).parent / "results"
BUDGETS = (100, 200, 500)
#: Algorithm and what it is told besides: NASC sweeps up to a bound as it sweeps without one.
ALGORITHMS: dict[str, dict[str, int]] = {
    "nsga2": {},
    "deap-nsga2": {},
    "moead": {},
    "sms-emoa": {},
    "nasc": {"n_thresholds": 10},
}
#: An objective, and a column that is none.
COLUMNS = ("latency_ms", "energy_mj")


def bound_on(column: str, problem: DesignProblem) -> Bound:
    """Return the bound that 9 of 25 points of the exact front keep to, rounded down to 3 digits."""
    free = exact_front(problem)
    assert free is not None  # tabulated
    _, first = np.unique(free.points, axis=0, return_index=True)
    values = np.sort(problem.columns(free.genes[first])[column])
    limit = float(values[max(round(len(values) * 9 / 25), 1) - 1])
    return Bound(column, float(f"{limit * 1.001:.3g}"))


def share_within(
    problem: DesignProblem, bound: Bound, truth: np.ndarray, *, config: SearchConfig
) -> tuple[float, float]:
    """Search, and return the share of the hypervolume found and the share of designs within."""
    archive = Search(problem, config).run().archive
    within = is_within(archive.columns(), (bound,))
    share = hypervolume_share(archive.objectives()[within], front=truth)
    return share, float(within.mean())


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--scenario", default=DEFAULT_SCENARIO)
    arguments = parser.parse_args()
    # Energies of computing and sending alone: with waiting, energy hardly differs from latency.
    scenario = replace(named_scenario(arguments.scenario), head_idle_power_mw=0.0)
    made = prepare(RunConfig(scenario=scenario)).problem
    free = tabulated(made.within((Bound("energy_mj", 1e9),))).without_bounds()
    rows = []
    for column in COLUMNS:
        bound = bound_on(column, free)
        bounded = free.within((bound,))
        exact = exact_front(bounded)
        assert exact is not None
        print(f"\n{bound}: {len(np.unique(exact.points, axis=0))} points on the exact front")
        print("                      hypervolume within, mean     designs within, mean")
        for name, options in ALGORITHMS.items():
            for budget in BUDGETS:
                pairs = []
                for seed in range(arguments.seeds):
                    config = SearchConfig(algorithm=name, budget=budget, seed=seed, **options)
                    pair = [
                        share_within(problem, bound, exact.points, config=config)
                        for problem in (free, bounded)
                    ]
                    pairs.append(pair)
                    rows.append([str(bound), name, budget, seed, *np.ravel(pair).round(5)])
                (before, share_before), (after, share_after) = np.mean(pairs, axis=0)
                ahead = sum(pair[1][0] > pair[0][0] for pair in pairs)
                behind = sum(pair[1][0] < pair[0][0] for pair in pairs)
                print(
                    f"{name:11s} {budget:5d}  {before:7.2%} -> {after:7.2%} (+{ahead} -{behind} of "
                    f"{len(pairs)})  {share_before:6.1%} -> {share_after:6.1%}"
                )
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    measured = ("share_filtered", "within_filtered", "share_steered", "within_steered")
    writer.writerow(["bound", "algorithm", "budget", "seed", *measured])
    writer.writerows(rows)
    write_atomically(RESULTS / "bounded_search.csv", text.getvalue().encode())


if __name__ == "__main__":
    main()
