"""Machines that know the time of every block by its choice."""

import hashlib

import numpy as np

from evonasc.cost.machine import Machine
from evonasc_guest.space import Ladder

#: Multiply-accumulates a ms, and ms a block.
_SPEEDS = {"ladder-phone": (2e6, 0.15), "ladder-server": (4e7, 0.05)}


class BlockTimes(Machine):
    """A machine of the guest: a table of blocks times choices."""

    kind = "made up"
    block_model = "table of blocks"
    power_mw = 3000.0

    def __init__(self, name):
        self._space = Ladder()
        speed, start = _SPEEDS[name]
        self.name, self.description = name, f"{speed:g} MACs a ms, {start} ms a block, made up"
        self.digest = hashlib.sha256(self.description.encode()).hexdigest()
        self.provenance = f"{self.description}; times of blocks (assumed)"
        self._speed, self._start = speed, start

    def head_table_ms(self, operations):
        """Add up the blocks; one that returns its input takes no time."""
        blocks = self._start + self._space.block_macs(operations) / self._speed
        blocks[self._space.is_identity_block(operations)] = 0.0
        table = np.zeros((len(operations), self._space.n_blocks + 1))
        table[:, 1:] = np.cumsum(blocks, axis=1)
        return table

    def total_ms(self, operations):
        """Return the last column."""
        return self.head_table_ms(operations)[:, -1]
