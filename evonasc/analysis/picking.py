"""Picking one design of a finished run by a wish, within bounds, and saying why."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from evonasc.analysis.choice import (
    Binding,
    Neighbour,
    bindings,
    choose,
    knee_depths,
    neighbours,
    weighted_sums,
)
from evonasc.arrays import FloatArray
from evonasc.bounds import Bound, in_words, is_within, named
from evonasc.errors import ConfigError, UnknownNameError
from evonasc.field_types import argument
from evonasc.runs.finished import FinishedRun, as_finished
from evonasc.runs.run import RunResult

#: Columns that are a design's latency.
_LATENCIES = ("latency_ms", "latency_p95_ms")


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
    bounds: tuple[Bound, ...] = (),
    wants_knee: bool = False,
    max_error_increase: float | None = None,
    weights: Mapping[str, float] | None = None,
) -> Picked:
    """Pick one design of a run's front: by at most one wish, within bounds.

    Without a wish it is the front's knee or, within bounds, these or those of the run, the design
    that is least in the first objective: bounds say already what is enough of the rest.

    Args:
        run: What :func:`evonasc.runs.run.run` returned, or
            :func:`evonasc.runs.finished.load_run` read.
        bounds: What columns of the front may be at most.
        wants_knee: Wish for the knee: of those within the bounds, the furthest below the line
            through the front's ends.
        max_error_increase: Wish for the least latency with at most this more error than the
            front's least, a fraction.
        weights: Wish for the least sum of columns times these weights.

    Raises:
        ConfigError: More than one wish, a value out of range, a bound that could be about several
            columns, or no design keeps to all bounds.
        UnknownNameError: A bound or a weight for no column.

    Example:
        >>> from evonasc import Bound, RunConfig, SearchConfig, run
        >>> result = run(RunConfig(problem="toy", search=SearchConfig(budget=200)))
        >>> picked = pick(result, bounds=(Bound("latency_ms", 12),))
        >>> float(picked.design["latency_ms"]) <= 12
        True
    """
    run = argument("run", FinishedRun | RunResult, run)
    if isinstance(run, RunResult):
        run = as_finished(run)
    if wants_knee + sum(wish is not None for wish in (max_error_increase, weights)) > 1:
        raise ConfigError(
            "pick takes one wish: wants_knee, max_error_increase or weights, got several."
        )
    columns = named(bounds, tuple(run.columns))
    kept = [replace(bound, column=name) for bound, name in zip(bounds, columns, strict=True)]
    is_least = bool(bounds or run.config.bounds) and not wants_knee
    scores, wished, why = _wish(run, max_error_increase, weights, is_least=is_least)
    limits = (*wished, *kept)
    depths = knee_depths(run.points)
    row = choose(scores, run.columns, bounds=limits, tie_breaker=-depths)
    n, n_allowed = len(run.rows), int(is_within(run.columns, limits).sum())
    among = f"among all {n} points of the front"
    if limits:
        among = f"among the {n_allowed} of {n} points of the front with {in_words(limits)}"
    return Picked(
        row=row,
        design=run.rows[row],
        reason=f"It is {why.format(score=scores[row])} {among}.",
        bounds=limits,
        binding=tuple(bindings(scores, run.columns, bounds=limits, tie_breaker=-depths)),
        neighbours=tuple(neighbours(run.points, row, objectives=run.config.objectives)),
    )


def _wish(
    run: FinishedRun,
    max_error_increase: float | None,
    weights: Mapping[str, float] | None,
    *,
    is_least: bool,
) -> tuple[FloatArray, list[Bound], str]:
    """Return what to minimise, the bounds that the wish brings, and the wish in words."""
    if max_error_increase is not None:
        # what the run minimised, where that is a quantile
        latency = next((one for one in run.config.objectives if one in _LATENCIES), "latency_ms")
        for name in ("error", latency):
            if name not in run.columns:
                raise UnknownNameError("column", name, run.columns)
        if not max_error_increase >= 0:
            raise ConfigError(f"max_error_increase must be at least 0, got {max_error_increase}.")
        bound = Bound("error", float(run.columns["error"].min()) + max_error_increase)
        return run.columns[latency], [bound], f"that of least {latency}, {{score:.2f}},"
    if weights is not None:
        terms = [(name, weight) for name, weight in weights.items() if weight]
        text = " + ".join(name if weight == 1 else f"{weight:g} x {name}" for name, weight in terms)
        return weighted_sums(run.columns, weights), [], f"that of least {text}, {{score:.4g}},"
    if is_least:
        first = run.config.objectives[0]
        return run.points[:, 0], [], f"that of least {first}, {{score:.4g}},"
    depths = knee_depths(run.points)
    if depths.max() <= 0:
        why = "(no knee: no point lies below the line through the front's ends) an end"
        return -depths, [], why
    return -depths, [], "the knee, furthest below the line through the front's ends"
