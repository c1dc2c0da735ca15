"""From a configuration to the problem it describes, with everything settled that was left open."""

from dataclasses import dataclass, replace

from evonasc.cost.path import Path, path_of
from evonasc.cost.scenario_table import named_scenario
from evonasc.errors import ConfigError
from evonasc.problems import DesignProblem
from evonasc.problems.coarse_error import CoarseErrorProblem
from evonasc.runs.benchmarks import benchmark
from evonasc.runs.bounded import bounded
from evonasc.runs.config import ErrorChoice, RunConfig
from evonasc.runs.error_table import error_kind, settled_choice
from evonasc.runs.problem_table import make_of_kind, problem_kind, require_reads
from evonasc.search.algorithm import Algorithm
from evonasc.search.algorithms import algorithm, require_read_options
from evonasc.search.config import SearchConfig


@dataclass(frozen=True)
class Prepared:
    """A problem and what it was made from."""

    #: The problem to search.
    problem: DesignProblem
    #: The configuration as used: source of errors and objectives settled, nothing in it ignored.
    config: RunConfig
    #: What searches it.
    algorithm: Algorithm
    #: Whether evaluating costs nothing but a look-up, so that all designs may be listed.
    is_stored: bool
    #: Whether ``config`` describes the problem, so that a folder of the run can be read again.
    is_described: bool = True

    @classmethod
    def of(cls, problem: DesignProblem, config: RunConfig, *, is_stored: bool = True) -> "Prepared":
        """Return a problem in hand, ready to be searched as a configuration says.

        No run folder can be written of it: nothing in one would say which problem it was.

        Args:
            problem: Takes the place of the one that ``config`` describes.
            config: Only its ``search`` counts.
            is_stored: Whether all designs may be listed for the exact front.

        Raises:
            UnknownNameError: No such algorithm.
            ConfigError: It does not read an option.
        """
        entry = _algorithm_of(config.search)
        _require_objectives(entry, problem, config.search)
        config = replace(config, objectives=problem.objectives, bounds=problem.column_bounds)
        return cls(problem, config, entry, is_stored, is_described=False)

    def for_search(self, search: SearchConfig) -> "Prepared":
        """Return the same problem, to be searched in another way; raises as :meth:`of` does."""
        config, entry = replace(self.config, search=search), _algorithm_of(search)
        _require_objectives(entry, self.problem, search)
        return replace(self, config=config, algorithm=entry)


def settled(config: RunConfig, *, trains: bool) -> RunConfig:
    """Return a configuration with its scenario and source of errors settled; nothing is made.

    Args:
        config: As given.
        trains: Whether the search trains weights while it searches.

    Raises:
        ConfigError: Something in it is not read by its problem.
        EvonascError: A name in it is unknown, or cannot be loaded.
    """
    kind = problem_kind(config.problem)
    require_reads(kind, config)
    if "error" not in kind.reads:
        return config
    chosen = benchmark(config.space)
    if chosen.default_scenario and config.scenario == RunConfig.scenario:  # nobody named one
        config = replace(config, scenario=named_scenario(chosen.default_scenario))
    choice = settled_choice(config.error, chosen, trains=trains)
    if config.calibration is not None and not _is_stored(choice, config):
        raise ConfigError(
            f"A calibration is for stored errors, got accuracy {choice.name!r}. Leave out "
            "--calibration, or score the supernet with evonasc supernet score and give --scores."
        )
    return replace(config, error=choice)


def prepare(config: RunConfig) -> Prepared:
    """Return the problem a configuration describes, and the configuration as used.

    Raises:
        EvonascError: Anything in the configuration cannot be had, or is not read.
    """
    entry = _algorithm_of(config.search)
    config, kind = settled(config, trains=entry.trains), problem_kind(config.problem)
    problem = make_of_kind(kind, config)
    problem, config = bounded(problem, config)
    if config.error_resolution:
        problem = CoarseErrorProblem(problem, resolution=config.error_resolution)
    is_stored = "error" not in kind.reads or _is_stored(config.error, config)
    _require_objectives(entry, problem, config.search)
    config = replace(config, objectives=problem.objectives)
    return Prepared(problem, config, entry, is_stored)


def path_of_run(config: RunConfig) -> Path:
    """Return the machines and the link of a run of networks.

    Raises:
        EvonascError: A machine or the link cannot be had.
    """
    chosen = benchmark(config.space)
    return path_of(config.scenario, space=chosen.make_space(), known=chosen.machines)


def _algorithm_of(search: SearchConfig) -> Algorithm:
    """Return the algorithm of a search, which reads all that it is told."""
    entry = algorithm(search.algorithm)
    require_read_options(search, entry)
    return entry


def _require_objectives(entry: Algorithm, problem: DesignProblem, search: SearchConfig) -> None:
    """Refuse an algorithm that needs more objectives than the problem has, or fewer."""
    if not entry.least_objectives <= problem.n_obj <= entry.most_objectives:
        is_few = problem.n_obj < entry.least_objectives
        wanted = f"least {entry.least_objectives}" if is_few else f"most {entry.most_objectives}"
        raise ConfigError(
            f"{search.algorithm} must have at {wanted} objectives, got {problem.n_obj}: "
            f"{', '.join(problem.objectives)}. Use --algo {'nsga2' if is_few else 'nsga3'}."
        )


def _is_stored(choice: ErrorChoice, config: RunConfig) -> bool:
    """Tell whether a settled choice costs nothing to ask."""
    return error_kind(choice.name, benchmark(config.space)).is_stored
