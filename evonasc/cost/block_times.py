"""Times of blocks that one operation gene each decides: a network's time is the sum of a table."""

from dataclasses import dataclass

import numpy as np

from evonasc.arrays import FloatArray, IntArray
from evonasc.cost.machine import Machine
from evonasc.errors import ConfigError
from evonasc.space import SearchSpace


@dataclass(frozen=True, eq=False)
class BlockTimes:
    """What each choice of a block takes, and what the blocks without a choice take."""

    #: Time of each choice of each gene, ms, ``(n_operation_genes, n_choices)``.
    searched_ms: FloatArray
    #: Time of each block; 0 for those that a gene decides, ms, ``(n_blocks,)``.
    fixed_ms: FloatArray
    #: The block that each gene decides, ``(n_operation_genes,)``.
    block_of_gene: IntArray

    def block_ms(self, operations: IntArray) -> FloatArray:
        """Return the time of each block, ms, ``(n, n_blocks)``."""
        blocks = np.tile(self.fixed_ms, (len(operations), 1))
        genes = np.arange(operations.shape[1])
        blocks[:, self.block_of_gene] += self.searched_ms[genes, operations]
        return blocks

    def head_table_ms(self, operations: IntArray) -> FloatArray:
        """Return the time of the first k blocks for each cut k, ms, ``(n, n_blocks + 1)``."""
        blocks = self.block_ms(operations)
        table = np.zeros((len(blocks), blocks.shape[1] + 1))
        table[:, 1:] = np.cumsum(blocks, axis=1)
        return table

    def require_space(self, space: SearchSpace, *, name: str) -> None:
        """Refuse a space that the table is not about.

        Raises:
            ConfigError: It has other genes, choices or blocks.
        """
        wanted = (space.n_operation_genes, max(space.n_choices))
        if self.searched_ms.shape != wanted or self.fixed_ms.shape != (space.n_blocks,):
            raise ConfigError(
                f"The machine {name!r} must have times of {wanted[0]} x {wanted[1]} choices and "
                f"{space.n_blocks} blocks for this version of the space {space.name!r}, got "
                f"{self.searched_ms.shape} and {self.fixed_ms.shape}. Make its file again."
            )


class BlockMachine(Machine):
    """A machine whose blocks are known one by one."""

    def __init__(self, times: BlockTimes, space: SearchSpace) -> None:
        self._times, self._space = times, space

    def total_ms(self, operations: IntArray) -> FloatArray:
        """Return the sums over blocks, ms, ``(n,)``."""
        return self.head_table_ms(self._space.check(operations))[:, -1]

    def head_table_ms(self, operations: IntArray) -> FloatArray:
        """Add the times of blocks up."""
        return self._times.head_table_ms(operations)
