"""Picking one design of a finished run by a wish, within bounds, and saying why."""

from collections.abc import Mapping
from dataclasses import dataclass

from evonasc.analysis.choice import (
    Binding,
    Bound,
    Neighbour,
    bindings,
    choose,
    feasible,
    knee_depths,
    neighbours,
    weighted_sums,
)
from evonasc.arrays import FloatArray
from evonasc.errors import ConfigError, UnknownNameError
from evonasc.runs.finished import FinishedRun, as_finished
from evonasc.runs.run import RunResult


@dataclass(frozen=True)
class Picked:
    """One design of a run's front, and why it is that one."""

    #: Its row on the front, by rising first objective, and that row as ``front.csv`` has it.
    row: int
    design: dict[str, str]
    #: Why, a sentence.
    reason: str
    #: What it had to keep to.
    bounds: tuple[Bound, ...]
    #: Bounds that decide the choice.
    binding: tuple[Binding, ...]
    #: Designs beside it on the front.
    neighbours: tuple[Neighbour, ...]


def pick(
    run: FinishedRun | RunResult,
    *,
    max_latency_ms: float | None = None,
    max_error_increase: float | None = None,
    weights: Mapping[str, float] | None = None,
    at_most: Mapping[str, float] | None = None,
) -> Picked:
    """Pick one design of a run's front: by at most one wish, else the front's knee.

    Args:
        run: What :func:`evonasc.runs.run.run` returned, or
            :func:`evonasc.runs.finished.load_run` read.
        max_latency_ms: Wish for the least error within this latency.
        max_error_increase: Wish for the least latency with at most this more error than the
            front's least, a fraction.
        weights: Wish for the least sum of columns times these weights.
        at_most: Bounds on columns that any design must keep to.

    Raises:
        ConfigError: More than one wish, a value out of range, or no design keeps to all bounds.
        UnknownNameError: A bound or a weight for no column.

    Example:
        >>> from evonasc import RunConfig, SearchConfig, run
        >>> result = run(RunConfig(problem="toy", search=SearchConfig(budget=200)))
        >>> picked = pick(result, max_latency_ms=12)
        >>> float(picked.design["latency_ms"]) <= 12
        True
    """
    if isinstance(run, RunResult):
        run = as_finished(run)
    wishes = (max_latency_ms, max_error_increase, weights)
    if sum(wish is not None for wish in wishes) > 1:
        raise ConfigError(
            "pick takes one wish: max_latency_ms, max_error_increase or weights, got several."
        )
    scores, wished, why = _wish(run, max_latency_ms, max_error_increase, weights)
    bounds = [*wished, *(Bound(name, limit) for name, limit in (at_most or {}).items())]
    depths = knee_depths(run.points)
    row = choose(scores, run.columns, bounds=bounds, tie_breaker=-depths)
    n, n_allowed = len(run.rows), int(feasible(run.columns, bounds).sum())
    among = f"among all {n} points of the front"
    if bounds:
        limits = " and ".join(map(str, bounds))
        among = f"among the {n_allowed} of {n} points of the front with {limits}"
    return Picked(
        row=row,
        design=run.rows[row],
        reason=f"It is {why.format(score=scores[row])} {among}.",
        bounds=tuple(bounds),
        binding=tuple(bindings(scores, run.columns, bounds=bounds, tie_breaker=-depths)),
        neighbours=tuple(neighbours(run.points, row, objectives=run.config.objectives)),
    )


def _wish(
    run: FinishedRun,
    max_latency_ms: float | None,
    max_error_increase: float | None,
    weights: Mapping[str, float] | None,
) -> tuple[FloatArray, list[Bound], str]:
    """Return what to minimise, the bounds that the wish brings, and the wish in words."""
    if max_latency_ms is not None or max_error_increase is not None:
        for name in ("error", "latency_ms"):
            if name not in run.columns:
                raise UnknownNameError("column", name, run.columns)
    if max_latency_ms is not None:
        bound = Bound("latency_ms", max_latency_ms)
        return run.columns["error"], [bound], "the least error, {score:.4f},"
    if max_error_increase is not None:
        if not max_error_increase >= 0:
            raise ConfigError(f"max_error_increase must be at least 0, got {max_error_increase}.")
        bound = Bound("error", float(run.columns["error"].min()) + max_error_increase)
        return run.columns["latency_ms"], [bound], "the least latency, {score:.2f} ms,"
    if weights is not None:
        text = " + ".join(f"{weight:g} {name}" for name, weight in weights.items())
        return weighted_sums(run.columns, weights), [], f"the least {text}, {{score:.4g}},"
    depths = knee_depths(run.points)
    if depths.max() <= 0:
        why = "(no knee: no point lies below the line through the front's ends) an end"
        return -depths, [], why
    return -depths, [], "the knee, furthest below the line through the front's ends"
