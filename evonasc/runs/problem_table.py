"""The table of problems; another package's problem need have nothing to do with networks.

A problem is a function of the run's configuration that returns a
:class:`~evonasc.problems.DesignProblem`, or any pymoo problem over integers.
"""

from pymoo.core.problem import Problem

from evonasc.errors import ConfigError
from evonasc.plugins import Registry
from evonasc.problems import DesignProblem
from evonasc.problems.adapter import PymooProblem
from evonasc.problems.split_nas import DEFAULT_OBJECTIVES

#: The problems: a function of a :class:`evonasc.runs.run.RunConfig`.
PROBLEMS = Registry(
    "problem",
    "problems",
    {
        "split-nas": (
            "evonasc.runs.own_problems:split_nas_problem",
            "architecture and split point together (the default)",
        ),
        "toy": (
            "evonasc.runs.own_problems:toy_problem",
            "analytic staircase with a known front, for tests",
        ),
    },
)


def named_problem(name: str, config: object, *, objectives: tuple[str, ...]) -> DesignProblem:
    """Return the problem of that name.

    Args:
        name: In the table, or ``package.module:function``.
        config: What the run is told.
        objectives: What the run is to minimise; the default stands for the problem's own.

    Raises:
        UnknownNameError: No such problem.
        PluginError: It is another package's, and broken.
        ConfigError: It has other objectives, or is a pymoo problem that cannot be adapted.
    """
    made = PROBLEMS.make(name, config)
    if isinstance(made, Problem) and not isinstance(made, DesignProblem):
        made = PymooProblem(made)
    if not isinstance(made, DesignProblem):
        raise PROBLEMS.broken(
            PROBLEMS.entry(name), f"it must give a pymoo problem, got {type(made).__name__}"
        )
    if objectives not in (made.objectives, DEFAULT_OBJECTIVES):
        raise ConfigError(
            f"The problem {name!r} has the objectives {', '.join(made.objectives)}, got "
            f"{', '.join(objectives)}. Leave out --objectives."
        )
    return made
