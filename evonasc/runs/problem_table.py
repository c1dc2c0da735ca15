"""The table of problems; another package's problem need have nothing to do with networks.

An entry is a :class:`evonasc.runs.config.ProblemKind`, or a function of the run's configuration,
which is then taken to read nothing of it, or a class of pymoo problems that needs no argument. What
it makes is a :class:`~evonasc.problems.DesignProblem`, or any pymoo problem of discrete variables.
"""

import inspect
from collections.abc import Callable
from typing import Any

from pymoo.core.problem import Problem

from evonasc.errors import ConfigError
from evonasc.plugins import Registry
from evonasc.problems import DesignProblem
from evonasc.problems.adapter import PymooProblem
from evonasc.runs.config import READABLE, ProblemKind, RunConfig

#: The problems.
PROBLEMS = Registry(
    "problem",
    "problems",
    {
        "split-nas": (
            "evonasc.runs.own_problems:SPLIT_NAS",
            "architecture and split point together (the default)",
        ),
        "toy": (
            "evonasc.runs.own_problems:TOY",
            "analytic staircase with a known front, for tests",
        ),
    },
)


def problem_kind(name: str) -> ProblemKind:
    """Return the problem of that name, not made yet.

    Raises:
        UnknownNameError: No such problem.
        PluginError: It is another package's, and broken.
    """
    found = PROBLEMS.load(name)
    if isinstance(found, ProblemKind):
        return found
    if isinstance(found, Problem):
        return ProblemKind(lambda config: found)
    if not callable(found):
        raise PROBLEMS.broken(
            PROBLEMS.entry(name), f"it must be a ProblemKind or callable, got {found!r}"
        )
    if _needs_nothing(found):
        return ProblemKind(lambda config: found())
    return ProblemKind(found)


def make_of_kind(kind: ProblemKind, config: RunConfig) -> DesignProblem:
    """Return the problem that a configuration describes.

    Args:
        kind: That ``config.problem`` names.
        config: Everything that its problem does not read is at its default.

    Raises:
        PluginError: Another package's problem is broken.
        ConfigError: It has other objectives than were asked for, or cannot be adapted.
    """
    entry = PROBLEMS.entry(config.problem)
    made = PROBLEMS.guarded(entry, kind.make, config)
    if isinstance(made, Problem) and not isinstance(made, DesignProblem):
        made = PymooProblem(made)
    if not isinstance(made, DesignProblem):
        raise PROBLEMS.broken(entry, f"it must give a pymoo problem, got {type(made).__name__}")
    if config.objectives not in (made.objectives, RunConfig.objectives):
        raise ConfigError(
            f"The problem {config.problem!r} has the objectives {', '.join(made.objectives)}, got "
            f"{', '.join(config.objectives)}. Leave out --objectives."
        )
    return made


def _needs_nothing(found: Callable[..., Any]) -> bool:
    """Tell a function without parameters, or a pymoo class that needs none, from the others.

    The others are functions of a configuration.
    """
    is_pymoo = isinstance(found, type) and issubclass(found, Problem)
    optional = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return all(
        is_pymoo and (one.kind in optional or one.default is not inspect.Parameter.empty)
        for one in inspect.signature(found).parameters.values()
    )


def require_reads(kind: ProblemKind, config: RunConfig) -> None:
    """Refuse what a problem has no meaning for.

    Raises:
        ConfigError: A field that it does not read differs from its default; it is named.
    """
    default = RunConfig()
    for name in READABLE:
        is_given = getattr(config, name) != getattr(default, name)
        # objectives are compared with those of the problem once it is made
        if is_given and name not in kind.reads and name != "objectives":
            several = " (or an option of it)" if name in ("error", "scenario") else ""
            raise ConfigError(
                f"{option_words(name)}{several} is not read by the problem {config.problem!r}, "
                f"which reads {reads_in_words(kind)}. Leave it out; whoever wrote the problem can "
                "name it in the reads of its ProblemKind."
            )


def reads_in_words(kind: ProblemKind) -> str:
    """Return the options that a problem reads, for messages."""
    return ", ".join(option_words(one) for one in READABLE if one in kind.reads) or (
        "nothing of a run"
    )


def option_words(name: str) -> str:
    """Return a field of a configuration as the command line spells it."""
    return "--accuracy" if name == "error" else f"--{name.replace('_', '-')}"


def place_in_words(config: RunConfig) -> str:
    """Return what a run is about: its scenario, or its problem where that was given none.

    No code of the problem is asked.
    """
    is_named = config.problem == RunConfig.problem or config.scenario != RunConfig.scenario
    return config.scenario.name if is_named else config.problem
