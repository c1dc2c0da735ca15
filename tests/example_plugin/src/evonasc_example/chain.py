"""A small benchmark: networks of a chain and their errors; and a problem made of it."""

from dataclasses import dataclass

import numpy as np

from evonasc.benchmark import Benchmark, ErrorKind
from evonasc.errors import GenomeError
from evonasc.problems import SplitNasProblem
from evonasc.runs.config import ProblemKind
from evonasc.space import SearchSpace
from evonasc.space.layers import classifier, conv

_CHANNELS, _SIDE, _DEPTH = 8, 16, 4


class ChainSpace(SearchSpace):
    """A stem, four convolutions of a size to choose or to skip, and a classifier."""

    name = "chain"
    n_choices = (3,) * _DEPTH  # a skip, kernel size 1, kernel size 3
    gene_groups = ((0, 1), (2, 3))
    block_names = ("stem", "layer 1", "layer 2", "layer 3", "layer 4", "head")
    cut_shapes = ((3, _SIDE, _SIDE), *((_CHANNELS, _SIDE, _SIDE),) * 5, (10, 1, 1))
    short_text_key = "network: kernel sizes, - = skip"
    bare_network = (0,) * _DEPTH
    layers = (
        conv(3, _CHANNELS, kernel=3, side=_SIDE),
        *(conv(_CHANNELS, _CHANNELS, kernel=k, side=_SIDE) for _ in range(_DEPTH) for k in (1, 3)),
        classifier(_CHANNELS, 10, side=_SIDE),
    )
    layer_membership = np.repeat(np.eye(6, dtype=np.int64), [1, 2, 2, 2, 2, 1], axis=0)

    def is_connected(self, operations):
        """Every network is."""
        return np.ones(len(self.check(operations)), dtype=bool)

    def canonical(self, operations):
        """Skips come last: where they stand makes no difference."""
        operations = self.check(operations)
        order = np.argsort(operations == 0, axis=1, kind="stable")
        return np.take_along_axis(operations, order, axis=1)

    def is_identity_block(self, operations):
        """Skipped layers are."""
        mask = np.zeros((len(operations), 6), dtype=bool)
        mask[:, 1:5] = operations == 0
        return mask

    def layer_counts(self, operations):
        """Stem and classifier once, of each place the layer that was chosen."""
        chosen = np.stack([operations == 1, operations == 2], axis=2).reshape(len(operations), -1)
        once = np.ones((len(operations), 1), dtype=np.int64)
        return np.concatenate([once, chosen.astype(np.int64), once], axis=1)

    def block_peak_elements(self, operations):
        """Input and output of a layer at once."""
        return np.full((len(operations), 6), 2 * _CHANNELS * _SIDE**2)

    def networks(self):
        """All canonical ones."""
        axes = np.meshgrid(*[np.arange(3)] * _DEPTH, indexing="ij")
        return np.unique(self.canonical(np.stack([a.ravel() for a in axes], axis=1)), axis=0)

    def sample(self, n, *, rng):
        """Draw among the canonical ones."""
        return self.networks()[rng.integers(len(self.networks()), size=n)]

    def to_text(self, operations):
        """Write kernel sizes."""
        signs = np.array(["-", "1", "3"])
        return ["".join(row) for row in signs[self.check(operations)].tolist()]

    def to_short_text(self, operations):
        """Write kernel sizes."""
        return self.to_text(operations)

    def from_text(self, texts):
        """Read kernel sizes."""
        for text in texts:
            if len(text) != _DEPTH or set(text) - set("-13"):
                raise GenomeError(f"A chain must be four of -, 1 and 3, got {text!r}.")
        return np.array([["-13".index(sign) for sign in text] for text in texts])


@dataclass(frozen=True)
class NoOptions:
    """There is nothing to choose."""


class MacErrors:
    """The more multiply-accumulates, the better, in any space."""

    provenance = "error: made up, for an example."

    def error(self, genes, *, designs):
        """Return the error of networks."""
        macs = designs.space.block_macs(designs.operations(genes)).sum(axis=1)
        return 0.9 / (1 + macs / 1e6)


BY_MACS = ErrorKind(options=NoOptions, make=lambda options, request: MacErrors())

CHAIN = Benchmark(
    name="chain",
    make_space=ChainSpace,
    default_error="by-macs",
    default_scenario="shelf",
)


def chain_nas(config):
    """Networks of a chain, and where to cut them, whatever space is named."""
    return SplitNasProblem(CHAIN, config.scenario, MacErrors(), objectives=config.objectives)


CHAIN_NAS = ProblemKind(
    chain_nas,
    reads=frozenset({"scenario", "objectives"}),
    make_space=lambda config: ChainSpace(),
)
