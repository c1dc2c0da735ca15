"""An analytic problem whose front is known, to test searches on."""

import numpy as np

from evonasc.arrays import BoolArray, FloatArray, IntArray
from evonasc.errors import GenomeError
from evonasc.problems.base import DesignProblem
from evonasc.space import DesignSpace
from evonasc.space.plain import PlainSpace

_N_GENES, _N_CHOICES = 6, 5
_TOP = _N_GENES * (_N_CHOICES - 1)


class ToySpace(PlainSpace):
    """Six genes of five choices each; every choice is a network of its own, six blocks long."""

    name = "toy"
    n_choices = (_N_CHOICES,) * _N_GENES
    gene_groups = tuple((gene,) for gene in range(_N_GENES))
    block_names = tuple(f"block {i}" for i in range(1, _N_GENES + 1))
    cut_shapes = tuple((channels, 1, 1) for channels in range(_N_GENES + 1, 0, -1))
    short_text_key = "network: its six digits"
    bare_network = (0,) * _N_GENES
    layer_membership = np.zeros((0, _N_GENES), dtype=np.int64)

    def sample(self, n: int, *, rng: np.random.Generator) -> IntArray:
        """Draw uniformly."""
        return rng.integers(_N_CHOICES, size=(n, _N_GENES))

    def to_text(self, operations: IntArray) -> list[str]:
        """Write the digits."""
        return ["".join(map(str, row)) for row in self.check(operations).tolist()]

    def from_text(self, texts: list[str]) -> IntArray:
        """Read six digits from 0 to 4.

        Raises:
            GenomeError: Anything else.
        """
        for text in texts:
            if len(text) != _N_GENES or set(text) - set("01234"):
                raise GenomeError(f"A toy network must be six digits from 0 to 4, got {text!r}.")
        return np.array([[int(digit) for digit in text] for text in texts], dtype=np.int64)


class Staircase(DesignProblem):
    """Error falls and latency rises with the sum of the genes; the best cut follows the sum.

    With s the sum of the six genes and k the cut in [1, 6]: ``error = 1 - s / 24`` and
    ``latency_ms = s + |k - 1 - s mod 6|``. The front is the 25 points ``(1 - s / 24, s)``.
    """

    cut_free_columns = frozenset({"error"})

    def __init__(self) -> None:
        designs = DesignSpace(ToySpace(), (8,), _not_before_the_first_block)
        names = ("error", "latency_ms")
        super().__init__(designs, objectives=names, known_columns=names)

    def columns(self, genes: IntArray) -> dict[str, FloatArray]:
        """Return the two objectives."""
        total = self.designs.operations(genes).sum(axis=1)
        miss = np.abs(self.designs.split_point(genes) - 1 - total % _N_GENES)
        return {"error": 1 - total / _TOP, "latency_ms": (total + miss).astype(float)}

    def provenance(self) -> tuple[str, ...]:
        """Say that nothing here is measured."""
        return ("error, latency_ms: computed from the genes, exact.",)

    @staticmethod
    def front() -> FloatArray:
        """Return the true front, ``(25, 2)``."""
        steps = np.arange(_TOP + 1)
        return np.stack([1 - steps / _TOP, steps.astype(float)], axis=1)


def _not_before_the_first_block(operations: IntArray, bits: IntArray) -> BoolArray:
    """Allow every cut but the raw input."""
    return np.tile(np.arange(_N_GENES + 1) >= 1, (*bits.shape, 1))
