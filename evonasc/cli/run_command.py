"""The command that makes a run again, from its configuration."""

import json
import shlex
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

from evonasc.cost.scenario import FIELD_KINDS, Scenario
from evonasc.cost.scenario_table import DEFAULT_SCENARIO, SCENARIOS, named_scenario
from evonasc.cost.scenario_words import base_name
from evonasc.runs.config import RunConfig
from evonasc.runs.error_table import ANY_OPTION, SPELLED
from evonasc.runs.problem_table import place_in_words
from evonasc.search.algorithms import ALGORITHMS, algorithm
from evonasc.search.config import option_of

#: Fields of a run's configuration that the command always names, so that another default of
#: another release changes nothing.
_ALWAYS = ("problem", "space", "objectives")
#: Fields of the configuration that other functions write.
_ELSEWHERE = ("bounds", "error", "scenario", "search")
#: Those of the search.
_ALWAYS_OF_SEARCH = ("algorithm", "budget", "pop_size", "seed")


def run_command(config: RunConfig) -> str:
    """Return the command line that searches the same problem in the same way.

    It names the scenario by the fields that differ from a named one, so a run of a scenario file
    needs the file no more; the scenario's own name is then another.
    """
    name = config.search.algorithm
    always: tuple[str, ...] = _ALWAYS_OF_SEARCH
    if ALGORITHMS.is_built_in(name):  # of others nothing is loaded here
        entry = algorithm(name)
        read = entry.options | (frozenset() if entry.enumerates else {"budget", "seed"})
        always = ("algorithm", *(field for field in always if field in read))
    words = ["evonasc", "run", *_changed_words(config.search, option_of, always=always)]
    default = RunConfig()
    # a problem of its own that was given none reads no space and no scenario
    is_own = place_in_words(config) == config.problem
    for field in fields(config):
        if field.name in _ELSEWHERE:
            continue
        value = getattr(config, field.name)
        is_always = field.name in _ALWAYS and not (field.name == "space" and is_own)
        if is_always or value != getattr(default, field.name):
            words += _option(field.name, value)
    for bound in config.bounds:
        limit = bound.limit if config.margin else bound.at_most
        words += ["--max", f"{bound.column}={limit}"]
    if config.error.name:
        words += ["--accuracy", config.error.name]
        words += _error_words(config.error.options)
    return shlex.join([*words, *([] if is_own else _scenario_words(config.scenario))])


def _changed_words(
    options: Any, spelled: Callable[[str], str], *, always: tuple[str, ...] = ()
) -> list[str]:
    """Return the options of fields that are not at their default, or are always named."""
    words = list[str]()
    for field in fields(options):
        value, option = getattr(options, field.name), spelled(field.name)
        if field.name in always or value != field.default:
            words += [option] if isinstance(value, bool) else _words(option, value)
    return words


def _error_words(options: Any) -> list[str]:
    """Return the options of a source of errors that are not at their default."""
    if isinstance(options, dict):  # of a source that is missing here
        return [
            word
            for name, value in options.items()
            for word in (ANY_OPTION, f"{name}={json.dumps(value)}")
        ]
    words = list[str]()
    for field in fields(options):
        value, option = getattr(options, field.name), SPELLED.get(field.name)
        if value == field.default:
            continue
        if option is None:
            text = str(value) if isinstance(value, str | Path) else json.dumps(value)
            words += [ANY_OPTION, f"{field.name}={text}"]
        else:
            words += [option] if isinstance(value, bool) else _words(option, value)
    return words


def _scenario_words(scenario: Scenario) -> list[str]:
    """Return the options of the scenario: a named one, and what differs from it."""
    stem = base_name(scenario.name)
    base = named_scenario(stem if stem in SCENARIOS else DEFAULT_SCENARIO)
    words = ["--scenario", base.name]
    for name, kind in FIELD_KINDS.items():
        value = getattr(scenario, name)
        if name == "name" or value == getattr(base, name):
            continue
        if kind == "bool":
            words.append(f"--{'' if value else 'no-'}{name.replace('_', '-')}")
        else:
            words += _option(name, value)
    return words


def _option(name: str, value: object) -> list[str]:
    """Return the option of a field and its value."""
    return _words(f"--{name.replace('_', '-')}", value)


def _words(option: str, value: object) -> list[str]:
    """Return an option and its value; numbers in full."""
    text = ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
    if value is None:
        text = "none"
    return [f"{option}={text}"] if text.startswith("-") else [option, text]
