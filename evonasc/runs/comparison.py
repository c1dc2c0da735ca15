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
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import joblib

import evonasc
from evonasc.arrays import FloatArray
from evonasc.cost.scenario import Scenario, as_dict
from evonasc.errors import ConfigError, DataFileError
from evonasc.files import write_atomically
from evonasc.limits import require_workers
from evonasc.names import file_name
from evonasc.parsing import json_value
from evonasc.runs.benchmarks import benchmark
from evonasc.runs.config import RunConfig
from evonasc.runs.exact_front import exact_front
from evonasc.runs.prepare import Prepared, path_digests, prepare, settled
from evonasc.runs.problem_table import PROBLEMS, problem_kind
from evonasc.runs.record import config_dict, option_files
from evonasc.runs.tabulated import tabulated
from evonasc.runs.trials import Trial, contender_config, read_trial, run_trial, write_trial

#: Fields of a search in which trials differ.
_OF_TRIALS = ("algorithm", "budget", "seed")
COMPARISON_FILE = "comparison.json"
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
    #: Algorithms and variations, ``nsga2`` or ``nsga2+refine``.
    contenders: tuple[str, ...]
    #: Distinct designs a search may evaluate, each a comparison of its own.
    budgets: tuple[int, ...]
    #: Searches of each contender, seeds 0 to ``n_seeds - 1``.
    n_seeds: int

    def __post_init__(self) -> None:
        if self.n_seeds < 1:
            raise ConfigError(f"seeds must be at least 1, got {self.n_seeds}.")
        names = tuple(scenario.name for scenario in self.scenarios)
        for what, values in (
            ("scenarios", names),
            ("algos", self.contenders),
            ("budgets", self.budgets),
        ):
            if not values or len(set(values)) < len(values):
                listed = ", ".join(map(str, values)) or "none"
                raise ConfigError(f"{what} must name at least one, each once, got {listed}.")
        if len(set(map(file_name, names))) < len(names):
            raise ConfigError(
                "scenarios must have names that differ as names of folders do, got "
                f"{', '.join(map(repr, names))}."
            )
        for key in self.trial_keys():
            self.run_config(key)  # refuses unknown names and budgets out of range

    def trial_keys(self) -> list[TrialKey]:
        """Return the trials, in the order of computation: all contenders of a seed together."""
        return [
            TrialKey(scenario.name, contender, budget, seed)
            for scenario in self.scenarios
            for seed in range(self.n_seeds)
            for budget in self.budgets
            for contender in self.contenders
        ]

    def run_config(self, key: TrialKey) -> RunConfig:
        """Return the search that a trial is."""
        (scenario,) = (one for one in self.scenarios if one.name == key.scenario)
        search = replace(self.base.search, budget=key.budget, seed=key.seed)
        return contender_config(key.contender, replace(self.base, scenario=scenario, search=search))

    def settings(self) -> dict[str, object]:
        """Return what all trials share, as JSON holds it; a folder holds trials of one such."""
        base = settled(self.base, trains=False)
        settings = config_dict(base) | {"version": evonasc.__version__}
        settings.pop("scenario", None)
        search = dataclasses.asdict(base.search)
        settings["search"] = {name: search[name] for name in search if name not in _OF_TRIALS}
        settings["shipped_files"] = self._shipped_files()
        # Files of the user by their content: what stands under a name may change.
        named = {} if base.error.options is None else option_files(base.error.options)
        if base.calibration is not None:
            named["calibration"] = base.calibration
        files = {name: _file_digest(path) for name, path in named.items() if path.is_file()}
        return _plain(settings | ({"files": files} if files else {}))

    def _shipped_files(self) -> str:
        """Return what tells the shipped files of the benchmark apart; empty without any."""
        if "space" not in problem_kind(self.base.problem).reads:
            return ""
        assets = benchmark(self.base.space).assets
        manifest = {} if assets is None else assets.manifest()
        shipped = {name: entry["sha256"] for name, entry in manifest.items()}
        return hashlib.sha256(json.dumps(shipped, sort_keys=True).encode()).hexdigest()[:16]

    def described_scenarios(self) -> dict[str, object]:
        """Return the scenarios by name as JSON holds them, with what their machines' files hold."""
        return _plain(
            {
                scenario.name: as_dict(scenario)
                | path_digests(replace(self.base, scenario=scenario))
                for scenario in self.scenarios
            }
        )

    def digests(self) -> dict[str, str]:
        """Return what tells the settings of a scenario's trials from any other's, by scenario."""
        shared = self.settings()
        texts = {
            name: json.dumps(shared | {"scenario": scenario}, sort_keys=True)
            for name, scenario in self.described_scenarios().items()
        }
        return {name: hashlib.sha256(text.encode()).hexdigest() for name, text in texts.items()}

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


def _file_digest(path: Path) -> str:
    """Return the start of a file's SHA-256."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    except OSError as error:
        raise DataFileError(f"Cannot read {path}: {error.strerror}.") from error


def open_folder(folder: Path, config: ComparisonConfig) -> None:
    """Make a comparison's folder, or take up the one that is there.

    A folder may grow by contenders, budgets, seeds and scenarios; what all trials share must stay.
    Where there is no trial yet, as after a refused search, the description is made anew.

    Raises:
        ConfigError: The folder holds another comparison or something else, or cannot be written.
    """
    path = folder / COMPARISON_FILE
    wanted = {"settings": config.settings(), "scenarios": config.described_scenarios()}
    try:
        if path.exists():
            found = _read(path)
            if not any((folder / TRIALS_FOLDER).rglob("*.npz")):
                found = {"settings": {}, "scenarios": {}}
            _refuse_difference(found, wanted, folder)
            wanted["scenarios"] = found["scenarios"] | wanted["scenarios"]
        elif folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise ConfigError(
                f"The folder {folder} must be empty or hold a comparison, got something else. "
                "Choose another --out."
            )
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(path, (json.dumps(wanted, indent=2) + "\n").encode())
    except OSError as error:
        raise ConfigError(f"Cannot write the folder {folder}: {error.strerror}.") from error


def run_comparison(
    folder: Path, config: ComparisonConfig, *, n_jobs: int
) -> Iterator[tuple[int, int]]:
    """Run the trials that are missing and yield (trials done, trials in all) as they end.

    One thread a worker. A trial is on disk before it counts, so an interrupted comparison goes on
    where it stopped, and its results do not depend on the number of worker processes ``n_jobs``.
    The folder is one that :func:`open_folder` opened.

    Raises:
        ConfigError: ``n_jobs`` out of range, or a search that its scenario does not allow.
    """
    require_workers("jobs", n_jobs)
    keys, digests = config.trial_keys(), config.digests()
    missing = [key for key in keys if not _is_done(folder / key.file, digests[key.scenario])]
    yield len(keys) - len(missing), len(keys)
    with joblib.parallel_config(backend="loky", n_jobs=n_jobs, inner_max_num_threads=1):
        done = joblib.Parallel(return_as="generator_unordered")(
            joblib.delayed(_run_and_write)(
                folder / key.file, config.run_config(key), digests[key.scenario]
            )
            for key in missing
        )
        for count, _ in enumerate(done, start=len(keys) - len(missing) + 1):
            yield count, len(keys)


def read_trials(folder: Path, config: ComparisonConfig) -> dict[TrialKey, Trial]:
    """Return the trials of a comparison that was run.

    Raises:
        DataFileError: One is missing or damaged.
    """
    digests = config.digests()
    return {
        key: read_trial(folder / key.file, digest=digests[key.scenario])
        for key in config.trial_keys()
    }


def true_points(config: ComparisonConfig) -> dict[str, FloatArray | None]:
    """Return the true front of each scenario, ``(n, n_obj)``; None where it cannot be listed."""
    truths: dict[str, FloatArray | None] = {}
    digests = config.digests()
    for scenario in config.scenarios:
        prepared = _prepared(replace(config.base, scenario=scenario), digests[scenario.name])
        # Enumerating with live evaluation would be a search of its own.
        exact = exact_front(prepared.problem) if prepared.is_stored else None
        truths[scenario.name] = None if exact is None else exact.points
    return truths


def _run_and_write(path: Path, config: RunConfig, digest: str) -> None:
    """Run one trial, in whatever process, and put it on disk."""
    prepared = _prepared(replace(config, search=RunConfig().search), digest)
    write_trial(path, run_trial(prepared.for_search(config.search)), digest=digest)


@lru_cache(maxsize=4)
def _prepared(config: RunConfig, digest: str) -> Prepared:
    """Return a problem with its table, made once a process, scenario and state of the files."""
    prepared = prepare(config)
    if not prepared.is_stored:
        return prepared
    return replace(prepared, problem=tabulated(prepared.problem))


def _is_done(path: Path, digest: str) -> bool:
    """Tell whether a trial is on disk and sound."""
    try:
        read_trial(path, digest=digest)
    except DataFileError:  # missing, or damaged: computed again, and the same comes out
        return False
    return True


def _refuse_difference(
    found: dict[str, dict[str, object]], wanted: dict[str, dict[str, object]], folder: Path
) -> None:
    """Refuse a folder whose trials were made otherwise."""
    for part in ("settings", "scenarios"):
        there, asked = found[part], wanted[part]
        for name in asked:
            if name in there and there[name] != asked[name]:
                raise ConfigError(
                    f"{folder} belongs to another comparison: its {name} is "
                    f"{json.dumps(there[name])}, not {json.dumps(asked[name])}. Choose another "
                    "--out, or the same settings."
                )


def _read(path: Path) -> dict[str, dict[str, object]]:
    """Read the description of a comparison."""
    try:
        values = json_value(path.read_text(encoding="utf-8"))
        if not all(isinstance(values[part], dict) for part in ("settings", "scenarios")):
            raise TypeError("settings and scenarios must be objects")
    except (ValueError, KeyError, TypeError) as error:
        raise DataFileError(f"{path} is no description of a comparison ({error}).") from error
    return {part: values[part] for part in ("settings", "scenarios")}


def _plain(values: dict[str, Any]) -> dict[str, object]:
    """Return values as JSON gives them back."""
    plain: dict[str, object] = json.loads(json.dumps(values))
    return plain
