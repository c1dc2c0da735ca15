"""Memory the head needs on the device."""

import numpy as np

from evonasc.arrays import FloatArray, IntArray
from evonasc.space import SearchSpace

#: Weights and activations of the head are float32.
BYTES_PER_VALUE = 4


def head_memory_table(space: SearchSpace, operations: IntArray) -> FloatArray:
    """Return the head's memory at each cut in bytes, ``(n, n_blocks + 1)``.

    Weights of all its blocks, plus the most activations alive at once in any of them; at cut 0
    only the input. Code and buffers of the runtime are not counted.

    Args:
        space: Gives parameters and activations of the blocks.
        operations: ``(n, n_operation_genes)`` canonical operations.
    """
    weights = np.cumsum(space.block_params(operations), axis=1)
    peak = np.maximum.accumulate(space.block_peak_elements(operations), axis=1)
    values = np.empty((len(operations), space.n_blocks + 1))
    values[:, 0] = np.prod(space.cut_shapes[0])
    values[:, 1:] = weights + peak
    return values * BYTES_PER_VALUE
