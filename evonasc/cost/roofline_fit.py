"""Fitting a roofline to the measured times of blocks, each a few layers."""

import math
from collections.abc import Sequence

import numpy as np
from scipy.optimize import least_squares

from evonasc.arrays import FloatArray
from evonasc.cost.roofline import Roofline
from evonasc.space.layers import Layer

_LANES = (1, 4, 8, 16, 32, 64)
# Starting points of the search: log of MACs/ms (dense, depthwise), bytes/ms, overhead; logit.
_STARTS = (
    (math.log(1e7), math.log(1e6), math.log(1e6), math.log(1e-2), 0.0),
    (math.log(1e6), math.log(1e6), math.log(1e7), math.log(1e-3), 0.0),
)


def fit_roofline(blocks: Sequence[tuple[Layer, ...]], measured_ms: FloatArray) -> Roofline:
    """Return the roofline with the least squared log error over blocks.

    Depthwise convolutions have a speed of their own while it is fitted; what is returned is that of
    the others.

    Args:
        blocks: The layers of each block; those of kind ``depthwise`` are told apart.
        measured_ms: Their times, ms, positive, ``(n,)``.
    """
    flat = tuple(layer for block in blocks for layer in block)
    of_block = np.repeat(np.arange(len(blocks)), [len(block) for block in blocks])
    is_depthwise = np.array([layer.kind == "depthwise" for layer in flat])

    def modelled(theta: FloatArray, lanes: int) -> FloatArray:
        dense = _roofline(theta, lanes)
        depthwise = _roofline(theta[[1, 1, 2, 3, 4]], lanes)
        times = np.where(is_depthwise, depthwise.layer_ms(flat), dense.layer_ms(flat))
        sums: FloatArray = np.bincount(of_block, weights=times).astype(np.float64)
        return sums

    best: tuple[float, Roofline] | None = None
    for lanes in _LANES:
        for start in _STARTS:
            found = least_squares(
                lambda theta, lanes=lanes: np.log(modelled(theta, lanes) / measured_ms),
                start,
                max_nfev=300,
            )
            if best is None or found.cost < best[0]:
                error = float(np.abs(modelled(found.x, lanes) / measured_ms - 1).mean())
                best = (found.cost, _roofline(found.x, lanes, fit_error=error))
    assert best is not None
    return best[1]


def _roofline(theta: FloatArray, lanes: int, *, fit_error: float = 0.0) -> Roofline:
    """Return the roofline of a parameter vector."""
    macs, _, values, overhead = np.exp(theta[:4]).tolist()
    return Roofline(
        macs_per_ms=macs,
        bytes_per_ms=values,
        overhead_ms=overhead,
        lanes=lanes,
        stiffness=float(1 / (1 + np.exp(-theta[4]))),
        fit_error=fit_error,
    )
