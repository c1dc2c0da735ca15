"""Twenty-two layers of nine choices each: kernel 3 or 5 with expansion 1, 2, 3 or 6, or a skip."""

import numpy as np

from evonasc.errors import GenomeError
from evonasc.space import SearchSpace
from evonasc.space.layers import Layer, classifier, conv, projection

#: (layers, channels, stride of the first) of each stage, after a stem of 16 channels.
_STAGES = ((1, 16, 1), (4, 24, 1), (4, 32, 2), (4, 64, 2), (4, 112, 1), (4, 184, 2), (1, 352, 1))
_CHOICES = tuple((kernel, expansion) for kernel in (3, 5) for expansion in (1, 2, 3, 6))
SKIP = len(_CHOICES)
_STEM, _CLASSES, _SIDE = 16, 100, 32
_SIGNS = "abcdefgh-"


def _places():
    """Give (channels read, channels written, side, stride) of each searched layer."""
    channels, side, places = _STEM, _SIDE, []
    for n_layers, width, stride in _STAGES:
        for layer in range(n_layers):
            step = stride if layer == 0 else 1
            places.append((channels, width, side, step))
            channels, side = width, side // step
    return tuple(places)


PLACES = _places()
#: Whether a skip changes nothing there; elsewhere it is a projection.
IS_PLAIN = np.array([c_in == c_out and step == 1 for c_in, c_out, _, step in PLACES])


def _inverted(c_in, c_out, side, step, kernel, expansion):
    """Return the layers of an inverted residual."""
    wide, out = c_in * expansion, side // step
    depthwise = kernel * kernel * wide
    return (
        conv(c_in, wide, kernel=1, side=side),
        Layer(
            *("conv", wide, wide, depthwise * out**2, depthwise + 2 * wide),
            wide * (side**2 + out**2),
        ),
        conv(wide, c_out, kernel=1, side=out),
    )


def _layers():
    """Give every layer, its block, its gene and the choice that builds it (-1: always there)."""
    rows = [(conv(3, _STEM, kernel=3, side=_SIDE), 0, -1, -1)]
    for gene, (c_in, c_out, side, step) in enumerate(PLACES):
        for choice, (kernel, expansion) in enumerate(_CHOICES):
            parts = _inverted(c_in, c_out, side, step, kernel, expansion)
            rows += [(part, 1 + gene, gene, choice) for part in parts]
        if not IS_PLAIN[gene]:
            rows.append((projection(c_in, c_out, side=side // step), 1 + gene, gene, SKIP))
    last = PLACES[-1]
    head = classifier(last[1], _CLASSES, side=last[2] // last[3])
    return [*rows, (head, 1 + len(PLACES), -1, -1)]


_ROWS = _layers()
_GENE = np.array([gene for _, _, gene, _ in _ROWS])
_CHOICE = np.array([choice for *_, choice in _ROWS])


class Ladder(SearchSpace):
    """The networks; nobody can list 9^22 of them."""

    name = "ladder"
    n_choices = (SKIP + 1,) * len(PLACES)
    gene_groups = tuple((gene,) for gene in range(len(PLACES)))
    block_names = ("stem", *(f"layer {gene + 1}" for gene in range(len(PLACES))), "head")
    cut_shapes = (
        (3, _SIDE, _SIDE),
        (_STEM, _SIDE, _SIDE),
        *((c_out, side // step, side // step) for _, c_out, side, step in PLACES),
        (_CLASSES, 1, 1),
    )
    short_text_key = "network: a to h = kernel 3, then 5, with expansion 1, 2, 3, 6; - = skip"
    choice_words = (*(f"k{kernel}_e{expansion}" for kernel, expansion in _CHOICES), "skip")
    bare_network = (SKIP,) * len(PLACES)
    layers = tuple(layer for layer, *_ in _ROWS)
    layer_membership = np.array(
        [[block == row[1] for block in range(len(PLACES) + 2)] for row in _ROWS], dtype=np.int64
    )

    @property
    def gene_words(self):
        """Name the layers."""
        return self.block_names[1:-1]

    def is_connected(self, operations):
        """Every network is."""
        return np.ones(len(self.check(operations)), dtype=bool)

    def canonical(self, operations):
        """No two choices build the same layers in the same blocks."""
        return self.check(operations)

    def is_identity_block(self, operations):
        """Skips between equal shapes are."""
        mask = np.zeros((len(operations), self.n_blocks), dtype=bool)
        mask[:, 1:-1] = (operations == SKIP) & IS_PLAIN
        return mask

    def layer_counts(self, operations):
        """Count what each gene builds."""
        chosen = self.check(operations)[:, _GENE] == _CHOICE
        return (chosen | (_GENE < 0)).astype(np.int64)

    def block_peak_elements(self, operations):
        """Input and output of a block at once."""
        sizes = np.array([np.prod(shape) for shape in self.cut_shapes])
        return np.tile(sizes[:-1] + sizes[1:], (len(operations), 1))

    def networks(self):
        """They are too many to list."""
        return None

    def sample(self, n, *, rng):
        """Draw uniformly."""
        return rng.integers(SKIP + 1, size=(n, len(PLACES)))

    def to_text(self, operations):
        """Write a sign a layer."""
        signs = np.array(list(_SIGNS))
        return ["".join(row) for row in signs[self.check(operations)].tolist()]

    def to_short_text(self, operations):
        """Write a sign a layer."""
        return self.to_text(operations)

    def from_text(self, texts):
        """Read a sign a layer."""
        for text in texts:
            if len(text) != len(PLACES) or set(text) - set(_SIGNS):
                raise GenomeError(f"A ladder must be {len(PLACES)} of {_SIGNS}, got {text!r}.")
        rows = [[_SIGNS.index(sign) for sign in text] for text in texts]
        return np.array(rows, dtype=np.int64).reshape(-1, len(PLACES))
