"""Comparing algorithms: the same budgets, seeds and scenarios for each, in one folder that resumes.

Every (scenario, contender, budget, seed) is a search of its own, also where a longer search would
have passed through the same state: some algorithms plan by their budget. One evaluation is one
distinct design whose error is looked up or computed, for every contender alike.
"""

import dataclasses
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import evonasc
from evonasc.arrays import FloatArray
from evonasc.cluster import Cluster
from evonasc.cost.scenario import Scenario, as_dict
from evonasc.errors import ConfigError, DataFileError
from evonasc.field_types import require_types
from evonasc.limits import require_workers
from evonasc.names import file_name
from evonasc.runs.arms import Arm, plain_arm
from evonasc.runs.benchmarks import benchmark
from evonasc.runs.config import RunConfig
from evonasc.runs.differences import without_folders
from evonasc.runs.digests import problem_inputs, scenario_inputs, search_inputs
from evonasc.runs.exact_front import exact_front
from evonasc.runs.prepare import prepare, settled
from evonasc.runs.problem_table import PROBLEMS, place_in_words, problem_kind
from evonasc.runs.record import config_dict
from evonasc.runs.run import lists_designs
from evonasc.runs.trial_tasks import written_trials
from evonasc.runs.trials import Trial, read_trial
from evonasc.search.config import SearchConfig

#: Fields of a search in which trials differ.
_OF_TRIALS = ("algorithm", "budget", "seed")
#: Searches of a contender, at most: each is a file.
_MOST_SEEDS = 100_000
TRIALS_FOLDER = "trials"


class TrialKey(NamedTuple):
    """Which trial of a comparison."""

    scenario: str
    contender: str
    budget: int
    seed: int

    @property
    def file(self) -> Path:
        """Where its results are, below the folder of the comparison."""
        name = f"budget-{self.budget:06d}-seed-{self.seed:04d}.npz"
        return Path(TRIALS_FOLDER, file_name(self.scenario), self.contender, name)


@dataclass(frozen=True)
class ComparisonConfig:
    """Which contenders meet where.

    Raises:
        ConfigError: Nothing to compare, something named twice, or a number out of range.
        UnknownNameError: An unknown algorithm or variation.

    Example:
        >>> config = ComparisonConfig(
        ...     base=RunConfig(problem="toy"),
        ...     scenarios=(RunConfig().scenario,),
        ...     contenders=("nsga2", "nsga2+refine", "random"),
        ...     budgets=(60, 120),
        ...     n_seeds=5,
        ... )
        >>> len(config.trial_keys())
        30
    """

    #: Problem, objectives, accuracy, population; scenario, algorithm, budget, seed are replaced.
    base: RunConfig
    #: Where they meet; told apart by name.
    scenarios: tuple[Scenario, ...]
    #: Algorithms and variations, ``nsga2`` or ``nsga2+refine``; arms with settings of their own.
    contenders: tuple[str | Arm, ...]
    #: Distinct designs a search may evaluate, each a comparison of its own.
    budgets: tuple[int, ...]
    #: Searches of each contender, seeds 0 to ``n_seeds - 1``.
    n_seeds: int

    def __post_init__(self) -> None:
        require_types(self)
        if self.n_seeds < 1:
            raise ConfigError(f"seeds must be at least 1, got {self.n_seeds}.")
        if self.n_seeds > _MOST_SEEDS:
            raise ConfigError(f"seeds must be at most {_MOST_SEEDS}, got {self.n_seeds}.")
        names = tuple(scenario.name for scenario in self.scenarios)
        for what, values in (
            ("scenarios", names),
            ("algos and arms", self.names),
            ("budgets", self.budgets),
        ):
            if not values or len(set(values)) < len(values):
                listed = ", ".join(map(str, values)) or "none"
                raise ConfigError(f"{what} must name at least one, each once, got {listed}.")
        if len({name.lower() for name in self.names}) < len(self.names):
            raise ConfigError(
                "algos and arms must have names that differ in more than upper and lower case, got "
                f"{', '.join(self.names)}."
            )
        if len({file_name(name).lower() for name in names}) < len(names):
            raise ConfigError(
                "scenarios must have names that differ as names of folders do, got "
                f"{', '.join(map(repr, names))}."
            )
        for key in self.trial_keys():
            self.run_config(key)  # refuses unknown names and budgets out of range

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the contenders, in order."""
        return tuple(arm.name for arm in self.arms)

    @property
    def arms(self) -> tuple[Arm, ...]:
        """The contenders, each as an arm."""
        return tuple(one if isinstance(one, Arm) else plain_arm(one) for one in self.contenders)

    def place(self, scenario: str) -> str:
        """Return what to call a scenario: by its problem where that was given none."""
        (found,) = (one for one in self.scenarios if one.name == scenario)
        return place_in_words(replace(self.base, scenario=found))

    def trial_keys(self) -> list[TrialKey]:
        """Return the trials, in the order of computation: all contenders of a seed together."""
        return [
            TrialKey(scenario.name, contender, budget, seed)
            for scenario in self.scenarios
            for seed in range(self.n_seeds)
            for budget in self.budgets
            for contender in self.names
        ]

    def run_config(self, key: TrialKey) -> RunConfig:
        """Return the search that a trial is."""
        (scenario,) = (one for one in self.scenarios if one.name == key.scenario)
        search = replace(self.base.search, budget=key.budget, seed=key.seed)
        (arm,) = (one for one in self.arms if one.name == key.contender)
        return arm.configured(replace(self.base, scenario=scenario, search=search))

    def search_configs(self) -> dict[str, SearchConfig]:
        """Return how each contender searches, by name, at the first scenario, budget and seed."""
        scenario, budget = self.scenarios[0].name, self.budgets[0]
        return {
            name: self.run_config(TrialKey(scenario, name, budget, seed=0)).search
            for name in self.names
        }

    def settings(self) -> dict[str, Any]:
        """Return what all trials share, as JSON holds it; a folder holds trials of one such."""
        base = settled(self.base, trains=False)
        settings = config_dict(base) | {"version": evonasc.__version__}
        settings.pop("scenario", None)
        search = dataclasses.asdict(base.search)
        settings["search"] = {name: search[name] for name in search if name not in _OF_TRIALS}
        settings["shipped_files"] = self._shipped_files()
        return _plain(settings | {"inputs": problem_inputs(base)})

    def _shipped_files(self) -> str:
        """Return what tells the shipped files of the benchmark apart; empty without any."""
        if "space" not in problem_kind(self.base.problem).reads:
            return ""
        assets = benchmark(self.base.space).assets
        manifest = {} if assets is None else assets.manifest()
        return _digest({name: entry["sha256"] for name, entry in manifest.items()})

    def described_scenarios(self) -> dict[str, dict[str, Any]]:
        """Return the scenarios by name as JSON holds them, with what their machines' files hold."""
        return _plain(
            {
                scenario.name: as_dict(scenario)
                | {"inputs": scenario_inputs(replace(self.base, scenario=scenario))}
                for scenario in self.scenarios
            }
        )

    def described_contenders(self) -> dict[str, dict[str, Any]]:
        """Return the contenders by name, each with the code of others that it is made of."""
        searches = self.search_configs()
        return _plain(
            {
                arm.name: {"inputs": search_inputs(searches[arm.name]), **arm.described()}
                for arm in self.arms
            }
        )

    def problem_digests(self) -> dict[str, str]:
        """Return what tells the problem of a scenario from any other, by scenario."""
        shared = without_folders(self.settings())
        return {
            name: _digest(shared | {"scenario": without_folders(about)})
            for name, about in self.described_scenarios().items()
        }

    def digests(self) -> dict[tuple[str, str], str]:
        """Return what tells trials from those of other settings, by scenario and contender."""
        contenders = self.described_contenders()
        return {
            (scenario, name): _digest(
                {"problem": digest, "contender": without_folders(contenders[name])}
            )
            for scenario, digest in self.problem_digests().items()
            for name in self.names
        }

    def with_own_names(self) -> "ComparisonConfig":
        """Return the same, with the problem's own objectives, and bounds that name their columns.

        Raises:
            EvonascError: The problem cannot be had, or has no such column.
        """
        if PROBLEMS.is_built_in(self.base.problem) and not self.base.bounds:
            return self
        own = prepare(replace(self.base, scenario=self.scenarios[0])).config
        bounds = own.bounds
        if own.margin:  # each scenario's machines decide what is taken off
            bounds = tuple(replace(bound, margin=0.0) for bound in bounds)
        return replace(self, base=replace(self.base, objectives=own.objectives, bounds=bounds))


def _digest(values: dict[str, object]) -> str:
    """Return the SHA-256 of values, equal for equal ones."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def run_comparison(
    folder: Path, config: ComparisonConfig, *, n_jobs: int, cluster: Cluster | None = None
) -> Iterator[tuple[int, int]]:
    """Run the trials that are missing and yield (trials done, trials in all) as they end.

    One thread a worker. A trial is on disk before it counts, so an interrupted comparison goes on
    where it stopped, and its results do not depend on the number of worker processes ``n_jobs``, or
    on the ``cluster`` that takes their place. The folder is one that ``open_folder`` opened.

    Raises:
        ConfigError: ``n_jobs`` out of range, or a search that its scenario does not allow.
        WorkerError: A worker process was killed.
    """
    require_workers("jobs", n_jobs)
    keys, digests, problems = config.trial_keys(), config.digests(), config.problem_digests()
    missing = [
        key for key in keys if not _is_done(folder / key.file, digests[key.scenario, key.contender])
    ]
    yield len(keys) - len(missing), len(keys)
    tasks = [
        (
            folder / key.file,
            config.run_config(key),
            problems[key.scenario],
            digests[key.scenario, key.contender],
        )
        for key in missing
    ]
    for count, _ in enumerate(
        written_trials(tasks, n_jobs=n_jobs, cluster=cluster), start=len(keys) - len(missing) + 1
    ):
        yield count, len(keys)


def read_trials(folder: Path, config: ComparisonConfig) -> dict[TrialKey, Trial]:
    """Return the trials of a comparison that was run.

    Raises:
        DataFileError: One is missing or damaged.
    """
    digests = config.digests()
    return {
        key: read_trial(folder / key.file, digest=digests[key.scenario, key.contender])
        for key in config.trial_keys()
    }


def true_points(
    config: ComparisonConfig, *, is_exact_wanted: bool | None = None
) -> dict[str, FloatArray | None]:
    """Return the exact front of each scenario, ``(n, n_obj)``; None where nobody listed it.

    Args:
        config: Who meets where.
        is_exact_wanted: See :func:`evonasc.runs.run.lists_designs`.

    Raises:
        EvonascError: A problem cannot be had, or a design cannot be evaluated.
    """
    truths: dict[str, FloatArray | None] = {}
    for scenario in config.scenarios:
        prepared = prepare(replace(config.base, scenario=scenario))
        is_listed = lists_designs(prepared, is_asked=is_exact_wanted)
        exact = exact_front(prepared.problem) if is_listed else None
        truths[scenario.name] = None if exact is None else exact.points
    return truths


def _is_done(path: Path, digest: str) -> bool:
    """Tell whether a trial is on disk and sound."""
    try:
        read_trial(path, digest=digest)
    except DataFileError:  # missing, or damaged: computed again, and the same comes out
        return False
    return True


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """Return values as JSON gives them back."""
    plain: dict[str, Any] = json.loads(json.dumps(values))
    return plain
