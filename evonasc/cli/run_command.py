"""The command that makes a run again, from its configuration."""

import shlex
from dataclasses import fields
from typing import TYPE_CHECKING

from evonasc.cost.scenario import DEFAULT_SCENARIO, FIELD_KINDS, SCENARIOS, Scenario

if TYPE_CHECKING:
    from evonasc.runs.run import RunConfig
    from evonasc.supernet.live_options import LiveOptions

#: Fields of a run's configuration that the command always names, so that another default of
#: another release changes nothing.
_ALWAYS = ("problem", "space", "objectives", "accuracy")
#: Fields of the configuration that other functions write.
_ELSEWHERE = ("scenario", "search", "live")
#: Fields of the search that are options of another name, or switches.
_SEARCH_OPTIONS = {"algorithm": "--algo"}
_SEARCH_SWITCHES = {"refine_split": (True, "--refine-split"), "is_warm": (False, "--cold-start")}


def run_command(config: "RunConfig") -> str:
    """Return the command line that searches the same problem in the same way.

    It names the scenario by the fields that differ from a named one, so a run of a scenario file
    needs the file no more; the scenario's own name is then another.

    Args:
        config: Of the run.
    """
    from evonasc.runs.run import RunConfig

    words = ["evonasc", "run", *_search_words(config)]
    default = RunConfig()
    for field in fields(config):
        if field.name in _ELSEWHERE:
            continue
        value = getattr(config, field.name)
        if field.name in _ALWAYS or value != getattr(default, field.name):
            words += _option(field.name, value)
    return shlex.join([*words, *_live_words(config.live), *_scenario_words(config.scenario)])


def _search_words(config: "RunConfig") -> list[str]:
    """Return the options of the search."""
    search, words = config.search, list[str]()
    default = type(search)()
    for field in fields(search):
        value = getattr(search, field.name)
        if field.name in _SEARCH_SWITCHES:
            wanted, switch = _SEARCH_SWITCHES[field.name]
            words += [switch] if value == wanted else []
        elif field.name in ("algorithm", "budget", "pop_size", "seed"):
            words += _option(field.name, value)
        elif value != getattr(default, field.name):
            words += _option(field.name, value)
    return words


def _live_words(live: "LiveOptions") -> list[str]:
    """Return the options of live evaluation that change its results."""
    words = [] if live.n_images is None else ["--images", str(live.n_images)]
    words += ["--early-decision"] if live.decides_early else []
    return words + ([] if live.device == type(live)().device else ["--device", live.device])


def _scenario_words(scenario: Scenario) -> list[str]:
    """Return the options of the scenario: a named one, and what differs from it."""
    stem = scenario.name.removesuffix("*")
    base = SCENARIOS[stem if stem in SCENARIOS else DEFAULT_SCENARIO]
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
    """Return an option and its value; numbers in full."""
    option = _SEARCH_OPTIONS.get(name, f"--{name.replace('_', '-')}")
    text = ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
    if value is None:
        text = "none"
    return [f"{option}={text}"] if text.startswith("-") else [option, text]
