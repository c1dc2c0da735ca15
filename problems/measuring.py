"""Errors measured on images: on how many, and when fewer are enough."""

from typing import Protocol, runtime_checkable

import numpy as np

from evonasc.arrays import FloatArray, IntArray
from evonasc.problems.base import Kept
from evonasc.space import DesignSpace

#: Column with the number of images that a design's error was measured on.
N_IMAGES = "n_images"


@runtime_checkable
class MeasuringSource(Protocol):
    """An error source that runs networks on images, as many as it takes."""

    #: Whether it stops with a design as soon as a rival clearly dominates it.
    decides_early: bool

    def measured_error(
        self,
        genes: IntArray,
        *,
        designs: DesignSpace,
        others: FloatArray,
        rival_genes: IntArray,
        rival_others: FloatArray,
    ) -> tuple[FloatArray, FloatArray]:
        """Return the error of canonical designs and the images it was measured on, ``(n,)`` each.

        Args:
            genes: ``(n, n_genes)`` designs.
            designs: The design space of the genes.
            others: ``(n, k)`` what is minimised besides the error.
            rival_genes: ``(m, n_genes)`` designs measured on all images; none to stop with none.
            rival_others: ``(m, k)`` the same of those.

        Returns:
            Of a design that was stopped, an error above that of a rival that is no worse in
            ``others``, and fewer images than there are.
        """


def measured(
    source: MeasuringSource,
    genes: IntArray,
    costs: dict[str, FloatArray],
    kept: Kept | None,
    *,
    designs: DesignSpace,
    objectives: tuple[str, ...],
) -> tuple[FloatArray, FloatArray]:
    """Return the error of canonical designs and the images it was measured on, ``(n,)`` each.

    Args:
        source: Measures.
        genes: ``(n, n_genes)`` designs.
        costs: All columns but the error.
        kept: What a search has evaluated before; None to measure on all images.
        designs: The design space of the genes.
        objectives: What is minimised. The latency counts even if it is none of them: searches under
            thresholds choose by it.
    """
    names = sorted({*objectives, "latency_ms"} - {"error"})
    if kept is None:
        rival_genes, rival_others = genes[:0], np.zeros((0, len(names)))
    else:
        # The number of a stopped design is no measurement of its own; nothing is judged by it.
        is_whole = kept[1][N_IMAGES] == kept[1][N_IMAGES].max()
        rival_genes, rival_others = kept[0][is_whole], _stacked(kept[1], names)[is_whole]
    return source.measured_error(
        genes,
        designs=designs,
        others=_stacked(costs, names),
        rival_genes=rival_genes,
        rival_others=rival_others,
    )


def _stacked(columns: dict[str, FloatArray], names: list[str]) -> FloatArray:
    """Return columns side by side, ``(n, n_names)``."""
    return np.stack([columns[name] for name in names], axis=1)
