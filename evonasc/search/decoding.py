"""How samples of a distribution are read as designs: with a cut of their own, or the fastest one.

Where the cut is refined (:mod:`evonasc.search.refinement`), the distribution has no split gene at
all: networks, and widths where they are searched, are drawn, and each is cut where it is fastest.
"""

from collections.abc import Callable
from dataclasses import dataclass

from evonasc.arrays import BoolArray, IntArray
from evonasc.problems import DesignProblem
from evonasc.search.config import SearchConfig
from evonasc.search.refinement import SplitRefinement
from evonasc.space import DesignSpace

#: Maps samples to designs: the valid designs of the rows that have one, and which rows those are.
Decoder = Callable[[DesignSpace, IntArray], tuple[IntArray, BoolArray]]


def with_nearest_cut(designs: DesignSpace, samples: IntArray) -> tuple[IntArray, BoolArray]:
    """Read samples as designs, each cut moved to the nearest allowed one; see ``Decoder``."""
    is_cuttable = designs.is_cuttable(samples)
    cuttable = samples[is_cuttable]
    return designs.canonical(designs.repair(cuttable, fallback=cuttable)), is_cuttable


@dataclass(frozen=True)
class WithFastestCut:
    """Reads samples of operation genes and widths as designs cut where they are fastest."""

    refinement: SplitRefinement

    def __call__(self, designs: DesignSpace, samples: IntArray) -> tuple[IntArray, BoolArray]:
        """See ``Decoder``."""
        n = designs.space.n_operation_genes
        genes = designs.completed(samples[:, :n])
        genes[:, designs.bits_genes] = samples[:, n:]
        valid, is_cuttable = with_nearest_cut(designs, genes)
        return designs.canonical(self.refinement.refined(valid)), is_cuttable


def decoding(problem: DesignProblem, config: SearchConfig) -> tuple[tuple[int, ...], Decoder]:
    """Return the categories of each variable of a sample, and what makes designs of samples.

    Raises:
        ConfigError: The cut is to be refined where that has no meaning.
    """
    designs = problem.designs
    if not config.refine_split:
        return designs.n_choices, with_nearest_cut
    split = designs.split_genes
    n_choices = designs.n_choices[: split.start] + designs.n_choices[split.stop :]
    return n_choices, WithFastestCut(SplitRefinement.of(problem, config))
