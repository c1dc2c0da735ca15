"""Comparing algorithms: the same budgets, seeds and scenarios for each, in one folder that resumes.

Every (scenario, contender, budget, seed) is a search of its own, also where a longer search would
have passed through the same state: some algorithms plan by their budget. One evaluation is one
distinct design whose error is looked up or computed, for every contender alike.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import joblib

import evonasc
from evonasc.arrays import FloatArray
from evonasc.nasbench201.assets import ASSETS
from evonasc.cost.scenario import Scenario, as_dict
from evonasc.errors import ConfigError, DataFileError
from evonasc.files import write_atomically
from evonasc.limits import require_workers
from evonasc.parsing import json_value
from evonasc.problems import DesignProblem
from evonasc.search.exact import exact_front
from evonasc.runs.run import BY_FORWARD_PASSES, RunConfig, make_problem
from evonasc.runs.tabulated import tabulated
from evonasc.runs.trials import Trial, contender_config, read_trial, run_trial, write_trial

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
        return Path(TRIALS_FOLDER, self.scenario, self.contender, name)


@dataclass(frozen=True)
class ComparisonConfig:
    """Which contenders meet where.

    Raises:
        ConfigError: Nothing to compare, something named twice, or a number out of range.
        UnknownNameError: An unknown algorithm or variation.
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
        for name in names:
            if name in ("", "..") or Path(name).name != name or not name.isprintable():
                raise ConfigError(f"A scenario's name must do as a folder's name, got {name!r}.")
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
        base = asdict(replace(self.base, scenario=self.scenarios[0]))
        search = {
            name: value
            for name, value in base.pop("search").items()
            if name not in ("algorithm", "budget", "seed")
        }
        del base["scenario"]
        shipped = {name: entry["sha256"] for name, entry in ASSETS.manifest().items()}
        assets = hashlib.sha256(json.dumps(shipped, sort_keys=True).encode()).hexdigest()
        version = {"version": evonasc.__version__, "shipped_files": assets[:16]}
        # Files of the user by their content: what stands under a name may change.
        named = {name: getattr(self.base, name) for name in ("weights", "scores", "accuracy_table")}
        files = {name: _file_digest(path) for name, path in named.items() if path is not None}
        settings = {**version, **base, "search": search, **({"files": files} if files else {})}
        plain: dict[str, object] = json.loads(json.dumps(settings, default=str))
        return plain

    def digest(self, key: TrialKey) -> str:
        """Return what tells a trial's settings from any other's."""
        settings = self.settings() | {"scenario": as_dict(self.run_config(key).scenario)}
        return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()


def _file_digest(path: Path) -> str:
    """Return the start of a file's SHA-256.

    Raises:
        DataFileError: It cannot be read.
    """
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
    wanted: dict[str, object] = {
        "settings": config.settings(),
        "scenarios": {scenario.name: _plain(scenario) for scenario in config.scenarios},
    }
    try:
        if path.exists():
            found = _read(path)
            if not any((folder / TRIALS_FOLDER).rglob("*.npz")):
                found = {"settings": {}, "scenarios": {}}
            _refuse_difference(found, wanted, folder)
            wanted["scenarios"] = {**found["scenarios"], **_as_dict(wanted["scenarios"])}
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
    where it stopped, and its results do not depend on ``n_jobs``.

    Args:
        folder: Opened by :func:`open_folder`.
        config: What to compare.
        n_jobs: Worker processes; 1 computes here.

    Raises:
        ConfigError: ``n_jobs`` out of range, or a search that its scenario does not allow.
    """
    require_workers("jobs", n_jobs)
    keys = config.trial_keys()
    missing = [key for key in keys if not _is_done(folder, config, key)]
    yield len(keys) - len(missing), len(keys)
    with joblib.parallel_config(backend="loky", n_jobs=n_jobs, inner_max_num_threads=1):
        done = joblib.Parallel(return_as="generator_unordered")(
            joblib.delayed(_run_and_write)(
                folder / key.file, config.run_config(key), config.digest(key)
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
    return {
        key: read_trial(folder / key.file, digest=config.digest(key)) for key in config.trial_keys()
    }


def true_points(config: ComparisonConfig) -> dict[str, FloatArray | None]:
    """Return the true front of each scenario, ``(n, n_obj)``; None where it cannot be listed."""
    truths: dict[str, FloatArray | None] = {}
    for scenario in config.scenarios:
        # Enumerating with live evaluation would be a search of its own.
        is_listed = config.base.accuracy not in BY_FORWARD_PASSES
        problem = _problem(replace(config.base, scenario=scenario)) if is_listed else None
        exact = None if problem is None else exact_front(problem)
        truths[scenario.name] = None if exact is None else exact.points
    return truths


def _run_and_write(path: Path, config: RunConfig, digest: str) -> None:
    """Run one trial, in whatever process, and put it on disk."""
    problem = _problem(replace(config, search=RunConfig().search))
    write_trial(path, run_trial(config, problem), digest=digest)


@lru_cache(maxsize=4)
def _problem(config: RunConfig) -> DesignProblem:
    """Return a problem with its table, made once a process and scenario."""
    problem = make_problem(config)
    return problem if config.accuracy in BY_FORWARD_PASSES else tabulated(problem)


def _is_done(folder: Path, config: ComparisonConfig, key: TrialKey) -> bool:
    """Tell whether a trial is on disk and sound."""
    try:
        read_trial(folder / key.file, digest=config.digest(key))
    except DataFileError:  # missing, or damaged: computed again, and the same comes out
        return False
    return True


def _refuse_difference(
    found: dict[str, dict[str, object]], wanted: dict[str, object], folder: Path
) -> None:
    """Refuse a folder whose trials were made otherwise."""
    for part in ("settings", "scenarios"):
        there, asked = found[part], _as_dict(wanted[part])
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


def _plain(scenario: Scenario) -> dict[str, object]:
    """Return a scenario as JSON gives it back."""
    plain: dict[str, object] = json.loads(json.dumps(as_dict(scenario)))
    return plain


def _as_dict(value: object) -> dict[str, object]:
    """Return a value that is a dictionary, as one."""
    assert isinstance(value, dict)
    return value
