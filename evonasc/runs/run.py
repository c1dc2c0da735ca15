"""One search from its configuration to its result."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from evonasc.arrays import FloatArray, IntArray
from evonasc.cost.scenario import DEFAULT_SCENARIO, SCENARIOS, Scenario
from evonasc.errors import ConfigError, EvonascError, PluginError, UnknownNameError
from evonasc.front import front_recall, hypervolume, igd_plus, reference_point
from evonasc.plugins import described
from evonasc.problems import DesignProblem
from evonasc.problems.adapter import PymooProblem
from evonasc.problems.base import require_error_resolution, searched_values
from evonasc.problems.split_nas import DEFAULT_OBJECTIVES, ErrorSource
from evonasc.problems.toy import ToySpace
from evonasc.search.algorithms import algorithm, require_read_options, trains_weights
from evonasc.search.answer import Answer
from evonasc.search.archive import Archive, BudgetSpent
from evonasc.search.config import SearchConfig
from evonasc.search.exact import ExactFront
from evonasc.runs.exact_cache import true_front
from evonasc.search.operator_table import foreign_parts, require_operators
from evonasc.runs.problem_table import PROBLEMS, named_problem
from evonasc.search.refinement import require_refinable, require_refining
from evonasc.space import SearchSpace, search_space
from evonasc.supernet.live_options import LiveOptions

#: Sources of the error on the command line, with one line for people.
ACCURACIES = {
    "cotrained": "weights that the search itself trains (nasc --nasc-mode cotrain, gdas; --data)",
    "joined": "order joined from training-free proxies and stored supernet scores, or yours "
    "(--scores; the default)",
    "live": "forward passes of the shipped supernet on your copy of its data (--data-root), or of "
    "your own (--weights)",
    "supernet": "stored scores of the shipped supernet, or of yours (--scores)",
    "table": "your own table of errors, one row a network (--accuracy-table)",
}
#: Those that take a forward pass a network.
BY_FORWARD_PASSES = ("cotrained", "live")


@dataclass(frozen=True)
class RunConfig:
    """Everything that decides a run's result.

    Raises:
        UnknownNameError: An unknown problem or source of accuracy.
        ConfigError: ``live`` without a data folder, ``table`` without a table, a search that trains
            weights without a data set, or a file that the source of accuracy has no use for.
    """

    #: Name of the problem.
    problem: str = "split-nas"
    #: Name of the search space.
    space: str = "nasbench201"
    #: Machines, link, and which cuts are allowed.
    scenario: Scenario = SCENARIOS[DEFAULT_SCENARIO]
    #: What to minimise, in this order.
    objectives: tuple[str, ...] = DEFAULT_OBJECTIVES
    #: Where the error comes from.
    accuracy: str = "joined"
    #: Folder with the files of the data set, for ``live`` and ``cotrained``.
    data_root: Path | None = None
    #: Data set to train on, for ``cotrained``: see :mod:`evonasc.data.datasets`.
    data: str | None = None
    #: Supernet of the user, for ``live``; None for the shipped one.
    weights: Path | None = None
    #: Score file of the user's supernet, for ``supernet``, and for ``live`` with ``weights``.
    scores: Path | None = None
    #: CSV file with columns arch_str and error, for ``table``.
    accuracy_table: Path | None = None
    #: Errors that differ by less are ties for the search; 0 for none.
    error_resolution: float = 0.0
    #: What ``evonasc supernet calibrate`` wrote for this source of the error.
    calibration: Path | None = None
    #: How ``live`` runs.
    live: LiveOptions = field(default_factory=LiveOptions)
    #: How to search.
    search: SearchConfig = field(default_factory=SearchConfig)

    def __post_init__(self) -> None:
        PROBLEMS.entry(self.problem)  # refuses an unknown one
        if self.accuracy not in ACCURACIES:
            raise UnknownNameError("accuracy", self.accuracy, ACCURACIES)
        self._require_training()
        if self.accuracy == "live" and self.data_root is None and self.weights is None:
            raise ConfigError("accuracy 'live' needs the folder of its data. Give --data-root.")
        if self.weights is not None and self.accuracy != "live":
            raise ConfigError(
                f"weights are for the accuracy 'live', got {self.accuracy!r}. Give --accuracy "
                "live, or --scores alone."
            )
        is_scored = self.accuracy in ("supernet", "joined") or self.weights is not None
        if self.scores is not None and not is_scored:
            raise ConfigError(
                "scores are for the accuracies 'supernet' and 'joined', or for 'live' with "
                f"--weights, got {self.accuracy!r}. Leave out --scores."
            )
        if self.accuracy != "live" and self.live != LiveOptions():
            raise ConfigError(
                "images, device, cache and early decision are for the accuracy 'live', got "
                f"{self.accuracy!r}. Leave out --images, --device, --no-cache and "
                "--early-decision."
            )
        if (self.accuracy == "table") != (self.accuracy_table is not None):
            raise ConfigError(
                "accuracy 'table' and an accuracy table need each other. "
                "Give --accuracy table --accuracy-table FILE.csv."
            )
        require_error_resolution(self.error_resolution, objectives=self.objectives)
        if self.calibration is not None and self.accuracy in BY_FORWARD_PASSES:
            stored = ", ".join(sorted(set(ACCURACIES) - set(BY_FORWARD_PASSES)))
            raise ConfigError(
                f"A calibration is for stored errors ({stored}), got {self.accuracy!r}. Leave out "
                "--calibration, or score the supernet with evonasc supernet score and give "
                "--scores."
            )

    def searched(self, table: FloatArray) -> FloatArray:
        """Return exact values of the objectives, ``(n, n_obj)``, as the search compares them."""
        return searched_values(
            table, objectives=self.objectives, error_resolution=self.error_resolution
        )

    def _require_training(self) -> None:
        """Refuse a search that trains weights without images, and images without such a search."""
        if trains_weights(self.search):
            if self.accuracy != "cotrained" or self.data is None:
                raise ConfigError(
                    f"{self.search.algorithm} trains weights on images while it searches, so its "
                    "accuracy is 'cotrained'. Name the data set and no --accuracy: --data digits, "
                    "or --data cifar10 --data-root DATA."
                )
        elif self.accuracy == "cotrained" or self.data is not None:
            raise ConfigError(
                "accuracy 'cotrained' and --data are for searches that train weights, got "
                f"{self.search.algorithm}. Give --algo gdas, or --algo nasc --nasc-mode cotrain."
            )


@dataclass(frozen=True)
class ExactComparison:
    """A run's front against the true one."""

    #: Distinct points of the true front, and how many the run found.
    n_points: int
    n_found: int
    #: Share of the true front's hypervolume, reference = its nadir times 1.1.
    hypervolume_share: float
    #: IGD+ in units of the true front's range.
    igd_plus: float


@dataclass(frozen=True)
class RunResult:
    """What a run found."""

    config: RunConfig
    #: The problem that was searched.
    problem: DesignProblem
    #: Every distinct design evaluated, canonical, in the order of evaluation, ``(n, n_genes)``.
    genes: IntArray
    #: Everything known of each, ``(n,)`` arrays by name.
    columns: dict[str, FloatArray]
    #: Rows of the front of everything evaluated, by rising first objective.
    front_rows: IntArray
    #: What a search under thresholds answers, by rising threshold; empty for others.
    answers: tuple[Answer, ...]
    #: Designs the algorithm asked for, repeats included.
    n_requested: int
    #: ``complete``, ``exhausted`` (nothing new left to find) or ``interrupted``.
    status: str
    #: Wall time of the search.
    seconds: float
    #: Where the numbers come from, one line a quantity.
    provenance: tuple[str, ...]
    #: The true front, where the designs can be listed.
    exact: ExactFront | None

    @property
    def front(self) -> FloatArray:
        """Objectives of the front, ``(n, n_obj)``."""
        return self.problem.objective_values(self.columns)[self.front_rows]

    def compare_exact(self) -> ExactComparison | None:
        """Set the front against the true one; None where that is unknown."""
        if self.exact is None:
            return None
        truth, reference = self.exact.points, reference_point(self.exact.points)
        n_points = len(np.unique(truth, axis=0))
        return ExactComparison(
            n_points=n_points,
            n_found=round(front_recall(self.front, true_front=truth) * n_points),
            hypervolume_share=hypervolume(self.front, reference_point=reference)
            / hypervolume(truth, reference_point=reference),
            igd_plus=igd_plus(self.front, true_front=truth),
        )


def make_problem(config: RunConfig) -> DesignProblem:
    """Return the problem a configuration describes.

    Raises:
        EvonascError: Anything in the configuration cannot be had.
    """
    problem = named_problem(config.problem, config, objectives=config.objectives)
    has_source = config.accuracy != RunConfig.accuracy or config.calibration is not None
    if isinstance(problem, PymooProblem) and (has_source or config.error_resolution):
        raise ConfigError(
            f"The problem {config.problem!r} has no error. Leave out --accuracy, "
            "--error-resolution and --calibration."
        )
    return problem


def space_of(config: RunConfig) -> SearchSpace:
    """Return the search space of a configuration, without its data.

    Raises:
        UnknownNameError: No such space.
        EvonascError: Another package's problem cannot be had.
    """
    if config.problem == "split-nas":
        return search_space(config.space)
    return ToySpace() if config.problem == "toy" else make_problem(config).designs.space


def error_source(config: RunConfig) -> ErrorSource:
    """Return the source of the error; torch is imported for live evaluation only.

    Raises:
        EvonascError: It cannot be had.
    """
    if config.accuracy == "supernet":
        from evonasc.supernet.scores import ScoredError, read_all_scores

        return ScoredError(None if config.scores is None else read_all_scores(config.scores))
    if config.accuracy == "joined":
        from evonasc.nasbench201.errors.joined import JoinedError
        from evonasc.supernet.scores import read_all_scores

        own = None if config.scores is None else [read_all_scores(config.scores)]
        return JoinedError(scores=own)
    if config.accuracy == "table":
        from evonasc.supernet.accuracy_table import TableError

        assert config.accuracy_table is not None  # checked by RunConfig
        return TableError(config.accuracy_table)
    if config.accuracy == "cotrained":
        from evonasc.data.datasets import load_data
        from evonasc.supernet.cotraining import SharedWeights, cotraining_config

        assert config.data is not None  # checked by RunConfig
        seed = config.search.seed
        images = load_data(config.data, config.data_root, seed=seed)
        return SharedWeights(images, cotraining_config(images, seed=seed))
    from evonasc.supernet.live import live_error

    return live_error(
        config.data_root, weights=config.weights, scores=config.scores, options=config.live
    )


def require_fit(search: SearchConfig, problem: DesignProblem) -> None:
    """Refuse options that the algorithm does not read, or that the problem has no meaning for.

    Raises:
        EvonascError: There is one, or an operator that cannot be had.
    """
    require_read_options(search)
    require_operators(search)
    if search.refine_split:
        require_refining(search.algorithm)
        require_refinable(problem)


def run_search(
    config: RunConfig,
    *,
    on_new: Callable[[IntArray, dict[str, FloatArray]], None] = lambda genes, columns: None,
    problem: DesignProblem | None = None,
    should_stop: Callable[[], bool] = lambda: False,
    is_exact_wanted: bool = True,
) -> RunResult:
    """Search, and return the front of everything evaluated.

    The same configuration gives the same result. Interrupting (Ctrl-C) ends the search early and
    returns what was found, status ``interrupted``.

    Args:
        config: What to search and how.
        on_new: Called with each batch of new (canonical genes, columns).
        problem: A problem made before by :func:`make_problem`; made here by default.
        should_stop: Asked before each batch of designs; True ends the search, as Ctrl-C does.
        is_exact_wanted: Enumerate the true front too, where the designs can be listed.

    Raises:
        EvonascError: Anything in the configuration cannot be had, or an evaluation failed.
    """
    search = algorithm(config.search.algorithm)
    chosen = make_problem(config) if problem is None else problem
    require_fit(config.search, chosen)
    config = replace(config, objectives=chosen.objectives)  # a problem may bring its own
    archive = Archive(chosen, budget=config.search.budget, on_new=on_new, should_stop=should_stop)
    started, status = time.perf_counter(), "exhausted"
    try:
        search(archive, config.search)
    except BudgetSpent:
        status = "complete"
    except KeyboardInterrupt:
        status = "interrupted"
    except EvonascError:
        raise
    except Exception as error:  # whatever the code of others does
        parts = foreign_parts(config.search)
        if not parts:
            raise
        raise PluginError(
            f"The search with {', '.join(parts)} ended in {described(error)}. Mend that code; "
            "`evonasc check-plugin` says more."
        ) from error
    has_one_answer = config.search.max_latency_ms is not None and bool(archive.answers)
    if status == "exhausted" and (config.search.algorithm == "exact" or has_one_answer):
        status = "complete"
    return RunResult(
        config=config,
        problem=chosen,
        genes=archive.genes(),
        columns=archive.columns(),
        front_rows=archive.front_rows(),
        answers=tuple(sorted(set(archive.answers), key=lambda one: one.max_latency_ms)),
        n_requested=archive.n_requested,
        status=status,
        seconds=time.perf_counter() - started,
        provenance=chosen.provenance(),
        # Enumerating by forward passes would be a search of its own.
        exact=true_front(chosen)
        if is_exact_wanted and config.accuracy not in BY_FORWARD_PASSES
        else None,
    )
