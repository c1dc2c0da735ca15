"""The folder of a comparison: what its trials share, and that nothing else is mixed with them."""

import contextlib
import json
from dataclasses import replace
from pathlib import Path

from evonasc.cost.scenario import override
from evonasc.errors import ConfigError, DataFileError, EvonascError
from evonasc.files import write_atomically
from evonasc.inputs import json_object
from evonasc.runs.arms import Arm
from evonasc.runs.comparison import TRIALS_FOLDER, ComparisonConfig
from evonasc.runs.differences import differences

COMPARISON_FILE = "comparison.json"
#: What the description of a comparison consists of, and what of it may grow.
_PARTS = ("settings", "scenarios", "contenders")
_GROWING = _PARTS[1:]


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
        if not any((folder / TRIALS_FOLDER).rglob("*.npz")):
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


def with_what_is_there(folder: Path, config: ComparisonConfig) -> ComparisonConfig:
    """Return a comparison that a folder holds, with all else that is complete in the folder.

    Contenders, scenarios and budgets of before are kept where every trial of the whole is there.
    """
    found = _read(folder / COMPARISON_FILE)
    whole = config
    for name, described in found["contenders"].items():
        if name not in whole.names and isinstance(described, dict):
            with contextlib.suppress(EvonascError):  # a package that is gone
                more = replace(whole, contenders=(*whole.contenders, Arm.of(name, described)))
                whole = more if _is_complete(folder, more) else whole
    for name, described in found["scenarios"].items():
        if name not in {one.name for one in whole.scenarios} and isinstance(described, dict):
            fields = {key: value for key, value in described.items() if key != "inputs"}
            with contextlib.suppress(EvonascError):
                scenario = override(whole.scenarios[0], fields)
                more = replace(whole, scenarios=(*whole.scenarios, scenario))
                whole = more if _is_complete(folder, more) else whole
    for budget in _budgets(folder):
        if budget not in whole.budgets:
            more = replace(whole, budgets=tuple(sorted((*whole.budgets, budget))))
            whole = more if _is_complete(folder, more) else whole
    return whole


def _is_complete(folder: Path, config: ComparisonConfig) -> bool:
    """Tell whether every trial of a comparison is in its folder."""
    return all((folder / key.file).is_file() for key in config.trial_keys())


def _budgets(folder: Path) -> list[int]:
    """Return the budgets of trials in a folder."""
    names = (path.name for path in (folder / TRIALS_FOLDER).rglob("budget-*-seed-*.npz"))
    found = {name.split("-")[1] for name in names}
    return sorted(int(word) for word in found if word.isdecimal())


def _refuse_difference(
    found: dict[str, dict[str, object]], wanted: dict[str, dict[str, object]], folder: Path
) -> None:
    """Refuse a folder whose trials were made otherwise; name what differs."""
    for part in _PARTS:
        asked = wanted[part]
        there = {name: found[part].get(name, asked[name]) for name in asked}
        before, now = differences([there, asked])
        if before:
            words = "; ".join(_difference(name, before[name], now[name]) for name in before)
            raise ConfigError(
                f"{folder} belongs to another comparison: {words}. Choose another --out, or the "
                "same settings."
            )


def _difference(name: str, there: str, asked: str) -> str:
    """Say how a setting differs; digests tell people nothing."""
    inside, is_input, label = name.rpartition("inputs.")
    if is_input:
        return f"{inside.removesuffix('.') or 'the problem'}: {label} changed since"
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
