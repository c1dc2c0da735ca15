"""The options that say what is searched: problem, space, scenario and its fields, objectives."""

import argparse
from pathlib import Path

from evonasc.cost.scenario import (
    DEFAULT_SCENARIO,
    FIELD_HELP,
    FIELD_KINDS,
    Scenario,
    named_scenario,
    override,
)
from evonasc.errors import ConfigError


def add_problem_arguments(parser: argparse.ArgumentParser, *, scenario: str = "name") -> None:
    """Declare the options.

    Args:
        parser: Of a command.
        scenario: What ``--scenario`` takes, for its help.
    """
    parser.add_argument(
        "--problem",
        default="split-nas",
        help="problem, or package.module:factory of your own (default: %(default)s)",
    )
    parser.add_argument("--space", default="nasbench201", help="search space")
    parser.add_argument(
        "--scenario",
        default=DEFAULT_SCENARIO,
        help=f"{scenario}, or a TOML file (default: %(default)s)",
    )
    parser.add_argument(
        "--objectives",
        default="error,latency_ms",
        help="comma-separated; problems of other packages bring their own (default: %(default)s)",
    )
    fields = parser.add_argument_group("scenario fields", "replace single fields of the scenario")
    for name, kind in FIELD_KINDS.items():
        option, text = f"--{name.replace('_', '-')}", FIELD_HELP[name]
        if kind == "bool":
            yes_or_no = argparse.BooleanOptionalAction
            fields.add_argument(option, action=yes_or_no, dest=f"set_{name}", help=text)
        elif name != "name":
            short = ("--loss",) if name == "packet_loss" else ()  # what people type
            fields.add_argument(option, *short, metavar="VALUE", dest=f"set_{name}", help=text)


def scenario_of(arguments: argparse.Namespace, *, text: str | None = None) -> Scenario:
    """Return the scenario that the options describe.

    Args:
        arguments: Parsed.
        text: Name or TOML file; what ``--scenario`` says by default.

    Raises:
        EvonascError: An unknown scenario, or a field out of range.
    """
    chosen: str = arguments.scenario if text is None else text
    return override(named_scenario(chosen), _overrides(arguments, chosen))


def objectives_of(arguments: argparse.Namespace) -> tuple[str, ...]:
    """Return the names of the objectives, in order."""
    return tuple(name.strip() for name in arguments.objectives.split(",") if name.strip())


def _overrides(arguments: argparse.Namespace, scenario: str) -> dict[str, object]:
    """Return the scenario fields given on the command line."""
    given = {
        name: getattr(arguments, f"set_{name}")
        for name in FIELD_KINDS
        if name != "name" and getattr(arguments, f"set_{name}") is not None
    }
    values: dict[str, object] = {
        name: text if FIELD_KINDS[name] == "bool" else _parse(name, text)
        for name, text in given.items()
    }
    return {**values, **({"name": f"{_stem(scenario)}*"} if values else {})}


def _stem(scenario: str) -> str:
    """Return a scenario's name; a file is named by its stem."""
    return Path(scenario).stem if scenario.endswith(".toml") else scenario


def _parse(name: str, text: str) -> object:
    """Read a scenario field from the command line."""
    kind = FIELD_KINDS[name]
    try:
        if kind == "tuple":
            return [int(word) for word in text.split(",")]
        if kind == "int":
            return int(text)
        if kind == "optional" and text.lower() == "none":
            return None
        return text if kind == "str" else float(text)
    except ValueError as error:
        words = {"tuple": "whole numbers, comma-separated", "int": "a whole number"}
        raise ConfigError(f"{name} must be {words.get(kind, 'a number')}, got {text!r}.") from error
