"""Fronts: which points are non-dominated, and how good a set of points is. All minimised.

Non-dominance and indicators are computed by moocore (López-Ibáñez and others), the C library that
pymoo and DEAP call too. References: Zitzler and Thiele 1998 (hypervolume); Ishibuchi et al. 2015,
"Modified Distance Calculation in Generational Distance and Inverted Generational Distance" (IGD+).
"""

from collections.abc import Sequence

import moocore
import numpy as np

from evonasc.arrays import BoolArray, FloatArray, IntArray

#: The reference point lies this share of the front's range beyond its nadir.
REFERENCE_MARGIN = 0.1

#: Up to so many objectives the hypervolume is exact; beyond, its cost grows too fast with the
#: points (seconds at 50 points of 10 objectives), and moocore's deterministic approximation is
#: used: within 0.2 % on random fronts of 6 to 10 objectives.
MOST_EXACT_OBJECTIVES = 5


def non_dominated(points: FloatArray) -> BoolArray:
    """Mark points that no other point dominates, ``(n,)``.

    A point dominates another if it is nowhere worse and somewhere better, so equal points do not
    dominate each other and are all kept.

    Raises:
        ValueError: NaN or infinite values, or no 2-D array.

    Example:
        >>> non_dominated(np.array([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]))
        array([ True,  True, False])
    """
    checked = _checked(points)
    if len(checked) == 0:
        return np.zeros(0, dtype=bool)
    if checked.shape[1] == 1:  # moocore wants two objectives
        return np.asarray(checked[:, 0] == checked.min())
    marks: BoolArray = moocore.is_nondominated(checked, keep_weakly=True)
    return marks


def front_rows(points: FloatArray, *, is_allowed: BoolArray) -> IntArray:
    """Return the rows of the front among those allowed, by rising first objective, then second ...

    Of equal points the first.

    Args:
        points: ``(n, n_obj)`` objectives, minimised.
        is_allowed: ``(n,)`` which rows can be on the front.
    """
    rows = np.flatnonzero(is_allowed)
    rows = rows[non_dominated(points[rows])]
    _, first = np.unique(points[rows], axis=0, return_index=True)  # sorted by the first column
    found: IntArray = rows[first]
    return found


def hypervolume_share(points: FloatArray, *, front: FloatArray) -> float:
    """Return the hypervolume of ``points`` as a share of the front's; 1 where all of it is found.

    The reference point is the front's nadir plus a tenth of its range in each objective, so adding
    a constant to an objective, or multiplying it, changes nothing (Ishibuchi et al. 2018, "How to
    Specify a Reference Point in Hypervolume Calculation"). In an objective that is the same on the
    whole front, points that are worse add nothing.

    Raises:
        ValueError: NaN or infinite values, no 2-D array, or no points in the front.

    Example:
        >>> front = np.array([[0.0, 1.0], [1.0, 0.0]])
        >>> round(hypervolume_share(np.array([[0.0, 1.0]]), front=front), 4)  # 0.11 of 0.21
        0.5238
    """
    wanted, found = _some(front), _checked(points)
    # First by the largest value, so that ranges near the limits of doubles do not overflow.
    size = np.abs(wanted).max(axis=0)
    size = np.where(size > 0, size, 1.0)
    lowest = wanted.min(axis=0) / size
    spread = wanted.max(axis=0) / size - lowest
    varies = spread > 0
    found = found[(found[:, ~varies] <= wanted[:, ~varies].max(axis=0)).all(axis=1)]
    if not varies.any():
        return float(len(found) > 0)

    def within(some: FloatArray) -> FloatArray:
        """Put the front's range at [0, 1]; what lies beyond the reference only stays beyond it."""
        with np.errstate(over="ignore"):
            scaled: FloatArray = ((some / size - lowest) / np.where(varies, spread, 1.0))[:, varies]
        beyond: FloatArray = np.clip(scaled, -1e9, 1e9)
        return beyond

    corner = np.full(np.count_nonzero(varies), 1 + REFERENCE_MARGIN)
    return hypervolume(within(found), reference_point=corner) / hypervolume(
        within(wanted), reference_point=corner
    )


def hypervolume(points: FloatArray, *, reference_point: FloatArray) -> float:
    """Return the volume that ``points`` dominate up to ``reference_point``; larger is better.

    Points beyond the reference add nothing. Beyond :data:`MOST_EXACT_OBJECTIVES` objectives it is
    approximated, the same for the same points.

    Raises:
        ValueError: NaN or infinite values, or no 2-D array.
    """
    checked = _checked(points)
    if len(checked) == 0:
        return 0.0
    if checked.shape[1] == 1:
        return float(max(reference_point[0] - checked.min(), 0.0))
    if checked.shape[1] > MOST_EXACT_OBJECTIVES:
        return float(moocore.hv_approx(checked, ref=reference_point, method="Rphi-FWE+"))
    return float(moocore.hypervolume(checked, ref=reference_point))


def igd_plus(points: FloatArray, *, true_front: FloatArray) -> float:
    """Return the IGD+ of ``points`` in units of the front's range; 0 means all of it is found.

    Each objective is divided by its range on the exact front (by 1 where that is 0), so that
    milliseconds and fractions weigh alike.

    Raises:
        ValueError: NaN or infinite values, no 2-D array, or no points.
    """
    front, found = _some(true_front), _some(points)
    spread = np.ptp(front, axis=0)
    scale = np.where(spread > 0, spread, 1.0)
    if front.shape[1] == 1:
        return float(max(found.min() - front.min(), 0.0))
    return float(moocore.igd_plus(found / scale, ref=front / scale))


def front_recall(points: FloatArray, *, true_front: FloatArray) -> float:
    """Return the share of the exact front's distinct points that are among ``points``, [0, 1].

    Points count as equal up to a relative difference of 1e-9 in each objective.

    Raises:
        ValueError: NaN or infinite values, no 2-D array, or an empty exact front.
    """
    wanted, found = np.unique(_some(true_front), axis=0), _checked(points)
    hits = [np.isclose(found, row, rtol=1e-9, atol=0).all(axis=1).any() for row in wanted]
    return float(np.mean(hits))


def median_attainment(fronts: Sequence[FloatArray]) -> FloatArray:
    """Return the points that at least half of the fronts attain, ``(n, n_obj)``.

    A front attains every point that one of its own points is no worse than. Reference: Grunert da
    Fonseca, Fonseca and Hall 2001, "Inferential Performance Assessment of Stochastic Optimisers
    and the Attainment Function".

    Args:
        fronts: At least one; ``(n, n_obj)`` each, two or three objectives.

    Raises:
        ValueError: No front, an empty one, other numbers of objectives, or NaN.
    """
    checked = [_some(points) for points in fronts]
    if not checked or checked[0].shape[1] not in (2, 3):
        raise ValueError("fronts must be at least one, of two or three objectives.")
    if len(checked) == 1:
        return checked[0][non_dominated(checked[0])]
    sets = np.repeat(np.arange(len(checked)), [len(points) for points in checked])
    surface: FloatArray = moocore.eaf(np.concatenate(checked), sets, percentiles=[50])
    return surface[:, :-1]


def _some(points: FloatArray) -> FloatArray:
    """Refuse what is no list of finite points, and an empty one."""
    checked = _checked(points)
    if len(checked) == 0:
        raise ValueError("points must hold at least one objective vector, got none.")
    return checked


def _checked(points: FloatArray) -> FloatArray:
    """Refuse what is no list of finite points."""
    array = np.ascontiguousarray(points, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] == 0:
        raise ValueError(f"points must have shape (n, n_obj), got {array.shape}.")
    if not np.isfinite(array).all():
        row = np.argwhere(~np.isfinite(array))[0][0]
        raise ValueError(f"points must be finite, got {array[row].tolist()} in row {row}.")
    return array
