"""Spaces in which every choice is a network of its own, of blocks that hold no layers."""

import numpy as np

from evonasc.arrays import BoolArray, IntArray
from evonasc.space.base import SearchSpace


class PlainSpace(SearchSpace):
    """Nothing but choices: for problems whose designs are no networks, or need not be."""

    layers = ()

    def is_connected(self, operations: IntArray) -> BoolArray:
        """Every network is."""
        return np.ones(len(self.check(operations)), dtype=bool)

    def canonical(self, operations: IntArray) -> IntArray:
        """No two choices build the same network."""
        return self.check(operations)

    def is_identity_block(self, operations: IntArray) -> BoolArray:
        """No block is."""
        return np.zeros((len(operations), self.n_blocks), dtype=bool)

    def layer_counts(self, operations: IntArray) -> IntArray:
        """There are no layers."""
        return np.zeros((len(operations), 0), dtype=np.int64)

    def block_peak_elements(self, operations: IntArray) -> IntArray:
        """One element a block."""
        return np.ones((len(operations), self.n_blocks), dtype=np.int64)

    def networks(self) -> IntArray | None:
        """Return every choice."""
        places = np.indices(self.n_choices).reshape(self.n_operation_genes, -1)
        return np.ascontiguousarray(places.T)

    def to_short_text(self, operations: IntArray) -> list[str]:
        """Write the choices in full."""
        return self.to_text(operations)
