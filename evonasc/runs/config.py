"""Everything that decides a run's result, as a value."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from pymoo.core.problem import Problem

from evonasc.arrays import FloatArray
from evonasc.benchmark import DEFAULT_SPACE
from evonasc.bounds import Bound
from evonasc.cost.scenario import Scenario
from evonasc.cost.scenario_table import RASPI4_10
from evonasc.errors import ConfigError
from evonasc.field_types import require_types
from evonasc.problems.coarse_error import coarse_objectives, require_resolution
from evonasc.problems.split_nas import DEFAULT_OBJECTIVES
from evonasc.search.config import SearchConfig
from evonasc.space import SearchSpace


@dataclass(frozen=True)
class ErrorChoice:
    """Where the error comes from.

    Example:
        >>> from evonasc.supernet.live_options import LiveOptions
        >>> choice = ErrorChoice("live", LiveOptions(weights=Path("mine.safetensors")))
        >>> choice.options.device
        'auto'
    """

    #: Name of the error source; empty for the one that the space and the algorithm imply.
    name: str = ""
    #: Its own options, see :class:`evonasc.benchmark.ErrorKind`; None for its defaults.
    options: Any = None


@dataclass(frozen=True)
class RunConfig:
    """One search: the problem, and how to search it.

    A problem reads what it has a meaning for, see :class:`ProblemKind`; the rest must be left at
    its default.

    Raises:
        ConfigError: ``error_resolution`` is no fraction, or the error no objective; ``margin`` is
            below 0, or there is no bound to take it off.

    Example:
        >>> config = RunConfig(problem="toy", search=SearchConfig(algorithm="random", budget=100))
        >>> config.search.budget, config.objectives
        (100, ('error', 'latency_ms'))
    """

    #: Name of the problem.
    problem: str = "split-nas"
    #: Name of the search space.
    space: str = DEFAULT_SPACE
    #: Machines, link, and which cuts are allowed.
    scenario: Scenario = RASPI4_10
    #: What to minimise, in this order.
    objectives: tuple[str, ...] = DEFAULT_OBJECTIVES
    #: What columns may be at most: only designs that keep to all of them can be on the front.
    bounds: tuple[Bound, ...] = ()
    #: How many times the mean error of a column's predictor is taken off its bound.
    margin: float = 0.0
    #: Where the error comes from.
    error: ErrorChoice = ErrorChoice()
    #: Errors that differ by less are ties for the search; 0 for none.
    error_resolution: float = 0.0
    #: What ``evonasc supernet calibrate`` wrote for this source of the error.
    calibration: Path | None = None
    #: How to search.
    search: SearchConfig = field(default_factory=SearchConfig)

    def __post_init__(self) -> None:
        require_types(self)
        require_resolution(self.error_resolution, objectives=self.objectives)
        if not 0 <= self.margin < math.inf:
            raise ConfigError(f"margin must be at least 0, got {self.margin}.")
        if self.margin and not self.bounds:
            raise ConfigError(
                f"margin must come with a bound to take it off, got {self.margin:g} and none. Give "
                "--max COLUMN=VALUE."
            )

    def compared(self, columns: dict[str, FloatArray]) -> FloatArray:
        """Return the objectives among stored columns as the search compared them, ``(n, n_obj)``.

        For whoever reads a run without making its problem.
        """
        return coarse_objectives(
            columns, objectives=self.objectives, resolution=self.error_resolution
        )


@dataclass(frozen=True)
class ProblemKind:
    """An entry of the table of problems."""

    #: Makes the problem a configuration describes: a problem of evonasc, or one of pymoo.
    make: Callable[[RunConfig], Problem]
    #: Fields of the configuration that it has a meaning for, besides ``problem``, ``search``,
    #: ``bounds`` and ``margin``, which have one for every problem.
    reads: frozenset[str] = frozenset()
    #: Makes its search space without any data; None where only the problem knows it.
    make_space: Callable[[RunConfig], SearchSpace] | None = None
    #: One line for ``evonasc list``, where the table has none.
    description: str = ""


#: Fields of a configuration that a problem may read.
READABLE = tuple(
    one.name
    for one in fields(RunConfig)
    if one.name not in ("problem", "search", "bounds", "margin")
)
