"""The NAS-Bench-201 network around the cell, block by block: shapes, MACs, parameters, memory.

Blocks: stem, 5 cells (16 x 32 x 32), residual reduction, 5 cells (32 x 16 x 16), residual
reduction, 5 cells (64 x 8 x 8), classifier; 19 in all, cuts 0 to 19.

Reference: Dong and Yang 2020, arXiv 2001.00326, section 2.1.
"""

import numpy as np

from evonasc.arrays import BoolArray, FloatArray, IntArray
from evonasc.errors import GenomeError
from evonasc.nasbench201 import cells
from evonasc.nasbench201.cells import CONV1X1, CONV3X3, EDGES, NONE, POOL, SKIP
from evonasc.nasbench201.machines.cell_features import executed_features
from evonasc.space import layers
from evonasc.space.base import SearchSpace
from evonasc.space.drawing import Drawing, Edge, Node
from evonasc.space.layers import Layer

_CHANNELS, _IMAGE, _CELLS, _CLASSES = 16, 32, 5, 10
N_STAGES = 3
_SHORT = "-s13p"  # one character an operation
_STEM, _CELL, _REDUCTION, _CLASSIFIER = "stem", "cell", "reduction", "classifier"


def _blocks() -> list[tuple[str, str, int, int]]:
    """List (kind, name, channels in, side in) of the 19 blocks."""
    rows = [(_STEM, "stem", 3, _IMAGE)]
    channels, side = _CHANNELS, _IMAGE
    for stage in range(1, N_STAGES + 1):
        if stage > 1:
            rows.append((_REDUCTION, f"reduction {stage - 1}", channels, side))
            channels, side = 2 * channels, side // 2
        rows += [(_CELL, f"cell {stage}.{i}", channels, side) for i in range(1, _CELLS + 1)]
    return [*rows, (_CLASSIFIER, "classifier", channels, side)]


_BLOCKS = _blocks()
_IS_CELL = np.array([kind == _CELL for kind, *_ in _BLOCKS])


def _layers() -> tuple[tuple[Layer, ...], IntArray, IntArray]:
    """List the layers, the blocks each belongs to, and the cell operation that brings it.

    Returns:
        Layers; ``(n_layers, n_blocks)`` how often a block holds the layer, per count;
        ``(n_layers,)`` operation of the cell edge it belongs to, ``_ALWAYS`` or ``_SUM``.
    """
    rows: list[tuple[Layer, int, list[int]]] = []
    for block, (kind, _, channels, side) in enumerate(_BLOCKS):
        if kind == _STEM:
            stem = layers.conv(channels, _CHANNELS, kernel=3, side=side)
            rows.append((stem, _ALWAYS, [block]))
        elif kind == _REDUCTION:
            half, double = side // 2, 2 * channels
            for layer in (
                layers.conv(channels, double, kernel=3, side=side, stride=2),
                layers.conv(double, double, kernel=3, side=half),
                layers.pool(channels, side=side, stride=2),
                layers.projection(channels, double, side=half),
                layers.add(double, side=half),
            ):
                rows.append((layer, _ALWAYS, [block]))
        elif kind == _CLASSIFIER:
            rows.append((layers.classifier(channels, _CLASSES, side=side), _ALWAYS, [block]))
        elif _BLOCKS[block - 1][0] != _CELL:  # the first cell of a stage speaks for all of them
            stage = list(range(block, block + _CELLS))
            for operation, layer in {
                CONV1X1: layers.conv(channels, channels, kernel=1, side=side),
                CONV3X3: layers.conv(channels, channels, kernel=3, side=side),
                POOL: layers.pool(channels, side=side),
                _SUM: layers.add(channels, side=side),
            }.items():
                rows.append((layer, operation, stage))
    membership = np.zeros((len(rows), len(_BLOCKS)), dtype=np.int64)
    for row, (_, _, blocks) in enumerate(rows):
        membership[row, blocks] = 1
    operations = np.array([operation for _, operation, _ in rows])
    return tuple(layer for layer, _, _ in rows), membership, operations


_ALWAYS, _SUM = -1, -2
_LAYERS, _MEMBERSHIP, _LAYER_OPERATION = _layers()
_TENSOR = np.array([channels * side * side for _, _, channels, side in _BLOCKS])
# Most elements alive at once in a fixed block. Reduction: the input and two tensors of half its
# size; classifier: the input, before and after normalisation.
_FIXED_PEAK = np.array(
    [(3 + _CHANNELS) * _IMAGE**2 if kind == _STEM else 2 * c * s * s for kind, _, c, s in _BLOCKS]
)


#: Where the nodes of a cell stand in a drawing, and how far along each edge its words do, free of
#: the others.
_NODES = (Node(0.0, 0.0, "in"), Node(1.0, 1.0, "1"), Node(2.0, -1.0, "2"), Node(3.0, 0.0, "out"))
_WORDS_AT = (0.5, 0.5, 0.27, 0.68, 0.5, 0.5)


class NasBench201(SearchSpace):
    """NAS-Bench-201 networks for CIFAR-10: 5,424 distinct ones, written by 15,284 cells."""

    name = "nasbench201"
    n_choices = (len(cells.OPERATIONS),) * len(EDGES)
    gene_groups = ((0,), (1, 2), (3, 4, 5))  # the edges into each node
    block_names = tuple(name for _, name, _, _ in _BLOCKS)
    cut_shapes = (*((channels, side, side) for _, _, channels, side in _BLOCKS), (_CLASSES, 1, 1))
    short_text_key = (
        "cell: the edges into node 1 | 2 | 3; 3 = 3x3 convolution, 1 = 1x1 convolution, p = 3x3 "
        "average pooling, s = skip, - = none"
    )
    network_word = "cell"
    text_column = "arch_str"
    choice_words = ("none", "skip", "1x1 conv", "3x3 conv", "3x3 pool")
    bare_network = (NONE, NONE, NONE, SKIP, NONE, NONE)
    layers = _LAYERS
    layer_membership = _MEMBERSHIP

    @property
    def gene_words(self) -> tuple[str, ...]:
        """Name the edges."""
        return tuple(f"edge {start}-{end}" for start, end in EDGES)

    def drawing(self, operations: IntArray) -> Drawing:
        """Draw the cell: its nodes, and its edges with their operations."""
        edges = []
        for (start, end), gene, is_live, words_at in zip(
            EDGES, operations.tolist(), cells.live_edges(operations), _WORDS_AT, strict=True
        ):
            dead = "" if is_live or gene == NONE else " (dead)"
            words = f"{self.choice_words[gene]}{dead}"
            edges.append(Edge(start, end, words, gene - 1, is_live, words_at))
        return Drawing("cell", _NODES, tuple(edges))

    def is_connected(self, operations: IntArray) -> BoolArray:
        """See :func:`evonasc.nasbench201.cells.is_connected`."""
        return cells.is_connected(self.check(operations))

    def canonical(self, operations: IntArray) -> IntArray:
        """See :func:`evonasc.nasbench201.cells.canonical_cells`."""
        return cells.canonical_cells(self.check(operations))

    def respell(self, operations: IntArray, *, rng: np.random.Generator) -> IntArray:
        """See :func:`evonasc.nasbench201.cells.respelled_cells`."""
        return cells.respelled_cells(self.check(operations), rng=rng)

    def is_identity_block(self, operations: IntArray) -> BoolArray:
        """A cell is the identity if its network is one skip from input to output."""
        only_skip = (self.canonical(operations) == self.bare_network).all(axis=1)
        mask: BoolArray = only_skip[:, None] & _IS_CELL
        return mask

    def layer_counts(self, operations: IntArray) -> IntArray:
        """Count operations as written, dead edges included, as the benchmark does."""
        genes = self.check(operations)
        counts = np.ones((len(genes), len(_LAYERS)), dtype=np.int64)
        for operation in (CONV1X1, CONV3X3, POOL):
            counts[:, operation == _LAYER_OPERATION] = (genes == operation).sum(axis=1)[:, None]
        sums = np.zeros(len(genes), dtype=np.int64)
        for node in (1, 2, 3):
            incoming = genes[:, [edge for edge, (_, to) in enumerate(EDGES) if to == node]]
            sums += np.maximum((incoming != NONE).sum(axis=1) - 1, 0)
        counts[:, _LAYER_OPERATION == _SUM] = sums[:, None]
        return counts

    def block_peak_elements(self, operations: IntArray) -> IntArray:
        """Count nodes still needed, the sum being built and the term being added, edge by edge."""
        genes = self.check(operations)
        used = genes != NONE
        peak = np.ones(len(genes), dtype=np.int64)
        for edge, (_, target) in enumerate(EDGES):
            kept = sum(
                used[:, [e for e, (s, _) in enumerate(EDGES) if s == node and e >= edge]].any(
                    axis=1
                )
                for node in range(target)
            )
            earlier = [e for e, (_, to) in enumerate(EDGES) if to == target and e < edge]
            has_sum = used[:, earlier].any(axis=1)
            # A skip is added in place; any other operation needs room for its result first.
            term = (genes[:, edge] >= CONV1X1) | ~has_sum
            peak = np.where(used[:, edge], np.maximum(peak, kept + has_sum + term), peak)
        peak = np.where(self.is_identity_block(genes).any(axis=1), 1, peak)
        return np.where(_IS_CELL, peak[:, None] * _TENSOR, _FIXED_PEAK)

    def time_features(self, operations: IntArray) -> FloatArray:
        """See :func:`evonasc.nasbench201.machines.cell_features.executed_features`."""
        return executed_features(self.check(operations))

    def networks(self) -> IntArray:
        """Return all 5,424 canonical connected cells."""
        return cells.canonical_connected_cells()

    def spellings(self) -> IntArray:
        """Return all 15,625 cells in the benchmark's order, those without a path too."""
        return cells.cells_in_benchmark_order()

    def sample(self, n: int, *, rng: np.random.Generator) -> IntArray:
        """Draw canonical connected cells uniformly."""
        networks = self.networks()
        return networks[rng.integers(len(networks), size=n)]

    def to_text(self, operations: IntArray) -> list[str]:
        """Return the benchmark's ``arch_str``."""
        return cells.arch_strings(self.check(operations))

    def to_short_text(self, operations: IntArray) -> list[str]:
        """Return one character an edge, in groups of the edges into one node."""
        rows = ["".join(_SHORT[gene] for gene in row) for row in self.check(operations).tolist()]
        return [f"{row[0]}|{row[1:3]}|{row[3:]}" for row in rows]

    def from_text(self, texts: list[str]) -> IntArray:
        """Read the benchmark's ``arch_str``, or a benchmark index written in digits.

        Raises:
            GenomeError: Neither.
        """
        none = np.zeros((0, len(EDGES)), dtype=np.int64)
        return np.concatenate([none, *(_from_one_text(text) for text in texts)])


def supernet_cuts(cells_per_stage: int) -> IntArray:
    """Return the cut of a supernet for each cut of the space, ``(20,)``.

    The supernet can have fewer cells in a stage than the space's five; a cut behind the j-th of
    five is read as the one behind as large a share of the supernet's, rounded up.

    Example:
        >>> supernet_cuts(1).tolist()
        [0, 1, 2, 2, 2, 2, 2, 3, 4, 4, 4, 4, 4, 5, 6, 6, 6, 6, 6, 7]
    """
    cuts = [0, 1]
    for stage in range(N_STAGES):
        if stage:
            cuts.append(cuts[-1] + 1)
        start = cuts[-1]
        cuts += [start + -(-cell * cells_per_stage // _CELLS) for cell in range(1, _CELLS + 1)]
    return np.array([*cuts, cuts[-1] + 1])


def _from_one_text(text: str) -> IntArray:
    """Return the ``(1, 6)`` genes of one cell."""
    if not text.isdecimal():
        return cells.parse_arch_strings([text])
    if int(text) >= cells.N_CELLS:
        raise GenomeError(f"A benchmark index must lie in [0, {cells.N_CELLS - 1}], got {text}.")
    return cells.cells_in_benchmark_order()[[int(text)]]
