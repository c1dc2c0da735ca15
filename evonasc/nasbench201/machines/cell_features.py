"""What a compiler leaves of a NAS-Bench-201 cell: the operations that are really run.

NAS-Bench-201 builds ``none`` as ``0 * x``. The compiled runtimes of HW-NAS-Bench (Li et al. 2021,
ICLR, arXiv 2103.10584) fold most such terms away, not all. The rule below was found from the
latencies of the Raspberry Pi 4 and the Pixel 3 and is the one that graph rewriting would give:

1. ``0 * x`` is the constant 0 when ``x`` is the cell's input, a pool or a sum of two terms. What
   fed only this product is removed. Adding a constant 0 is removed too.
2. ``0 * convolution(...)`` is no constant: the 0 is multiplied into the weights, and **a
   convolution with zero weights is run in full**, with all that feeds it.
3. Rule 2 needs a convolution whose result goes nowhere else. Where the product can be formed only
   by counting other users of the same result, the product is the constant 0 of rule 1.

With ``node1 = op01(in)`` and ``node2 = op02(in) + op12(node1)`` the rules come down to:

- ``23`` is none (node 2 is dead): what ends in node 2 runs only if node 2 is one convolution and
  not a sum: ``op02`` a convolution and the ``12`` term 0, or ``op12`` a convolution (also one of an
  all-zero node 1) and ``op02`` none.
- In the first case a pending ``0 * node1`` (``op01`` a convolution, ``12`` and ``13`` none) makes
  node 2 a sum, so neither convolution is run.
- ``12`` and ``13`` none, ``op01`` a convolution: it runs if ``23`` is used, or if node 2 is nothing
  but ``0 * node1`` (``op02`` none); so it does with ``12`` a skip, ``02``, ``13``, ``23`` none.
- Operations on an all-zero node that reaches the output are run like any other.

Evidence, on the 12,625 cells measured on both machines: 2,137 cells run the same as at least two
others and differ from the median of their group by 2.3 % (Raspberry Pi 4) and 0.4 % (Pixel 3) in
the median. Every cell that is not folded takes more than 2.2 ms on the Raspberry Pi 4; of the 242
measured folded ones all but eight take less, half of them less than 0.2 ms. With times linear in
four counts, held-out cells of the Raspberry Pi 4 are off by 22 % on average where the operations
written are counted, by 9.1 % for live operations, and by 7.3 % for operations run (rank correlation
0.923, 0.967, 0.985).
"""

from dataclasses import dataclass

import numpy as np

from evonasc.arrays import BoolArray, FloatArray, IntArray
from evonasc.errors import GenomeError
from evonasc.nasbench201.cells import CONV1X1, CONV3X3, EDGES, NONE, OPERATIONS, POOL, SKIP

_RUN = (SKIP, CONV1X1, CONV3X3, POOL)


@dataclass(frozen=True)
class Execution:
    """What a compiled runtime runs of each cell."""

    #: Operation run on each edge, 0 for nothing, ``(n, 6)``.
    operations: IntArray
    #: Which convolution is run with zero weights, ``(n, 4)``: edge 02, edge 12, edge 01 because
    #: node 2 is dead, edge 01 because its product feeds a living node 2.
    zeroed: BoolArray
    #: Whether the output is the constant 0 or a function of constants only, ``(n,)``.
    is_folded: BoolArray


def executed(genes: IntArray) -> Execution:
    """Return which operations a compiled runtime runs, by the rule of this module.

    Args:
        genes: Raw cells as written, ``(n, 6)``, edges 01 02 12 03 13 23.

    Raises:
        GenomeError: Wrong shape, or a gene outside [0, 4].
    """
    genes = check_cells(genes)
    op01, op02, op12, op03, op13, op23 = genes.T
    uses02, uses03, uses13, uses23 = (op != NONE for op in (op02, op03, op13, op23))
    conv01, conv02, conv12 = (_is_convolution(op) for op in (op01, op02, op12))
    # A skip passes on that node 1 is 0; a convolution or pool of zeros is an operation.
    is_12_zero = (op12 == NONE) | ((op12 == SKIP) & (op01 == NONE))

    pending = conv01 & (op12 == NONE) & ~uses13
    zero02 = ~uses23 & conv02 & is_12_zero & ~pending
    zero12 = ~uses23 & conv12 & ~uses02
    zero01_dead = ~uses23 & conv01 & ~uses13 & ~uses02 & ((op12 == NONE) | (op12 == SKIP))
    zero01_live = uses23 & pending

    run12 = (uses23 & (op12 != NONE)) | zero12
    run02 = (uses23 & uses02) | zero02
    run01 = (op01 != NONE) & (uses13 | run12 | zero01_dead | zero01_live)
    run = np.stack([run01, run02, run12, uses03, uses13, uses23], axis=1)

    reaches2 = run02 | (run12 & run01)
    reaches3 = uses03 | (uses13 & run01) | (uses23 & reaches2)
    reaches3 |= zero02 | (zero12 & run01) | zero01_dead | zero01_live
    return Execution(
        operations=np.where(run, genes, NONE),
        zeroed=np.stack([zero02, zero12, zero01_dead, zero01_live], axis=1),
        is_folded=~reaches3,
    )


def executed_features(genes: IntArray) -> FloatArray:
    """Return what the latency models see of each raw cell, ``(n, n_features)``.

    The raw operations stand beside the ones run, because PyTorch on a GPU or a server runs dead
    operations too. Cells are identical in all stages, so one cell describes the network.

    Returns:
        One-hot raw operations (24), one-hot operations run (24), convolutions with zero weights
        (4), raw counts (4), counts run (3), then sums, uses, activations and depth (15).

    Raises:
        GenomeError: Wrong shape, or a gene outside [0, 4].
    """
    genes = check_cells(genes)
    execution = executed(genes)
    columns = [
        _one_hot(genes),
        _one_hot(execution.operations),
        execution.zeroed,
        operation_counts(genes),
        operation_counts(execution.operations)[:, 1:],
        _structure(genes, execution),
    ]
    return np.concatenate(columns, axis=1, dtype=np.float64)


def folded_features(genes: IntArray) -> FloatArray:
    """Return what decides the time of folded cells, ``(n, 11)``.

    A folded network is a constant: what is left is one cell of the last stage. Its operations are
    counted; a convolution on edge 23 costs more, by edge 12, where edge 13 computes nothing (the
    constant is then rebuilt in every stage).

    Rows of cells that are not folded mean nothing.
    """
    run = executed(genes).operations
    run12, run13, run23 = run[:, 2], run[:, 4], run[:, 5]
    is_rebuilt = run13 <= SKIP
    columns = [operation_counts(run)[:, 1:]]
    for last in (CONV1X1, CONV3X3):
        is_last = is_rebuilt & (run23 == last)
        columns += [is_last[:, None], is_last[:, None] & (run12[:, None] == _RUN[1:])]
    return np.concatenate(columns, axis=1, dtype=np.float64)


def operation_counts(genes: IntArray) -> IntArray:
    """Return how many edges hold skip, 1x1, 3x3 and pool, ``(n, 4)``."""
    return np.stack([(genes == op).sum(axis=1, dtype=np.int64) for op in _RUN], axis=1)


def check_cells(genes: IntArray) -> IntArray:
    """Return the genes as an ``(n, 6)`` int64 array.

    Raises:
        GenomeError: Wrong shape or type, or a gene outside [0, 4].
    """
    cells = np.asarray(genes)
    if cells.ndim != 2 or cells.shape[1] != len(EDGES):
        raise GenomeError(f"genes must have shape (n, {len(EDGES)}), got {cells.shape}.")
    if cells.dtype.kind not in "iu":
        raise GenomeError(f"genes must be integers, got {cells.dtype}.")
    if cells.size and (cells.min() < 0 or cells.max() >= len(OPERATIONS)):
        low, high = cells.min(), cells.max()
        raise GenomeError(f"genes must lie in [0, {len(OPERATIONS) - 1}], got [{low}, {high}].")
    return cells.astype(np.int64)


def _structure(genes: IntArray, execution: Execution) -> FloatArray:
    """Sums, uses of a node, activations and depth of what is run, ``(n, 15)``."""
    run01, run02, run12, run03, run13, run23 = execution.operations.T
    zero02, zero12, zero01_dead, zero01_live = execution.zeroed.T
    is_node1_zero = genes[:, 0] == NONE
    term02 = run02 != NONE
    term12 = (run12 != NONE) & ~((run12 == SKIP) & is_node1_zero)
    term13 = (run13 != NONE) & ~((run13 == SKIP) & is_node1_zero)
    term23 = (run23 != NONE) & ~((run23 == SKIP) & ~(term02 | term12))
    terms3 = 1 * (run03 != NONE) + term13 + term23 + zero02 + zero12 + (zero01_dead | zero01_live)
    adds2 = 1 * (term02 & term12)

    # Each convolution starts with an activation; edges that leave one node share it.
    conv01, conv02, conv12, conv03, conv13, conv23 = (
        _is_convolution(op) for op in execution.operations.T
    )
    relu_in, relu1, relu2 = conv01 | conv02 | conv03, conv12 | conv13, conv23

    none = -9  # an edge that is not run lies on no path
    steps = np.where(
        execution.operations == NONE, none, np.where(execution.operations == SKIP, 0, 1)
    )
    depth1 = steps[:, 0]
    depth2 = np.maximum(steps[:, 1], depth1 + steps[:, 2])
    depth3 = np.stack([steps[:, 3], depth1 + steps[:, 4], depth2 + steps[:, 5]]).max(axis=0)

    ones, threes, pools = operation_counts(execution.operations).T[1:]
    columns = [
        is_node1_zero,
        relu_in,
        relu1,
        relu2,
        1 * relu_in + relu1 + relu2,
        adds2,
        term02 | term12,
        terms3,
        np.maximum(terms3 - 1, 0) + adds2,
        1 * (run01 != NONE) + term02 + (run03 != NONE),
        1 * (run12 != NONE) + (run13 != NONE),
        np.maximum(depth3, 0),
        ones + threes + pools,
        # Per-operation cost falls slightly with the size of the network: two curvatures.
        threes**2,
        (ones + pools) * threes,
    ]
    return np.stack(columns, axis=1).astype(np.float64)


def _is_convolution(operation: IntArray) -> BoolArray:
    """Tell where an operation is a 1x1 or 3x3 convolution."""
    is_convolution: BoolArray = (operation == CONV1X1) | (operation == CONV3X3)
    return is_convolution


def _one_hot(operations: IntArray) -> FloatArray:
    """Return indicators of skip, 1x1, 3x3 and pool on each edge, ``(n, 24)``."""
    return np.concatenate([operations == op for op in _RUN], axis=1, dtype=np.float64)
