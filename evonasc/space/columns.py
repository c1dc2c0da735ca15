"""Column sources: what is known of designs, column by column. A problem is a list of them."""

from abc import ABC, abstractmethod

from evonasc.arrays import FloatArray, IntArray
from evonasc.space.designs import DesignSpace

#: ``(n,)`` arrays by name.
Columns = dict[str, FloatArray]


class ColumnSource(ABC):
    """Gives some columns of designs; the sources of a problem are asked one after the other."""

    @abstractmethod
    def columns(self, genes: IntArray, *, designs: DesignSpace, known: Columns) -> Columns:
        """Return the columns of canonical designs.

        Args:
            genes: ``(n, n_genes)`` canonical designs.
            designs: Their design space.
            known: What the sources before gave; a column given again replaces the one before.
        """

    def predictor_errors(self) -> dict[str, float]:
        """Return how far predictions of its columns are off on average, as shares; those known.

        0 for what is computed exactly. By default none is known.
        """
        return {}

    @abstractmethod
    def provenance(self) -> tuple[str, ...]:
        """Say where the numbers come from: measured, fitted, assumed; one line a quantity."""
