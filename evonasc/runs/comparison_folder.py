"""The folder of a comparison: what its trials share, and that nothing else is mixed with them."""

import json
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from evonasc.cost.link_trace import read_trace
from evonasc.cost.machine_table import is_machine_file
from evonasc.cost.scenario import override
from evonasc.errors import ConfigError, DataFileError, EvonascError
from evonasc.files import write_atomically
from evonasc.inputs import json_object
from evonasc.runs.arms import Arm
from evonasc.runs.comparison import TRIALS_FOLDER, ComparisonConfig, TrialKey, read_trials
from evonasc.runs.differences import differences, without_folders
from evonasc.runs.digests import path_digest
from evonasc.runs.trials import Trial, read_trial

COMPARISON_FILE = "comparison.json"
#: What the description of a comparison consists of, and what of it may grow.
_PARTS = ("settings", "scenarios", "contenders")
_GROWING = _PARTS[1:]
_TRACE = "trace:"


def open_folder(folder: Path, config: ComparisonConfig) -> None:
    """Make a comparison's folder, or take up the one that is there.

    A folder may grow by contenders, budgets, seeds and scenarios; what all trials share must stay.
    Where there is no trial yet, as after a refused search, the description is made anew.

    Raises:
        ConfigError: The folder holds another comparison or something else, or cannot be written.
    """
    path = folder / COMPARISON_FILE
    wanted = {
        "settings": config.settings(),
        "scenarios": config.described_scenarios(),
        "contenders": config.described_contenders(),
    }
    if path.exists():
        found = _read(path)
        if not _trial_files(folder):
            found = {part: {} for part in _PARTS}
        _refuse_difference(found, wanted, folder)
        for part in _GROWING:
            wanted[part] = found[part] | wanted[part]
    elif folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigError(
            f"The folder {folder} must be empty or hold a comparison, got something else. "
            "Choose another --out."
        )
    content = (json.dumps(wanted, indent=2) + "\n").encode()
    write_atomically(path, content, makes_folder=True)


class Everything(NamedTuple):
    """What a comparison and its folder hold together."""

    #: Who met where; not every combination has its trials.
    config: ComparisonConfig
    trials: dict[TrialKey, Trial]
    #: What the folder holds besides and cannot be used, and why; a sentence each.
    left_out: tuple[str, ...]


def read_everything(folder: Path, config: ComparisonConfig) -> Everything:
    """Return the trials of a comparison that was run, and all else that its folder holds.

    Contenders, scenarios, budgets and seeds of before stay, each with the trials that are there.

    Raises:
        DataFileError: A trial of the comparison itself is missing or damaged.
    """
    asked = read_trials(folder, config)
    whole, left_out = _grown(folder, config)
    digests, trials = whole.digests(), dict[TrialKey, Trial]()
    unusable = dict[tuple[str, str], str]()
    for key in whole.trial_keys():
        if key in asked:
            trials[key] = asked[key]
        elif (folder / key.file).is_file():
            place = (key.scenario, key.contender)
            try:
                trials[key] = read_trial(folder / key.file, digest=digests[place])
            except DataFileError as error:
                unusable.setdefault(place, str(error))
    left_out += [
        f"Left out: {contender} on {scenario}, some or all searches ({reason})"
        for (scenario, contender), reason in unusable.items()
    ]
    return Everything(_only(whole, trials), trials, tuple(left_out))


def _grown(folder: Path, config: ComparisonConfig) -> tuple[ComparisonConfig, list[str]]:
    """Return a comparison with all that its folder names, and what cannot be had, with reasons."""
    found, whole, left_out = _read(folder / COMPARISON_FILE), config, list[str]()

    def grow(part: str, name: str, values: Mapping[str, object]) -> ComparisonConfig:
        if part == "contenders":
            arm = Arm.of(name, values)
            more = replace(whole, contenders=(*whole.contenders, arm))
            now = replace(whole, contenders=(arm,)).described_contenders()
        else:
            fields = {key: value for key, value in values.items() if key != "inputs"}
            scenario = override(whole.scenarios[0], fields)
            more = replace(whole, scenarios=(*whole.scenarios, scenario))
            now = replace(whole, scenarios=(scenario,)).described_scenarios()
        inputs = values.get("inputs"), now[name]["inputs"]
        if all(inputs) != any(inputs):  # there are some on one side only
            raise ConfigError("what it was made of cannot be had any more")
        words = _differences(values, now[name])
        if words:
            raise ConfigError(words)
        return more

    for part, there in (
        ("contenders", config.names),
        ("scenarios", tuple(one.name for one in config.scenarios)),
    ):
        for name, values in found[part].items():
            if name not in there and isinstance(values, dict):
                try:
                    whole = grow(part, name, values)
                except EvonascError as error:
                    left_out.append(f"Left out: {name}: {str(error).rstrip('.')}.")
    places = [place for place in map(_budget_and_seed, _trial_files(folder)) if place]
    budgets = {*whole.budgets, *(budget for budget, _ in places)}
    n_seeds = max(whole.n_seeds, *(seed + 1 for _, seed in places))
    return replace(whole, budgets=tuple(sorted(budgets)), n_seeds=n_seeds), left_out


def described_scenarios(folder: Path) -> list[str]:
    """Return the names of all scenarios that a comparison ever had.

    Raises:
        DataFileError: The folder's description is damaged.
    """
    return list(_read(folder / COMPARISON_FILE)["scenarios"])


def inputs_changed_since(folder: Path) -> list[str]:
    """Return the files of machines and traces of a comparison that hold something else by now.

    Those that are gone are none of them, and code is not looked at.

    Raises:
        DataFileError: The folder's description is damaged.
    """
    changed = []
    for described in _read(folder / COMPARISON_FILE)["scenarios"].values():
        inputs = described.get("inputs") if isinstance(described, dict) else None
        for name, digest in inputs.items() if isinstance(inputs, dict) else ():
            kind, _, place = name.partition(" ")
            try:
                if kind == "hardware" and is_machine_file(place):
                    now = path_digest(Path(place))
                elif kind == "link" and place.startswith(_TRACE):
                    now = read_trace(place.removeprefix(_TRACE)).sha256
                else:
                    continue
            except EvonascError:
                continue
            if now != digest:
                changed.append(name)
    return list(dict.fromkeys(changed))


def _only(config: ComparisonConfig, keys: Collection[TrialKey]) -> ComparisonConfig:
    """Return a comparison without the names that have no trial."""
    return replace(
        config,
        scenarios=tuple(
            one for one in config.scenarios if any(key.scenario == one.name for key in keys)
        ),
        contenders=tuple(
            arm for arm in config.arms if any(key.contender == arm.name for key in keys)
        ),
        budgets=tuple(sorted({key.budget for key in keys})),
        n_seeds=1 + max(key.seed for key in keys),
    )


def _trial_files(folder: Path) -> list[Path]:
    """Return the files of trials in a folder."""
    return list((folder / TRIALS_FOLDER).rglob("budget-*-seed-*.npz"))


def _budget_and_seed(path: Path) -> tuple[int, int] | None:
    """Return the budget and the seed that a trial's file is named after; None if it is none."""
    _, budget, _, seed = path.stem.split("-", 3)
    return (int(budget), int(seed)) if budget.isdecimal() and seed.isdecimal() else None


def _refuse_difference(
    found: dict[str, dict[str, object]], wanted: dict[str, dict[str, object]], folder: Path
) -> None:
    """Refuse a folder whose trials were made otherwise; name what differs."""
    for part in _PARTS:
        asked = wanted[part]
        there = {name: found[part].get(name, asked[name]) for name in asked}
        words = _differences(there, asked)
        if words:
            raise ConfigError(
                f"{folder} belongs to another comparison: {words}. Choose another --out, or the "
                "same settings."
            )


def _differences(there: Mapping[str, object], asked: Mapping[str, object]) -> str:
    """Say in what two descriptions differ; empty where they do not."""
    before, now = differences([_without_folders(there), _without_folders(asked)])
    return "; ".join(_difference(name, before[name], now[name]) for name in before)


def _without_folders(description: Mapping[str, Any]) -> dict[str, Any]:
    """Return what one thing is, or several by name, with files by their names alone."""
    return {
        name: without_folders(value) if isinstance(value, dict) else value
        for name, value in without_folders(description).items()
    }


def _difference(name: str, there: str, asked: str) -> str:
    """Say how a setting differs; digests tell people nothing."""
    inside, is_input, label = name.rpartition("inputs.")
    if is_input:
        place = f"{inside.removesuffix('.')}: " if inside else ""
        return f"{place}{label} changed since"
    return f"{name} is {there}, not {asked}"


def _read(path: Path) -> dict[str, dict[str, object]]:
    """Read the description of a comparison."""
    values = json_object(path, kind="description of a comparison")
    try:
        if not all(isinstance(values[part], dict) for part in _PARTS):
            raise TypeError(f"{', '.join(_PARTS)} must be objects")
    except (KeyError, TypeError) as error:
        raise DataFileError(f"{path} is no description of a comparison ({error}).") from error
    return {part: values[part] for part in _PARTS}
