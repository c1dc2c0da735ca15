"""Choosing one design of a front, and saying why it is that one.

Everything here works on columns, ``(n,)`` arrays by name, all minimised; rows are designs.

References: Das 1999, "On characterizing the 'knee' of the Pareto curve based on Normal-Boundary
Intersection", Structural Optimization 18; Branke, Deb, Dierolf and Osswald 2004, "Finding Knees in
Multi-objective Optimization", PPSN VIII.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evonasc.arrays import FloatArray, IntArray
from evonasc.bounds import Bound, Columns, is_within, nearest_miss
from evonasc.errors import ConfigError, UnknownNameError


@dataclass(frozen=True)
class Binding:
    """A bound that decides the choice: with a little more room, it would be another."""

    #: The bound.
    bound: Bound
    #: The smallest limit at which another design is chosen.
    next_limit: float
    #: Row of the design that is chosen then.
    next_row: int


@dataclass(frozen=True)
class Neighbour:
    """A design of the front beside the chosen one."""

    #: Row of the design.
    row: int
    #: The objective in which it is better, by the smallest step on the front.
    better_in: str


def knee_depths(points: FloatArray) -> FloatArray:
    """Return how far each point lies below the plane through the front's extremes, ``(n,)``.

    Objectives are scaled to their range on the front, so that for two objectives the extremes lie
    at (0, 1) and (1, 0), and the depth is the distance to the line between them (Das 1999); for
    more, it is the distance to the plane through the unit points. The knee is the deepest point;
    none is where no point lies below. An objective that is equal on the whole front is left out.

    Args:
        points: ``(n, n_obj)`` a front, n at least 1.

    Example:
        >>> knee_depths(np.array([[0.0, 10.0], [1.0, 1.0], [10.0, 0.0]])).argmax()
        np.int64(1)
    """
    spread = np.ptp(points, axis=0)
    varied = spread > 0
    if not varied.any():
        return np.zeros(len(points))
    scaled = (points[:, varied] - points[:, varied].min(axis=0)) / spread[varied]
    depths: FloatArray = (1 - scaled.sum(axis=1)) / np.sqrt(varied.sum())
    return depths


def weighted_sums(columns: Columns, weights: Mapping[str, float]) -> FloatArray:
    """Return each design's columns times the weights, added up, ``(n,)``; in the columns' units.

    Raises:
        UnknownNameError: A weight for no column.
        ConfigError: No weight, one that is negative or no number, or none above 0.
    """
    for name, weight in weights.items():
        _require_column(columns, name)
        if not (np.isfinite(weight) and weight >= 0):
            raise ConfigError(f"The weight of {name} must be a number of at least 0, got {weight}.")
    if not any(weights.values()):
        raise ConfigError("weights must hold one above 0, got none.")
    products = [weight * columns[name] for name, weight in weights.items()]
    total: FloatArray = np.sum(products, axis=0)
    return total


def choose(
    scores: FloatArray, columns: Columns, *, bounds: Sequence[Bound], tie_breaker: FloatArray
) -> int:
    """Return the row of least score among the designs that keep to all bounds.

    Args:
        scores: ``(n,)`` what to minimise.
        columns: Of the designs.
        bounds: What they must keep to.
        tie_breaker: ``(n,)`` minimised among equal scores.

    Raises:
        UnknownNameError: A bound on no column.
        ConfigError: No design keeps to all bounds; says which binds and by how much to relax it.
    """
    marks = is_within(columns, bounds)
    if not marks.any():
        raise ConfigError(_nothing_within(columns, bounds))
    rows = np.flatnonzero(marks)
    return int(rows[np.lexsort([tie_breaker[rows], scores[rows]])[0]])


def bindings(
    scores: FloatArray, columns: Columns, *, bounds: Sequence[Bound], tie_breaker: FloatArray
) -> list[Binding]:
    """Return the bounds that decide the choice, each with the room that would change it.

    Args: As for :func:`choose`, which must succeed.
    """
    chosen = choose(scores, columns, bounds=bounds, tie_breaker=tie_breaker)
    order: IntArray = np.lexsort([tie_breaker, scores])
    is_better = np.zeros(len(scores), dtype=bool)
    is_better[order[: int(np.flatnonzero(order == chosen)[0])]] = True
    found = []
    for bound in bounds:
        rest = [other for other in bounds if other is not bound]
        rows = np.flatnonzero(is_better & is_within(columns, rest))
        if len(rows):  # without this bound, one of these were chosen
            values = columns[bound.column][rows]
            found.append(Binding(bound, float(values.min()), int(rows[values.argmin()])))
    return found


def neighbours(points: FloatArray, row: int, *, objectives: Sequence[str]) -> list[Neighbour]:
    """Return, for each objective, the nearest point of the front that is better in it.

    Near in units of the front's range. Of two objectives these are the two points beside ``row``.

    Args:
        points: ``(n, n_obj)`` a front.
        row: The chosen point.
        objectives: ``n_obj`` names.
    """
    spread = np.ptp(points, axis=0)
    distance = np.linalg.norm((points - points[row]) / np.where(spread > 0, spread, 1.0), axis=1)
    found: list[Neighbour] = []
    for place, name in enumerate(objectives):
        better = np.flatnonzero(points[:, place] < points[row, place])
        if len(better):
            nearest = int(better[distance[better].argmin()])
            if nearest not in [one.row for one in found]:
                found.append(Neighbour(nearest, name))
    return found


def _require_column(columns: Columns, name: str) -> None:
    """Refuse a name that is no column."""
    if name not in columns:
        raise UnknownNameError("column", name, columns)


def _nothing_within(columns: Columns, bounds: Sequence[Bound]) -> str:
    """Say which bound binds where no design keeps to all of them, and what would help."""
    hopeless = [bound for bound in bounds if columns[bound.column].min() > bound.at_most]
    if hopeless:
        return " ".join(
            f"No design of the front has {bound}: the least {bound.column} is {rounded_up(least)}. "
            f"Relax it by at least {least - bound.at_most:.4g}."
            for bound, least in ((one, float(columns[one.column].min())) for one in hopeless)
        )
    marks = {bound: is_within(columns, [bound]) for bound in bounds}
    options = []
    for bound in bounds:
        rest = np.all([marks[other] for other in bounds if other is not bound], axis=0)
        if rest.any():
            needed = float(columns[bound.column][rest].min())
            options.append((needed / bound.at_most if bound.at_most > 0 else np.inf, bound, needed))
    together = " and ".join(map(str, bounds))
    if options:
        _, bound, needed = min(options, key=lambda option: option[0])
        return (
            f"No design of the front has {together}. {bound.column} binds: relax it to "
            f"{rounded_up(needed)}, by {needed - bound.at_most:.4g}."
        )
    miss = nearest_miss(columns, bounds)
    assert miss is not None  # no single bound helps, so none is kept with all others
    wanted = ", ".join(f"{bound.column} to {rounded_up(value)}" for bound, value, _ in miss.missed)
    return f"No design of the front has {together}. Relax {wanted}."


def rounded_up(value: float) -> str:
    """Write a number so that the text, read back, is not below it."""
    text = f"{value:.4g}"
    digits = 4
    while float(text) < value and digits < 17:
        digits += 1
        text = f"{value:.{digits}g}"
    return text
