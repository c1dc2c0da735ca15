"""Placements: where a network is cut, one split point a link, and which of these are allowed.

A split point counts the blocks before its cut. Over several links the points do not fall; equal
ones leave the machine between them idle. All functions take masks ``(n, n_links, n_cuts)`` that say
which cuts each link allows, ``n_cuts = n_blocks + 1``.
"""

from collections.abc import Callable

import numpy as np

from evonasc.arrays import BoolArray, FloatArray, IntArray


def first_equal_cuts(is_identity: BoolArray) -> IntArray:
    """Return, for each cut, the first one with the same tensor and the same work before it.

    Returns:
        ``(n, n_blocks + 1)``; it does not fall from cut to cut.
    """
    n, n_blocks = is_identity.shape
    own = np.zeros((n, n_blocks + 1), dtype=np.int64)
    own[:, 1:] = np.where(is_identity, 0, np.arange(1, n_blocks + 1))
    cuts: IntArray = np.maximum.accumulate(own, axis=1)
    return cuts


def completable(allowed: BoolArray) -> BoolArray:
    """Leave of each link's cuts those from which the links behind it can still be cut.

    With one link these are the allowed ones. A row whose first link keeps none has no placement.
    """
    left = allowed.copy()
    cuts = np.arange(allowed.shape[2])
    for link in range(allowed.shape[1] - 2, -1, -1):
        behind = left[:, link + 1]
        last = np.where(
            behind.any(axis=1), behind.shape[1] - 1 - behind[:, ::-1].argmax(axis=1), -1
        )
        left[:, link] &= cuts <= last[:, None]
    return left


def is_placement(splits: IntArray, allowed: BoolArray) -> BoolArray:
    """Tell for each row of ``(n, n_links)`` split points whether it is an allowed placement."""
    n, n_links = splits.shape
    found: BoolArray = allowed[np.arange(n), 0, splits[:, 0]]
    for link in range(1, n_links):
        found &= allowed[np.arange(n), link, splits[:, link]]
        found &= splits[:, link] >= splits[:, link - 1]
    return found


def nearest(splits: IntArray, allowed: BoolArray) -> IntArray:
    """Return the allowed placements next to given ones, ``(n, n_links)``, in one vectorised step.

    The split points are sorted; then each, from the first link on, goes to the nearest cut that is
    allowed and not before the last; of two equally near, to the earlier one. Rows without any
    placement return cut 0 where they have none.
    """
    wanted, cuts = np.sort(splits, axis=1), np.arange(allowed.shape[2])
    return _most_wished(allowed, lambda link: -np.abs(cuts - wanted[:, link, None]))


def draw(allowed: BoolArray, *, rng: np.random.Generator) -> IntArray:
    """Draw placements, ``(n, n_links)``: link by link, uniformly among what is left.

    Every row has a placement.
    """
    return _most_wished(allowed, lambda link: rng.random(allowed[:, link].shape))


def _most_wished(allowed: BoolArray, wishes: Callable[[int], FloatArray | IntArray]) -> IntArray:
    """Choose link by link, of the cuts that are left, the first of those wished most."""
    left, cuts = completable(allowed), np.arange(allowed.shape[2])
    result = np.zeros(allowed.shape[:2], dtype=np.int64)
    for link in range(allowed.shape[1]):
        mask = left[:, link]
        if link:
            mask = mask & (cuts >= result[:, link - 1, None])
        result[:, link] = np.where(mask, wishes(link), -np.inf).argmax(axis=1)
    return result


def every(allowed: BoolArray) -> tuple[IntArray, IntArray]:
    """List all placements of all rows: the row of each, ``(m,)``, and itself, ``(m, n_links)``.

    Row by row, split points rising from the first link on.
    """
    left, cuts = completable(allowed), np.arange(allowed.shape[2])
    rows, first = np.nonzero(left[:, 0])
    placements = first[:, None]
    for link in range(1, allowed.shape[1]):
        mask = left[rows, link] & (cuts >= placements[:, -1:])
        which, cut = np.nonzero(mask)
        rows = rows[which]
        placements = np.concatenate([placements[which], cut[:, None]], axis=1)
    return rows, placements
