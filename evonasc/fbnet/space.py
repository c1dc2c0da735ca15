"""FBNet's networks as HW-NAS-Bench has them, for 32 x 32 images of CIFAR-100.

Blocks: stem, 22 layers in seven stages, the last convolution, pooling, classifier; 26 in all, cuts
0 to 26. Each layer has one of nine operations: a mobile block (1x1, depthwise, 1x1 convolution) of
some kernel, expansion and groups, or a skip. A skip is the identity where the shape stays, and a
1x1 convolution where it changes.

References: Wu et al. 2019, "FBNet: Hardware-Aware Efficient ConvNet Design via Differentiable
Neural Architecture Search", CVPR, arXiv 1812.03443; Li et al. 2021, HW-NAS-Bench, ICLR, arXiv
2103.10584, whose shapes these are. It is the space that NASC was searched in, Shimizu et al. 2022,
arXiv 2208.13968.
"""

import numpy as np

from evonasc.arrays import BoolArray, IntArray
from evonasc.errors import GenomeError
from evonasc.fbnet.machines.entry import Entry
from evonasc.fbnet.machines.network_entries import STAGES, fixed_entries, searched_entries
from evonasc.space.base import SearchSpace
from evonasc.space.layers import Layer

#: Operations in HW-NAS-Bench's order: kernel, expansion, groups.
OPERATIONS = (
    "k3_e1",
    "k3_e1_g2",
    "k3_e3",
    "k3_e6",
    "k5_e1",
    "k5_e1_g2",
    "k5_e3",
    "k5_e6",
    "skip",
)
SKIP = OPERATIONS.index("skip")
_SHORT = "01234567-"  # one character an operation
_SEPARATOR = "|"
_ALWAYS = -1

_SEARCHED = searched_entries()
_N_LAYERS = len(_SEARCHED)
#: Genes of each stage, and those of its layers that keep the shape: their skips are identities.
_STAGE_ENDS = np.cumsum([n_layers for n_layers, _, _ in STAGES]).tolist()
_STAGE_GENES = tuple(
    tuple(range(end - n_layers, end))
    for end, (n_layers, _, _) in zip(_STAGE_ENDS, STAGES, strict=True)
)
_IS_IDENTITY = np.array([row[SKIP].is_identity for row in _SEARCHED])
#: Runs of layers that have one shape; in each, only the order of what is no skip matters.
_RUNS = tuple(
    run for genes in _STAGE_GENES if (run := [gene for gene in genes if _IS_IDENTITY[gene]])
)


def _blocks() -> tuple[tuple[str, ...], tuple[tuple[int, int, int], ...]]:
    """Return the names of the blocks, and the shapes at the cuts."""
    stem, conv, pool, classifier = fixed_entries()
    names = [
        f"layer {stage}.{place}"
        for stage, genes in enumerate(_STAGE_GENES, start=1)
        for place in range(1, len(genes) + 1)
    ]
    entries = [stem, *(row[0] for row in _SEARCHED), conv, pool, classifier]
    shapes = [(entry.channels_out, entry.out_height, entry.out_height) for entry in entries]
    raw = (stem.channels_in, stem.height, stem.height)
    return ("stem", *names, "last convolution", "pooling", "classifier"), (raw, *shapes)


def _layers() -> tuple[tuple[Layer, ...], IntArray, IntArray]:
    """List the layers, the blocks that can hold them, and what brings them.

    Returns:
        Layers; ``(n_layers, n_blocks)`` 1 where a block can hold the layer; ``(n_layers, 2)`` gene
        and operation that bring it, ``_ALWAYS`` twice for those of every network.
    """
    stem, *rest = fixed_entries()
    rows: list[tuple[Layer, int, int, int]] = []

    def enter(entry: Entry, block: int, gene: int, operation: int) -> None:
        rows.extend((layer, block, gene, operation) for layer in entry.layers)

    enter(stem, 0, _ALWAYS, _ALWAYS)
    for gene, choices in enumerate(_SEARCHED):
        for operation, entry in enumerate(choices):
            if not entry.is_identity:  # that is no layer
                enter(entry, gene + 1, gene, operation)
    for place, entry in enumerate(rest):
        enter(entry, _N_LAYERS + 1 + place, _ALWAYS, _ALWAYS)
    membership = np.zeros((len(rows), _N_LAYERS + 4), dtype=np.int64)
    membership[np.arange(len(rows)), [block for _, block, _, _ in rows]] = 1
    brings = np.array([(gene, operation) for _, _, gene, operation in rows])
    return tuple(layer for layer, _, _, _ in rows), membership, brings


_NAMES, _SHAPES = _blocks()
_LAYERS, _MEMBERSHIP, _BROUGHT_BY = _layers()


def _peak(entry: Entry) -> int:
    """Return the most activation elements alive at once in a block."""
    before = entry.channels_in * entry.height**2
    after = entry.channels_out * entry.out_height**2
    if entry.is_identity:
        return before
    if entry.kind != "ConvBlock":
        return before + after
    wide, deep = entry.middle * entry.height**2, entry.middle * entry.out_height**2
    # The input is kept until it is added, where the shape stays.
    kept = before if entry.keeps_shape else 0
    return max(before + wide, kept + wide + deep, kept + deep + after)


_PEAKS = np.array([[_peak(entry) for entry in row] for row in _SEARCHED])
_FIXED_PEAKS = np.array([_peak(entry) for entry in fixed_entries()])


class FBNet(SearchSpace):
    """FBNet's networks for CIFAR-100: 9^22 ways to write them, too many to list."""

    name = "fbnet"
    n_choices = (len(OPERATIONS),) * _N_LAYERS
    gene_groups = tuple((gene,) for gene in range(_N_LAYERS))
    block_names = _NAMES
    cut_shapes = _SHAPES
    short_text_key = (
        "network: the operations of its layers, stage | stage; 0 to 3 = 3x3 (expansion 1, 1 in two "
        "groups, 3, 6), 4 to 7 = 5x5 alike, - = skip"
    )
    choice_words = OPERATIONS
    bare_network = (SKIP,) * _N_LAYERS
    layers = _LAYERS
    layer_membership = _MEMBERSHIP

    @property
    def gene_words(self) -> tuple[str, ...]:
        """Name the layers."""
        return self.block_names[1 : 1 + _N_LAYERS]

    def is_connected(self, operations: IntArray) -> BoolArray:
        """Every choice of operations is a network."""
        return np.ones(len(self.check(operations)), dtype=bool)

    def canonical(self, operations: IntArray) -> IntArray:
        """Move skips that are identities to the end of their stage.

        Layers of one shape are the same block wherever they stand, so only the order of those that
        compute something matters.
        """
        genes = self.check(operations).copy()
        for run in _RUNS:
            part = genes[:, run]
            n_skips = (part == SKIP).sum(axis=1, keepdims=True)
            genes[:, run] = _with_skips(part, np.arange(len(run)) >= len(run) - n_skips)
        return genes

    def respell(self, operations: IntArray, *, rng: np.random.Generator) -> IntArray:
        """Put skips that are identities anywhere in their stage, by chance."""
        genes = self.check(operations).copy()
        for run in _RUNS:
            part = genes[:, run]
            n_skips = (part == SKIP).sum(axis=1, keepdims=True)
            place = rng.random(part.shape).argsort(axis=1).argsort(axis=1)
            genes[:, run] = _with_skips(part, place < n_skips)
        return genes

    def is_identity_block(self, operations: IntArray) -> BoolArray:
        """A layer is the identity if it is skipped and keeps the shape."""
        genes = self.check(operations)
        mask = np.zeros((len(genes), self.n_blocks), dtype=bool)
        mask[:, 1 : 1 + _N_LAYERS] = (genes == SKIP) & _IS_IDENTITY
        return mask

    def layer_counts(self, operations: IntArray) -> IntArray:
        """Count one of each layer that an operation, or every network, brings."""
        genes = self.check(operations)
        gene, operation = _BROUGHT_BY.T
        counts: IntArray = ((gene == _ALWAYS) | (genes[:, gene] == operation)).astype(np.int64)
        return counts

    def block_peak_elements(self, operations: IntArray) -> IntArray:
        """Count what is read, what is written, and what is kept to be added."""
        genes = self.check(operations)
        peaks = np.empty((len(genes), self.n_blocks), dtype=np.int64)
        peaks[:, :1], peaks[:, 1 + _N_LAYERS :] = _FIXED_PEAKS[:1], _FIXED_PEAKS[1:]
        peaks[:, 1 : 1 + _N_LAYERS] = _PEAKS[np.arange(_N_LAYERS), genes]
        return peaks

    def networks(self) -> None:
        """Return None: they cannot be listed."""
        return

    def sample(self, n: int, *, rng: np.random.Generator) -> IntArray:
        """Draw each layer's operation uniformly; networks with skips have many spellings."""
        return self.canonical(rng.integers(0, len(OPERATIONS), size=(n, _N_LAYERS)))

    def to_text(self, operations: IntArray) -> list[str]:
        """Return the operations by name."""
        rows = self.check(operations).tolist()
        return [_SEPARATOR.join(OPERATIONS[gene] for gene in row) for row in rows]

    def to_short_text(self, operations: IntArray) -> list[str]:
        """Return one character a layer, in groups of stages."""
        texts = []
        for row in self.check(operations).tolist():
            stages = ("".join(_SHORT[row[gene]] for gene in genes) for genes in _STAGE_GENES)
            texts.append(_SEPARATOR.join(stages))
        return texts

    def from_text(self, texts: list[str]) -> IntArray:
        """Read what :meth:`to_text` or :meth:`to_short_text` writes.

        Raises:
            GenomeError: Neither.
        """
        rows = [_from_one_text(text) for text in texts]
        return np.array(rows, dtype=np.int64).reshape(len(rows), _N_LAYERS)


def _with_skips(part: IntArray, is_skip: BoolArray) -> IntArray:
    """Return layers, ``(n, n_layers)``, in their order, with as many skips, but in these places."""
    result = np.full_like(part, SKIP)
    result[~is_skip] = part[part != SKIP]  # row by row, and as many in each
    return result


def _from_one_text(text: str) -> list[int]:
    """Return the genes of one network."""
    short = text.replace(_SEPARATOR, "")
    if len(short) == _N_LAYERS and set(short) <= set(_SHORT):
        return [_SHORT.index(character) for character in short]
    names = text.split(_SEPARATOR)
    if len(names) != _N_LAYERS:
        raise GenomeError(
            f"A network of FBNet must be {_N_LAYERS} operations with {_SEPARATOR!r} between them, "
            f"got {len(names)} in {text[:60]!r}."
        )
    strange = next((name for name in names if name not in OPERATIONS), None)
    if strange is not None:
        raise GenomeError(
            f"An operation of FBNet must be one of {', '.join(OPERATIONS)}, got {strange[:40]!r}."
        )
    return [OPERATIONS.index(name) for name in names]
