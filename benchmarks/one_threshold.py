"""One threshold on the latency: how far is what a search finds from the least error under it?

    python benchmarks/one_threshold.py [--seeds 31] [--budget 500] [--scenario NAME] [--jobs 1]

The way NASC is used in its paper: one bound, one answer. Eight thresholds, spread evenly over the
latencies of the exact front (error, latency); every algorithm is given the bound and as many
distinct designs. Beside the least error among what was evaluated within the bound stands, for
`nasc` and its variations, the error of the answer that its distribution ends with. NASC here is
ASNG on frozen scores, as everywhere in tables of look-ups.

Distances are differences of error in points (hundredths), of which the error's own noise is about
half a point: the exact optimum is that of these predictions.

Writes benchmarks/results/one_threshold.csv, a row a search, and prints medians, the worst and how
many seeds hit the optimum.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import joblib
import numpy as np

from evonasc.bounds import Bound
from evonasc.cost.scenario_table import DEFAULT_SCENARIO, named_scenario
from evonasc.files import write_atomically
from evonasc.problems import DesignProblem
from evonasc.runs.config import RunConfig
from evonasc.runs.exact_front import exact_front
from evonasc.runs.prepare import prepare
from evonasc.runs.tables import as_csv
from evonasc.runs.tabulated import tabulated
from evonasc.search.config import SearchConfig
from evonasc.search.search import Search

N_THRESHOLDS = 8
#: Points that count as none: designs whose errors are shown as equal are ordered within this.
HIT = 0.005
SEARCHES = {
    "nasc": SearchConfig(algorithm="nasc"),
    "nasc lambda 4": SearchConfig(algorithm="nasc", n_samples=4),
    "nasc+refine": SearchConfig(algorithm="nasc", refine_split=True),
    "nasc+refine lambda 4": SearchConfig(algorithm="nasc", refine_split=True, n_samples=4),
    "nsga2": SearchConfig(algorithm="nsga2"),
    "nsga2+refine": SearchConfig(algorithm="nsga2", refine_split=True),
    "random": SearchConfig(algorithm="random"),
    "random+refine": SearchConfig(algorithm="random", refine_split=True),
}
OUT = Path(__file__).parent / "results" / "one_threshold.csv"


def one_search(
    problem: DesignProblem, name: str, *, threshold: float, optimum: float, budget: int, seed: int
) -> dict[str, object]:
    """Search under one threshold and return a row."""
    bounded = problem.within((Bound("latency_ms", threshold),))
    config = replace(SEARCHES[name], budget=budget, seed=seed)
    archive = Search(bounded, config).run().archive
    points = archive.objectives()
    best = float(points[points[:, 1] <= threshold, 0].min(initial=np.inf))
    answers = [answer for answer in archive.answers if answer.is_feasible]
    row = {"threshold_ms": round(threshold, 4), "search": name, "seed": seed}
    row |= {"n_evaluated": len(archive), "optimum": optimum, "found": best}
    row["distance_points"] = round(100 * (best - optimum), 4)
    answer = answers[-1].error if answers else np.nan
    return row | {"answer_distance_points": round(100 * (answer - optimum), 4)}


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=31)
    parser.add_argument("--budget", type=int, default=500)
    parser.add_argument("--scenario", default=DEFAULT_SCENARIO)
    parser.add_argument("--jobs", type=int, default=1)
    arguments = parser.parse_args()
    problem = prepare(RunConfig(scenario=named_scenario(arguments.scenario))).problem
    truth = exact_front(problem)
    assert truth is not None
    places = np.linspace(0, 1, N_THRESHOLDS + 1)[1:]
    thresholds = np.quantile(truth.points[:, 1], places)
    optima = [float(truth.points[truth.points[:, 1] <= ms, 0].min()) for ms in thresholds]
    table = tabulated(problem)
    rows: list[dict[str, object]] = joblib.Parallel(n_jobs=arguments.jobs, verbose=1)(
        joblib.delayed(one_search)(
            table, name, threshold=ms, optimum=best, budget=arguments.budget, seed=seed
        )
        for ms, best in zip(thresholds.tolist(), optima, strict=True)
        for name in SEARCHES
        for seed in range(arguments.seeds)
    )
    print("search                 ms     optimum   median   worst  hit | answer: median   worst")
    for ms in sorted({float(str(row["threshold_ms"])) for row in rows}):
        for name in SEARCHES:
            own = [row for row in rows if row["threshold_ms"] == ms and row["search"] == name]
            found, answered = (
                np.array([row[column] for row in own], dtype=np.float64)
                for column in ("distance_points", "answer_distance_points")
            )
            words = (
                f"{name:21} {ms:6.2f} {own[0]['optimum']:9.4f} {np.median(found):8.2f} "
                f"{found.max():7.2f} {(found < HIT).sum():4d}"
            )
            if np.isfinite(answered).any():
                words += f" | {np.nanmedian(answered):13.2f} {np.nanmax(answered):7.2f}"
            print(words)
    write_atomically(OUT, as_csv(rows))


if __name__ == "__main__":
    main()
