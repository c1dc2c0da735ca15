"""One search from its configuration to its result."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from evonasc.arrays import FloatArray, IntArray
from evonasc.bounds import NearMiss, nearest_miss
from evonasc.errors import ConfigError, EvaluationError, EvonascError
from evonasc.field_types import argument
from evonasc.front import front_recall, hypervolume_share, igd_plus
from evonasc.problems import DesignProblem
from evonasc.runs.bounded import bound_lines
from evonasc.runs.config import RunConfig
from evonasc.runs.exact_front import ExactFront, exact_front
from evonasc.runs.prepare import Prepared, prepare
from evonasc.search.algorithms import algorithm
from evonasc.search.config import SearchConfig
from evonasc.search.evaluation import evaluate
from evonasc.search.search import Evaluate, OnBatch, OnNew, Search
from evonasc.search.steps import Answer
from evonasc.search.thresholds import only_threshold

if TYPE_CHECKING:
    from evonasc.runs.frames import Frame


@dataclass(frozen=True)
class ExactComparison:
    """A run's front against the exact one."""

    #: Distinct points of the exact front, and how many the run found.
    n_points: int
    n_found: int
    #: Share of the exact front's hypervolume, see :func:`evonasc.front.hypervolume_share`.
    hypervolume_share: float
    #: IGD+ in units of the exact front's range; None where nothing found keeps to the bounds.
    igd_plus: float | None


@dataclass(frozen=True)
class Failure:
    """A design whose evaluation failed."""

    #: Canonical.
    genes: tuple[int, ...]
    #: One line.
    reason: str


@dataclass(frozen=True)
class RunResult:
    """What a run found."""

    config: RunConfig
    #: The problem that was searched.
    problem: DesignProblem
    #: Every distinct design evaluated with success, canonical, in the order of evaluation,
    #: ``(n, n_genes)``.
    genes: IntArray
    #: Everything known of each, ``(n,)`` arrays by name.
    columns: dict[str, FloatArray]
    #: Rows of the front of everything that keeps to the bounds, by rising first objective.
    front_rows: IntArray
    #: What a search under thresholds answers, by rising threshold; empty for others.
    answers: tuple[Answer, ...]
    #: Designs whose evaluation failed, with the reasons; they are not among the others.
    failures: tuple[Failure, ...]
    #: Designs the algorithm asked for, repeats included.
    n_requested: int
    #: ``complete``, ``exhausted`` (nothing new left to find) or ``interrupted``.
    status: str
    #: Wall time of the search.
    seconds: float
    #: Where the numbers come from, one line a quantity.
    provenance: tuple[str, ...]
    #: The exact front; None where nobody asked for it, or it cannot be had.
    exact: ExactFront | None = None
    #: Why it could not be had, for people; else empty.
    why_not_exact: str = ""

    @property
    def nearest_miss(self) -> NearMiss | None:
        """The design nearest to the bounds where none keeps to them; else None."""
        return nearest_miss(self.columns, self.problem.column_bounds)

    @property
    def front(self) -> FloatArray:
        """Objectives of the front, ``(n, n_obj)``."""
        return self.problem.objective_values(self.columns)[self.front_rows]

    def frame(self) -> Frame:
        """Return all designs as a table of pandas, by ``id``, with ``is_on_front``.

        Example:
            >>> frame = run(RunConfig(problem="toy")).frame()
            >>> bool(frame[frame.is_on_front].error.min() == frame.error.min())
            True
        """
        from evonasc.runs.frames import design_frame  # pandas takes half a second

        n = len(self.genes)
        is_on_front = np.isin(np.arange(n), self.front_rows)
        ids = np.arange(1, n + 1)
        return design_frame(
            self.problem.designs, self.genes, self.columns, ids=ids, is_on_front=is_on_front
        )

    def noisy_objectives(self) -> tuple[str, ...]:
        """Objectives of which the exact front's designs had other values in the search."""
        if self.exact is None:
            return ()
        rows = {tuple(genes): row for row, genes in enumerate(self.genes.tolist())}
        pairs = [(rows.get(tuple(genes)), i) for i, genes in enumerate(self.exact.genes.tolist())]
        both = np.array([pair for pair in pairs if pair[0] is not None], dtype=int).reshape(-1, 2)
        then = self.problem.objective_values(self.columns)[both[:, 0]]
        now = self.exact.points[both[:, 1]]
        differs = ~np.isclose(then, now, rtol=1e-9, atol=0).all(axis=0)
        return tuple(np.array(self.problem.objectives)[differs].tolist())

    def compare_exact(self) -> ExactComparison | None:
        """Set the front against the exact one; None where that is unknown, or empty."""
        if self.exact is None or len(self.exact.points) == 0:
            return None
        truth = self.exact.points
        n_points = len(np.unique(truth, axis=0))
        return ExactComparison(
            n_points=n_points,
            n_found=round(front_recall(self.front, true_front=truth) * n_points),
            hypervolume_share=hypervolume_share(self.front, front=truth),
            igd_plus=igd_plus(self.front, true_front=truth) if len(self.front) else None,
        )


def run(
    config: RunConfig,
    *,
    on_new: OnNew = lambda genes, found: None,
    on_batch: OnBatch = lambda archive, generation: None,
    is_strict: bool = False,
    should_stop: Callable[[], bool] = lambda: False,
    is_exact_wanted: bool | None = None,
) -> RunResult:
    """Search, and return the front of everything evaluated.

    The same configuration gives the same result. Interrupting (Ctrl-C) ends the search early and
    returns what was found, status ``interrupted``.

    Args:
        config: What to search and how.
        on_new: Called with each batch of new canonical designs, and what is known of them.
        on_batch: Called after each batch with the archive, to be read only, and the number of
            batches so far; may raise :class:`evonasc.StopSearch`.
        is_strict: Stop at the first design whose evaluation fails; else it is recorded as failed.
        should_stop: Asked before each batch of designs; True ends the search, as Ctrl-C does.
        is_exact_wanted: Enumerate the exact front too, see :func:`lists_designs`.

    Raises:
        EvonascError: Anything in the configuration cannot be had, or evaluations fail.

    Example:
        >>> from evonasc.search.config import SearchConfig
        >>> result = run(RunConfig(problem="toy", search=SearchConfig(budget=50)))
        >>> result.status, len(result.genes)
        ('complete', 50)
    """
    prepared = prepare(argument("config", RunConfig, config))
    is_listed = lists_designs(prepared, is_asked=is_exact_wanted)
    result = run_prepared(
        prepared, on_new=on_new, on_batch=on_batch, is_strict=is_strict, should_stop=should_stop
    )
    return with_exact(result) if is_listed else result


def lists_designs(prepared: Prepared, *, is_asked: bool | None = None) -> bool:
    """Tell whether a run goes on to evaluate every design, for the exact front.

    Args:
        prepared: What is searched.
        is_asked: Whether somebody wants that. None for where it costs nothing worth mentioning:
            errors are stored, and no code of others is called.

    Raises:
        ConfigError: It is asked for, and each design would cost a forward pass.
    """
    if is_asked is None:
        return prepared.is_stored and not prepared.problem.is_foreign
    if is_asked and not prepared.is_stored:
        raise ConfigError(
            "An exact front must be of stored errors: each design would cost forward passes. Leave "
            "out --exact, or name an --accuracy that is stored."
        )
    return is_asked


def with_exact(
    result: RunResult, *, on_progress: Callable[[int, int], None] = lambda done, total: None
) -> RunResult:
    """Return a result beside the exact front of its problem, every design evaluated for it.

    The search's own result is never lost: where the exact front cannot be had, because a design
    fails or Ctrl-C ends the enumeration, the result says why.

    Args:
        result: Of a search that ended.
        on_progress: Called with (designs evaluated, designs in all).
    """
    try:
        exact = exact_front(result.problem, on_progress=on_progress)
    except KeyboardInterrupt:
        return replace(result, why_not_exact="enumerating the designs was interrupted")
    except EvonascError as error:
        return replace(result, why_not_exact=str(error))
    if exact is None:
        name = result.problem.designs.space.name
        return replace(result, why_not_exact=f"the designs of {name!r} are too many to list")
    return replace(result, exact=exact)


def remarks(searches: Iterable[SearchConfig]) -> tuple[str, ...]:
    """Return what the results of searches must be read with, each sentence once."""
    found = dict[str, None]()
    for search in searches:
        remark = algorithm(search.algorithm).remark
        if remark is not None:
            found[remark(search)] = None
    return tuple(found)


def run_prepared(
    prepared: Prepared,
    *,
    on_new: OnNew = lambda genes, found: None,
    on_batch: OnBatch = lambda archive, generation: None,
    evaluate: Evaluate = evaluate,
    is_strict: bool = False,
    should_stop: Callable[[], bool] = lambda: False,
) -> RunResult:
    """Search a problem that was made before; see :func:`run`. Enumerates nothing.

    Raises:
        EvonascError: Evaluations fail, or the algorithm evaluated nothing.
        PluginError: Another package's algorithm or operator failed.
    """
    problem, config = prepared.problem, prepared.config.search
    search = Search(problem, config, algorithm=prepared.algorithm, should_stop=should_stop)
    started = time.perf_counter()
    search.run(on_new=on_new, on_batch=on_batch, evaluate=evaluate, is_strict=is_strict)
    archive, status = search.archive, search.status
    has_one_answer = only_threshold(problem, config) is not None and bool(archive.answers)
    if status == "exhausted" and (prepared.algorithm.enumerates or has_one_answer):
        status = "complete"
    if len(archive) == 0 and status != "interrupted":
        raise EvaluationError(
            f"{config.algorithm} must evaluate at least one design, it ended without any. Mend it, "
            "or use another --algo."
        )
    kept = np.flatnonzero(~archive.is_failed())
    if len(kept) == 0 and len(archive):
        raise EvaluationError(
            f"All {len(archive)} designs failed, the first: {archive.failures[0]}. Mend the "
            "problem."
        )
    heeds = None if prepared.algorithm.enumerates else prepared.algorithm.heeds
    return RunResult(
        config=prepared.config,
        problem=problem,
        genes=archive.genes()[kept],
        columns=archive.columns_at(kept),
        front_rows=np.searchsorted(kept, archive.front_rows()),
        answers=tuple(sorted(set(archive.answers), key=lambda one: one.max_latency_ms)),
        failures=tuple(
            Failure(tuple(archive.genes()[row].tolist()), reason)
            for row, reason in archive.failures.items()
        ),
        n_requested=archive.n_requested,
        status=status,
        seconds=time.perf_counter() - started,
        provenance=(
            *problem.provenance(),
            *remarks([config]),
            *bound_lines(problem, prepared.config, heeds=heeds),
        ),
    )
