"""Which entries the networks of the space are made of."""

from functools import cache

import numpy as np

from evonasc.arrays import FloatArray, IntArray
from evonasc.fbnet.machines.entry import Entry

_STEM, _SIDE, _HEAD, _CLASSES = 16, 32, 1504, 100
#: Layers, channels and the stride of the first layer of each stage.
STAGES = ((1, 16, 1), (4, 24, 1), (4, 32, 2), (4, 64, 2), (4, 112, 1), (4, 184, 2), (1, 352, 1))
_OPERATIONS = (
    (3, 1, 1),
    (3, 1, 2),
    (3, 3, 1),
    (3, 6, 1),
    (5, 1, 1),
    (5, 1, 2),
    (5, 3, 1),
    (5, 6, 1),
)


@cache
def searched_entries() -> tuple[tuple[Entry, ...], ...]:
    """Return the entry of each operation of each layer, 22 rows of 9, the skip last."""
    rows, height, c_in = [], _SIDE, _STEM
    for n_layers, c_out, first_stride in STAGES:
        for layer in range(n_layers):
            stride = first_stride if layer == 0 else 1
            shape = {"channels_in": c_in, "channels_out": c_out, "height": height, "stride": stride}
            blocks = [
                Entry("ConvBlock", expansion=expansion, kernel=kernel, groups=groups, **shape)
                for kernel, expansion, groups in _OPERATIONS
            ]
            rows.append((*blocks, Entry("Skip", **shape)))
            height, c_in = height // stride, c_out
    return tuple(rows)


@cache
def fixed_entries() -> tuple[Entry, ...]:
    """Return the entries that every network has: stem, last convolution, pooling, classifier."""
    last = searched_entries()[-1][-1]
    side = last.out_height
    return (
        Entry("ConvNorm", 3, _STEM, height=_SIDE, kernel=3),
        Entry("ConvNorm", last.channels_out, _HEAD, height=side),
        Entry("AvgP", _HEAD, _HEAD, height=side, kernel=side),
        Entry("FC", _HEAD, _CLASSES),
    )


def block_of_layer() -> IntArray:
    """Return the block that each layer is, ``(22,)``: the stem is before them."""
    return np.arange(1, len(searched_entries()) + 1)


def of_blocks(fixed: FloatArray) -> FloatArray:
    """Return values of the fixed blocks at their places among all blocks, 0 elsewhere."""
    n_layers = len(searched_entries())
    return np.concatenate([fixed[:1], np.zeros(n_layers), fixed[1:]])
