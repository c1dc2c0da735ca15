"""Models of a machine that give the time, or the energy, of any block of FBNet.

:class:`SmoothModel`: loads at fitted rates, times a smooth function of the block's shape, the mean
of a Gaussian process on the logarithm. :class:`PipelineModel`: the closed form of an accelerator.

Reference: Rasmussen and Williams 2006, "Gaussian Processes for Machine Learning", MIT Press,
chapters 2, 4 and 8.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from evonasc.arrays import FloatArray, row_products
from evonasc.fbnet.machines.entry import Entry
from evonasc.fbnet.machines.entry_features import coordinates, loads


class BlockModel(Protocol):
    """Gives times (ms) or energies (mJ) of blocks."""

    def of_entries(self, entries: Sequence[Entry]) -> FloatArray:
        """Return one value an entry, ``(n,)``; 0 for an identity that costs nothing."""


@dataclass(frozen=True, eq=False)
class SmoothModel:
    """Loads at fitted rates times the exponential of a smooth function of the shape."""

    #: Time a unit of load, ms (or mJ), ``(n_loads,)``, none negative.
    rates: FloatArray
    #: Coordinates are shifted and divided by these, ``(n_coordinates,)``; a scale of 0 drops one.
    shift: FloatArray
    scale: FloatArray
    #: Where the smooth function is anchored, in scaled coordinates, ``(n, n_coordinates)``, and
    #: the weight of each anchor, ``(n,)``.
    anchors: FloatArray
    weights: FloatArray
    #: 1 where an identity costs what it copies, 0 where it costs nothing.
    copies_cost: FloatArray

    def of_entries(self, entries: Sequence[Entry]) -> FloatArray:
        """Return the time of each entry, ms (or its energy, mJ), ``(n,)``."""
        base = row_products(loads(entries), self.rates)
        near = matern(self.scaled(entries), self.anchors)
        result: FloatArray = base * np.exp(row_products(near, self.weights))
        if not self.copies_cost:
            result[[entry.is_identity for entry in entries]] = 0.0
        return result

    def scaled(self, entries: Sequence[Entry]) -> FloatArray:
        """Return the coordinates of entries in units of the smooth function's length scales."""
        return (coordinates(entries) - self.shift) * self.scale


@dataclass(frozen=True, eq=False)
class PipelineModel:
    """An accelerator that streams pixels through a block's layers, each with hardware of its own.

    A block takes, for each pixel behind it, the larger of its 1x1 convolutions (with the handing
    on of their channels) and its depthwise convolution. The accelerator differs between networks
    for 32 and for 224 pixels, told apart by whether 7 divides the height. Channels beyond 24 are
    computed 16 at a time.
    """

    #: ms for each multiply-accumulate of 1x1 convolutions, channel handed on, and
    #: multiply-accumulate of depthwise ones, for one pixel; row 0 for networks of 32 pixels, row 1
    #: for those of 224, ``(2, 3)``.
    rates: FloatArray

    def of_entries(self, entries: Sequence[Entry]) -> FloatArray:
        """Return the time of each entry, ms, ``(n,)``.

        What is no block of FBNet was not simulated: the convolutions are estimated at the rate of
        the 1x1 convolutions, pooling as channels handed on.
        """
        return np.array([self._of_entry(entry) for entry in entries])

    def _of_entry(self, entry: Entry) -> float:
        """Return the time of one entry, ms."""
        if entry.is_identity:
            return 0.0
        dense, handed, depthwise = pipeline_loads(entry)
        macs_ms, channel_ms, depthwise_ms = self.rates[int(entry.height % 7 == 0)].tolist()
        return float(max(dense * macs_ms + handed * channel_ms, depthwise * depthwise_ms))


def pipeline_loads(entry: Entry) -> tuple[float, float, float]:
    """Return dense multiply-accumulates, channels handed on and depthwise multiply-accumulates."""
    c_in, c_out = (_computed(entry.channels_in), _computed(entry.channels_out))
    pixels = entry.out_height**2
    if entry.kind == "AvgP":
        return 0.0, float(c_in * entry.height**2), 0.0
    if entry.kind != "ConvBlock":
        return float(pixels * entry.kernel**2 * c_in * c_out), float(pixels * c_out), 0.0
    middle = c_in * entry.expansion
    dense = middle * (c_in + c_out) / entry.groups
    # The depthwise convolution, alone, computes the channels that there are.
    depthwise = entry.middle * entry.kernel**2
    return float(pixels * dense), float(pixels * (middle + c_out)), float(pixels * depthwise)


def _computed(channels: int) -> int:
    """Return how many channels are computed for so many: they come in sixteens beyond 24."""
    return channels if channels <= 24 else -(-channels // 16) * 16


def matern(points: FloatArray, anchors: FloatArray) -> FloatArray:
    """Return the Matern kernel of smoothness 5/2 at length scale 1, ``(n, n_anchors)``.

    Rasmussen and Williams 2006, eq. (4.17).
    """
    r = np.sqrt(5 * squared_distances(points, anchors))
    kernel: FloatArray = (1 + r + r**2 / 3) * np.exp(-r)
    return kernel


def squared_distances(points: FloatArray, anchors: FloatArray) -> FloatArray:
    """Return squared distances, ``(n, n_anchors)``."""
    # one coordinate after the other, so that a point's distances do not depend on the others'
    total = np.zeros((len(points), len(anchors)))
    for here, there in zip(points.T, anchors.T, strict=True):
        total += (here[:, None] - there) ** 2
    return total
