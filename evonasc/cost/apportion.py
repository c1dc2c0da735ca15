"""Sharing a network's known total time out among its blocks.

Whole networks are what benchmarks and users measure. A model of single layers says how much of the
time each block takes; only *ratios* of it are used, the total stays what it is. Block times are
therefore **apportioned**, not measured.
"""

from collections.abc import Callable

import numpy as np

from evonasc.arrays import BoolArray, FloatArray, IntArray
from evonasc.space import SearchSpace

#: Maps operations ``(n, n_operation_genes)`` to a quantity of networks or of their blocks.
OfNetworks = Callable[[IntArray], FloatArray]


class Apportioned:
    """Totals of whole networks and how blocks share them; what is fixed is computed once.

    The fixed blocks share the time of the network whose searched blocks compute nothing, the
    searched blocks share the rest; within each group by the weights.

    Args:
        space: Gives the blocks.
        total_ms: Time of whole networks, ms, ``(n,)``.
        block_weights: How much of the time each block takes, up to a factor, ``(n, n_blocks)``.
    """

    def __init__(self, space: SearchSpace, total_ms: OfNetworks, block_weights: OfNetworks) -> None:
        self._space, self._total_ms, self._weights = space, total_ms, block_weights
        bare = np.array([space.bare_network])
        # the blocks that the operation genes change
        self._is_searched: BoolArray = space.is_identity_block(bare)[0]
        fixed = block_weights(bare) * ~self._is_searched
        self._fixed_share = fixed / fixed.sum()
        self._bare_ms = total_ms(bare)

    def head_table_ms(self, operations: IntArray) -> FloatArray:
        """See :meth:`evonasc.cost.machine.Machine.head_table_ms`."""
        total = self._total_ms(operations)
        searched = self._weights(operations) * self._is_searched
        # what computes nothing takes no time, so equal cuts cost the same
        searched[self._space.is_identity_block(operations)] = 0.0
        has_searched = searched.sum(axis=1) > 0
        # A network cannot be quicker than its fixed blocks; where the prediction says so, it is all
        # theirs.
        fixed_ms = np.where(has_searched, np.minimum(self._bare_ms, total), total)
        blocks = self._fixed_share * fixed_ms[:, None]
        searched /= np.where(has_searched, searched.sum(axis=1), 1.0)[:, None]
        blocks += searched * (total - fixed_ms)[:, None]
        table = np.zeros((len(operations), self._space.n_blocks + 1))
        table[:, 1:] = np.cumsum(blocks, axis=1)
        table[:, -1] = total
        return table


def layer_weights(space: SearchSpace, layer_ms: FloatArray) -> OfNetworks:
    """Return weights by the times of single layers, ``(n_layers,)``, up to a factor."""
    return lambda operations: space.block_sums(operations, layer_ms)


def macs_and_bytes_weights(space: SearchSpace) -> OfNetworks:
    """Return weights by equal parts of the share of MACs and of values moved: an assumption."""
    moved = np.array([float(layer.elements + layer.params) for layer in space.layers])

    def weights(operations: IntArray) -> FloatArray:
        macs, values = space.block_macs(operations), space.block_sums(operations, moved)
        shares: FloatArray = macs / macs.sum(axis=1, keepdims=True)
        shares += values / values.sum(axis=1, keepdims=True)
        return shares

    return weights
