"""A run's configuration as JSON holds it, and back."""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evonasc.bounds import Bound
from evonasc.cost.scenario import as_dict, override
from evonasc.errors import ConfigError, DataFileError, EvonascError
from evonasc.field_types import as_type, hints_of
from evonasc.foreign_code import refuse_code
from evonasc.inputs import json_object
from evonasc.runs.benchmarks import SPACES, benchmark
from evonasc.runs.config import ErrorChoice, RunConfig
from evonasc.runs.error_table import error_kind, error_table
from evonasc.runs.problem_table import problem_kind
from evonasc.search.config import SearchConfig


def config_dict(config: RunConfig) -> dict[str, object]:
    """Return a settled configuration as JSON holds it: what its problem reads, and no more.

    Args:
        config: As :func:`evonasc.runs.prepare.prepare` returns it.
    """
    reads = problem_kind(config.problem).reads
    parts: dict[str, object] = {
        "space": config.space,
        "scenario": as_dict(config.scenario),
        "error": {"accuracy": config.error.name, **options_dict(config.error.options)}
        if "error" in reads
        else None,
        "calibration": _plain(config.calibration),
    }
    return {
        "problem": config.problem,
        **{name: value for name, value in parts.items() if name in reads},
        "objectives": list(config.objectives),
        "bounds": [dataclasses.asdict(bound) for bound in config.bounds],
        "margin": config.margin,
        "error_resolution": config.error_resolution,
        "search": dataclasses.asdict(config.search),
    }


def options_dict(options: Any) -> dict[str, object]:
    """Return the options of a source of errors as JSON holds them."""
    return {one.name: _plain(getattr(options, one.name)) for one in dataclasses.fields(options)}


def config_from(values: Mapping[str, Any], *, where: Path) -> RunConfig:
    """Return the configuration that :func:`config_dict` wrote; loads nothing that it names.

    Options of a source of errors that is not evonasc's own stay as they are written.

    Args:
        values: As read.
        where: Their file, for messages.

    Raises:
        DataFileError: They are none.
        EvonascError: Something in them is not valid.
    """
    try:
        scenario, error = dict(values.get("scenario", {})), dict(values.get("error", {}))
        search, objectives = dict(values["search"]), list(values["objectives"])
        bounds = tuple(
            Bound(str(bound["column"]), float(bound["limit"]), float(bound["margin"]))
            for bound in values["bounds"]
        )
        space = str(values.get("space", RunConfig.space))
        calibration = values.get("calibration")
        return RunConfig(
            problem=str(values["problem"]),
            space=space,
            scenario=override(RunConfig.scenario, scenario),
            objectives=tuple(map(str, objectives)),
            bounds=bounds,
            margin=float(values["margin"]),
            error=_choice(error, space),
            error_resolution=float(values["error_resolution"]),
            calibration=None if calibration is None else Path(str(calibration)),
            search=SearchConfig(**search),
        )
    except EvonascError as problem:
        raise ConfigError(f"{where}: {problem}") from problem
    except (AttributeError, KeyError, TypeError, ValueError) as problem:
        raise DataFileError(
            f"{where} is no run configuration of this version of evonasc ({problem})."
        ) from problem


def require_trusted(config: RunConfig, *, where: Path) -> RunConfig:
    """Return a configuration that a file holds, to be run again: what it names will be loaded.

    Raises:
        PluginError: It names code in hand, and nobody said that it is to be trusted.
        EvonascError: The options of its source of errors are not valid.
    """
    scenario, error = config.scenario, config.error
    columns = (*config.objectives, *(bound.column for bound in config.bounds))
    named = (config.problem, config.space, error.name, *columns, scenario.link.partition(":")[0])
    machines = (scenario.head_hardware, scenario.tail_hardware)
    search = dataclasses.asdict(config.search).values()
    refuse_code((*named, *machines, *search), where=where)
    if isinstance(error.options, dict):
        options = error_kind(error.name, benchmark(config.space)).options
        config = dataclasses.replace(
            config, error=ErrorChoice(error.name, _typed_options(error, options))
        )
    return config


def as_json(values: Mapping[str, object]) -> bytes:
    """Encode for people."""
    return (json.dumps(values, indent=2, allow_nan=False) + "\n").encode()


def read_object(path: Path, *, folder: Path) -> dict[str, Any]:
    """Read a JSON object of a folder of runs.

    Raises:
        DataFileError: It cannot be read, or is none.
    """
    if not path.is_file():
        raise DataFileError(f"{folder} is no run folder: it has no {path.name}.")
    return json_object(path, kind="record of a run", remedy="Run it again.")


def _choice(error: dict[str, Any], space: str) -> ErrorChoice:
    """Return the choice of errors that JSON holds, its options typed where the source is ours."""
    if not error:
        return ErrorChoice()
    choice = ErrorChoice(str(error.pop("accuracy")), error)
    if not SPACES.is_built_in(space):
        return choice
    chosen = benchmark(space)
    if not error_table(choice.name, chosen).is_built_in(choice.name):
        return choice
    return ErrorChoice(choice.name, _typed_options(choice, error_kind(choice.name, chosen).options))


def _typed_options(choice: ErrorChoice, options: type) -> Any:
    """Return the options of a choice as its source declares them."""
    hints = hints_of(options)
    unknown = set(choice.options) - set(hints)
    if unknown:
        raise ConfigError(
            f"accuracy {choice.name!r} must have known options, got {sorted(unknown)}."
        )
    return options(**{key: as_type(hints[key], value) for key, value in choice.options.items()})


def _plain(value: object) -> object:
    """Return a value that JSON can hold: paths become text."""
    return str(value) if isinstance(value, Path) else value
