"""The NAS-Bench-201 cell space: six edges, five operations, 15,625 cells.

The cell has nodes 0 (input) to 3 (output); a node is the sum of its incoming edges. Genes stand in
the order of ``EDGES``. The macro network around the cell is in :mod:`evonasc.nasbench201.space`.

Reference: Dong and Yang 2020, "NAS-Bench-201: Extending the Scope of Reproducible Neural
Architecture Search", ICLR, arXiv 2001.00326.
"""

import random
from functools import lru_cache

import numpy as np

from evonasc.arrays import BoolArray, IntArray, drawn_below
from evonasc.errors import GenomeError

#: Operation names; a gene is an index into this tuple.
OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
NONE, SKIP, CONV1X1, CONV3X3, POOL = range(5)
#: ``(from node, to node)`` of each gene.
EDGES = ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))
N_CELLS = len(OPERATIONS) ** len(EDGES)

_PLACE = len(OPERATIONS) ** np.arange(len(EDGES) - 1, -1, -1)  # most significant gene first


def cell_number(genes: IntArray) -> IntArray:
    """Return genes read as one base-5 number, ``(n,)`` in [0, 15624]; not the benchmark's index."""
    numbers: IntArray = np.asarray(genes, dtype=np.int64) @ _PLACE
    return numbers


def cell_genes(numbers: IntArray) -> IntArray:
    """Return the ``(n, 6)`` genes of base-5 cell numbers."""
    genes: IntArray = np.asarray(numbers, dtype=np.int64)[:, None] // _PLACE % len(OPERATIONS)
    return genes


def all_cells() -> IntArray:
    """Return all 15,625 cells, ``(15625, 6)``, row ``i`` being cell number ``i``."""
    return cell_genes(np.arange(N_CELLS))


def is_connected(genes: IntArray) -> BoolArray:
    """Tell for each row of ``(n, 6)`` genes whether the input reaches the output, ``(n,)``."""
    e01, e02, e12, e03, e13, e23 = (np.asarray(genes) != NONE).T
    reached1 = e01
    reached2 = e02 | (reached1 & e12)
    connected: BoolArray = e03 | (reached1 & e13) | (reached2 & e23)
    return connected


def network_signature(genes: IntArray) -> IntArray:
    """Return ``(n, 10)`` integers a row, equal exactly where two cells are the same network.

    A node is a multiset of terms; a term is the input or an operation applied to a node. ``none``
    and operations on an empty node give no term, ``skip_connect`` passes its node's terms on. The
    first four columns are the output node's sorted terms, the last six the sorted terms of the
    operations that reach the output: without them one convolution used twice would look like two
    convolutions used once. Dead edges, swapped nodes and skips are covered, no algebra of the
    operations (the pool of a sum is the sum of the pools: two signatures here).
    """
    e01, e02, e12, e03, e13, e23 = np.asarray(genes, dtype=np.int64).T

    # Nodes 1 and 2. Terms: 0 nothing, 1 the input, 2-4 an operation on the input, 10-24 an
    # operation on node 1 (5 * operation + node 1's term).
    node1 = e01
    on_node1 = np.where(node1 == 1, e12, 5 * e12 + node1)
    via1 = np.where(e12 == SKIP, node1, np.where((e12 == NONE) | (node1 == 0), 0, on_node1))
    low, high = np.minimum(e02, via1), np.maximum(e02, via1)
    node2 = low * 32 + high  # one number for one multiset; node 1 is the pair (0, term)

    # Output node. Terms: 0 nothing, 1 the input, else 1024 * (operation - 1) + node.
    def applied(operation: IntArray, node: IntArray) -> IntArray:
        return np.where((operation <= SKIP) | (node == 0), 0, (operation - 1) * 1024 + node)

    def passed_on(term: IntArray) -> IntArray:
        """Rewrite a term of nodes 1 and 2 in the coding of the output node's terms."""
        real = np.where(term < 5, (term - 1) * 1024 + 1, (term // 5 - 1) * 1024 + term % 5)
        return np.where(term <= 1, term, real)

    # Each edge's operation as a term, 0 where it is none, a skip, or cannot reach the output.
    is_live2 = e23 != NONE
    is_live1 = (e13 != NONE) | ((e12 != NONE) & is_live2)
    input_node = np.ones_like(e03)
    works = np.stack(
        [
            np.where(is_live1, applied(e01, input_node), 0),
            np.where(is_live2, applied(e02, input_node), 0),
            np.where(is_live2, applied(e12, node1), 0),
            applied(e03, input_node),
            applied(e13, node1),
            applied(e23, node2),
        ],
        axis=1,
    )
    output = np.stack(
        [
            np.where(e03 == SKIP, 1, works[:, 3]),
            np.where(e13 == SKIP, passed_on(node1), works[:, 4]),
            np.where(e23 == SKIP, passed_on(low), works[:, 5]),
            np.where(e23 == SKIP, passed_on(high), 0),
        ],
        axis=1,
    )
    return np.concatenate([np.sort(output, axis=1), np.sort(works, axis=1)], axis=1)


@lru_cache(maxsize=1)
def _canonical_numbers() -> IntArray:
    """For each cell number, the cell number that stands for its network, ``(15625,)``."""
    cells = all_cells()
    # Fewest edges first, so that dead edges are none; then the smallest number.
    order = np.lexsort((np.arange(N_CELLS), (cells != NONE).sum(axis=1)))
    _, first, group = np.unique(
        network_signature(cells[order]), axis=0, return_index=True, return_inverse=True
    )
    numbers = np.empty(N_CELLS, dtype=np.int64)
    numbers[order] = order[first][group]
    return numbers


@lru_cache(maxsize=1)
def _canonical_cells() -> IntArray:
    """For each cell number, the cell that stands for its network, ``(15625, 6)``."""
    return cell_genes(_canonical_numbers())


def canonical_cells(genes: IntArray) -> IntArray:
    """Return the ``(n, 6)`` cells that stand for all cells that build the same network.

    Dead edges become ``none``, swapped nodes are ordered, nodes that only pass another on are
    contracted. Idempotent. All disconnected cells share the cell of six ``none``.
    """
    canonical: IntArray = _canonical_cells()[cell_number(genes)]
    return canonical


@lru_cache(maxsize=1)
def _spellings() -> tuple[IntArray, IntArray, IntArray]:
    """List all cells, those of one network together.

    Returns:
        ``(15625, 6)`` cells; for each cell number, where those of its network begin, and how many
        there are, ``(15625,)`` each.
    """
    canonical = _canonical_numbers()
    order = np.argsort(canonical, kind="stable")
    first = np.searchsorted(canonical[order], canonical)
    return cell_genes(order), first, np.bincount(canonical, minlength=N_CELLS)[canonical]


def respelled_cells(genes: IntArray, *, rng: np.random.Generator) -> IntArray:
    """Return ``(n, 6)`` cells drawn uniformly from those that build the same network."""
    cells, first, count = _spellings()
    numbers = cell_number(genes)
    drawn: IntArray = cells[first[numbers] + drawn_below(count[numbers], rng=rng)]
    return drawn


@lru_cache(maxsize=1)
def canonical_connected_cells() -> IntArray:
    """Return every canonical cell with a path from input to output, ``(5424, 6)``."""
    cells = cell_genes(np.unique(_canonical_numbers()))
    connected = cells[is_connected(cells)]
    connected.flags.writeable = False  # cached: a caller must not change it for the next one
    return connected


def live_edges(cell: IntArray) -> list[bool]:
    """Tell which edges of a ``(6,)`` cell lie on a path from its input to its output.

    Example:
        >>> live_edges(np.array([3, 0, 0, 1, 0, 2]))  # nothing reads node 1, nothing fills node 2
        [False, False, False, True, False, False]
    """
    used = [(start, end) for (start, end), gene in zip(EDGES, cell, strict=True) if gene != 0]
    filled, read = {0}, {3}
    for start, end in sorted(used):
        filled |= {end} if start in filled else set()
    for start, end in sorted(used, reverse=True):
        read |= {start} if end in read else set()
    return [(s, e) in used and s in filled and e in read for s, e in EDGES]


def arch_strings(genes: IntArray) -> list[str]:
    """Return each ``(n, 6)`` row in NAS-Bench-201's notation.

    Example:
        >>> arch_strings(np.array([[3, 0, 1, 2, 0, 4]]))
        ['|nor_conv_3x3~0|+|none~0|skip_connect~1|+|nor_conv_1x1~0|none~1|avg_pool_3x3~2|']
    """
    return [_PATTERN.format(*(OPERATIONS[gene] for gene in row)) for row in np.asarray(genes)]


_PATTERN = "|{}~0|+|{}~0|{}~1|+|{}~0|{}~1|{}~2|"


def parse_arch_strings(texts: list[str]) -> IntArray:
    """Return the ``(n, 6)`` genes of cells in NAS-Bench-201's notation.

    Raises:
        GenomeError: A text is not of that form or names an unknown operation.
    """
    genes = np.empty((len(texts), len(EDGES)), dtype=np.int64)
    for row, text in enumerate(texts):
        names = [part.partition("~")[0] for part in text.replace("+", "").split("|") if part]
        if len(names) != len(EDGES) or set(names) - set(OPERATIONS):
            raise GenomeError(
                f"A cell must read like {_PATTERN.format(*['OPERATION'] * 6)} with operations "
                f"{', '.join(OPERATIONS)}, got {text!r}."
            )
        if _PATTERN.format(*names) != text:
            raise GenomeError(f"A cell must read {_PATTERN.format(*names)!r}, got {text!r}.")
        genes[row] = [OPERATIONS.index(name) for name in names]
    return genes


@lru_cache(maxsize=1)
def cells_in_benchmark_order() -> IntArray:
    """Return all cells, ``(15625, 6)``, row ``i`` being the published benchmark's number ``i``."""
    # The authors list the cells in lexicographic order and shuffle them with Python's generator
    # seeded by 88 (D-X-Y/AutoDL-Projects, exps/NAS-Bench-201/main.py, generate_meta_info).
    order = list(range(N_CELLS))
    random.Random(88).shuffle(order)
    cells = cell_genes(np.array(order))
    cells.flags.writeable = False  # cached: a caller must not change it for the next one
    return cells
