"""The options that say what is searched: problem, space, scenario and its fields, objectives."""

import argparse
from typing import Any

from evonasc.benchmark import DEFAULT_SPACE
from evonasc.cost.scenario import FIELD_HELP, FIELD_KINDS, Scenario
from evonasc.cost.scenario_table import DEFAULT_SCENARIO, named_scenario
from evonasc.cost.scenario_words import changed
from evonasc.errors import ConfigError
from evonasc.runs.benchmarks import benchmark
from evonasc.runs.config import READABLE
from evonasc.runs.problem_table import option_words, problem_kind, reads_in_words


def add_space_argument(parser: argparse.ArgumentParser, *, of: str = "search space") -> None:
    """Declare the option that names a search space; its help says what of."""
    parser.add_argument("--space", default=DEFAULT_SPACE, help=f"{of} (default: %(default)s)")


def add_problem_arguments(parser: argparse.ArgumentParser, *, scenario: str = "name") -> None:
    """Declare the options; the help of ``--scenario`` says what it takes."""
    parser.add_argument(
        "--problem",
        default="split-nas",
        help="problem, or package.module:factory of your own (default: %(default)s)",
    )
    add_space_argument(parser)
    parser.add_argument(
        "--scenario",
        help=f"{scenario}, or a TOML file (default: the space's own, else {DEFAULT_SCENARIO})",
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
    """Return the scenario that the options describe: that of a text, or what they name."""
    chosen = scenario_text(arguments) if text is None else text
    base, given = named_scenario(chosen), getattr(arguments, "given", ())
    try:
        scenario = changed(base, _overrides(arguments))
    except ConfigError as error:
        name, _, rest = str(error).partition(" ")
        if f"set_{name}" in given:  # as it was typed
            raise ConfigError(f"{option_words(name)} {rest}") from error
        raise
    if "set_uplink_mbps" in given and scenario.link.partition(":")[0] == "trace":
        raise ConfigError(
            "--uplink-mbps is not read by a link that is a trace: the trace has the rates. Leave "
            "it out, or name --link fixed."
        )
    return scenario


def require_read_by_problem(arguments: argparse.Namespace) -> None:
    """Refuse an option that was given and means nothing to the problem, by its own name.

    Raises:
        ConfigError: It is one.
        EvonascError: The problem cannot be had.
    """
    kind = problem_kind(arguments.problem)
    for given in sorted(arguments.given):
        is_of_scenario = given.startswith("set_")
        field = "scenario" if is_of_scenario else given
        if field in READABLE and field != "objectives" and field not in kind.reads:
            option = option_words(given.removeprefix("set_"))
            raise ConfigError(
                f"{option} is not read by the problem {arguments.problem!r}, which reads "
                f"{reads_in_words(kind)}. Leave it out."
            )


def scenario_text(arguments: argparse.Namespace) -> str:
    """Return what ``--scenario`` says, or the default of the space."""
    if arguments.scenario is not None:
        return str(arguments.scenario)
    return benchmark(arguments.space).default_scenario or DEFAULT_SCENARIO


def objectives_of(arguments: argparse.Namespace) -> tuple[str, ...]:
    """Return the names of the objectives, in order."""
    return tuple(name.strip() for name in arguments.objectives.split(",") if name.strip())


def _overrides(arguments: argparse.Namespace) -> dict[str, object]:
    """Return the scenario fields given on the command line."""
    words = vars(arguments)
    given = {name: words.get(f"set_{name}") for name in FIELD_KINDS}
    return {name: _parse(name, text) for name, text in given.items() if text is not None}


def _parse(name: str, text: Any) -> object:
    """Read a scenario field from the command line: text, or a switch that is read already."""
    kind = FIELD_KINDS[name]
    try:
        if kind == "tuple":
            return [int(word) for word in text.split(",")]
        if kind == "int":
            return int(text)
        if kind == "optional" and text.lower() == "none":
            return None
        return text if kind in ("str", "bool") else float(text)
    except ValueError as error:
        words = {"tuple": "whole numbers, comma-separated", "int": "a whole number"}
        raise ConfigError(
            f"{option_words(name)} must be {words.get(kind, 'a number')}, got {text!r}."
        ) from error
