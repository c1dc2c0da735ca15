"""How many evaluations until half, nine tenths and all of the exact front is found.

    python benchmarks/evaluations_to_front.py [--seeds 31] [--out FILE.csv]

The default scenario and two others, distinct designs, no refined cuts but in the one row that says
so. Beside evonasc's algorithms pymoo's NSGA-II at its best on these integers (uniform crossover, a
random reset of one gene in eight, population 20; cuts repaired, repeats free), NSGA-II in DEAP, and
Optuna's two samplers for several objectives, its TPE, the default, and its NSGA-II (categorical
genes, cuts repaired, a random design for each repeat), with fewer seeds and evaluations, for they
take long. Settings of `pls` and `surrogate` were chosen on other seeds and scenarios. Needs
the extra `dev`, for Optuna.
"""

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import optuna
from optuna.distributions import CategoricalDistribution
from optuna.samplers import BaseSampler, NSGAIISampler, TPESampler
from optuna.trial import TrialState, create_trial
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


def optuna_with(sampler: Callable[[int], BaseSampler], *, batch: int) -> Algorithm:
    """Return a sampler of Optuna as an algorithm that asks for batches."""

    def search(archive: Archive, config: SearchConfig) -> Steps:
        problem = archive.problem
        rng = np.random.default_rng(config.seed)
        repair = CutRepair()
        study = optuna.create_study(
            directions=["minimize"] * problem.n_obj, sampler=sampler(config.seed)
        )
        choices = [
            CategoricalDistribution(range(n_choices)) for n_choices in problem.designs.n_choices
        ]
        spaces = {f"gene {place}": one for place, one in enumerate(choices)}
        while True:
            trials = [study.ask(spaces) for _ in range(batch)]
            asked = np.array([list(trial.params.values()) for trial in trials], dtype=np.int64)
            genes = repair._do(problem, asked, random_state=rng)
            # A design that is known is replaced by a random one: TPE asks for hundreds of them.
            is_new = ~archive.is_known(problem.designs.canonical(genes))
            genes = np.where(is_new[:, None], genes, problem.designs.sample(batch, rng=rng))
            values = yield genes
            for trial, row, known, design in zip(
                trials, values.tolist(), ~is_new, genes.tolist(), strict=True
            ):
                study.tell(trial, None if known else row, state=TrialState.FAIL if known else None)
                if known:
                    params = dict(zip(spaces, design, strict=True))
                    study.add_trial(create_trial(params=params, distributions=spaces, values=row))

    return Algorithm(search)


class Contender(NamedTuple):
    """What takes part, and how far."""

    algorithm: Algorithm
    most_seeds: int = 31
    budget: int = BUDGET
    refine_split: bool = False


CONTENDERS = {
    "surrogate": Contender(algorithm("surrogate")),
    "pls": Contender(algorithm("pls")),
    "nsga2": Contender(algorithm("nsga2")),
    "pymoo, uniform crossover": Contender(Algorithm(pymoo_at_its_best)),
    "deap-nsga2": Contender(algorithm("deap-nsga2")),
    "Optuna, NSGA-II": Contender(
        optuna_with(lambda seed: NSGAIISampler(population_size=20, seed=seed), batch=20),
        most_seeds=5,
        budget=2000,
    ),
    "Optuna, TPE": Contender(
        optuna_with(lambda seed: TPESampler(seed=seed), batch=1), most_seeds=3, budget=1000
    ),
    "random": Contender(algorithm("random")),
    "random, refined cuts": Contender(algorithm("random"), refine_split=True),
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
    for name, (entry, most_seeds, budget, refine_split) in CONTENDERS.items():
        found, seeds = [], range(min(n_seeds, most_seeds))
        for seed in seeds:
            config = SearchConfig(budget=budget, seed=seed, refine_split=refine_split)
            archive = Search(problem, config, algorithm=entry).run().archive
            found.append(needed(archive.objectives(), truth))
        row: dict[str, object] = {
            "scenario": scenario,
            "n_points": len(truth),
            "algorithm": name,
            "n_seeds": len(seeds),
        }
        for share, median, worst in zip(
            SHARES, np.median(found, axis=0), np.max(found, axis=0), strict=True
        ):
            row[f"median_{share:.0%}"] = f"{median:.0f}" if median < np.inf else f"over {budget}"
            row[f"worst_{share:.0%}"] = f"{worst:.0f}" if worst < np.inf else f"over {budget}"
        print(row, flush=True)
        yield row


def main() -> None:
    """Measure and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=31)
    default = Path("benchmarks/results/evaluations_to_front.csv")
    parser.add_argument("--out", type=Path, default=default)
    arguments = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    rows = [row for scenario in SCENARIOS for row in rows_of(scenario, arguments.seeds)]
    write_atomically(arguments.out, as_csv(rows))


if __name__ == "__main__":
    main()
