"""What designs that were not evaluated would probably cost, from those that were; and how sure.

A Gaussian process over integer genes whose kernel falls by one factor with each gene that differs,
a product of one kernel a gene: all interactions of genes are in it, those of few genes weigh most.
Nothing is known of the order of a gene's choices, and nothing is assumed.

Reference: Rasmussen and Williams 2006, "Gaussian Processes for Machine Learning", MIT Press,
algorithm 2.1. Its one length is fixed: fitting it to a few hundred designs bought nothing.
"""

import numpy as np
from scipy.linalg import cho_factor, cho_solve, solve_triangular

from evonasc.arrays import FloatArray, IntArray

#: Correlation of two designs that differ in one gene.
_CORRELATION = 0.6
#: Variance of what the genes do not say, as a share of all.
_NUGGET = 1e-4
#: Where the logarithm begins, in ranges between the least value and the median.
_OFFSET = 0.3


class Kriging:
    """A model of several columns, in units in which their small values differ as much as others.

    Columns are shifted and scaled by their own least value and median, then their logarithm is
    taken: adding a constant to a column or multiplying it changes nothing, and what a search
    minimises is told apart best where that matters.

    Args:
        genes: ``(n, n_genes)`` canonical, all different.
        values: ``(n, n_columns)`` finite.
    """

    def __init__(self, genes: IntArray, values: FloatArray) -> None:
        self._genes = genes
        self._least = values.min(axis=0)
        span = np.median(values, axis=0) - self._least
        self._span = np.where(span > 0, span, 1.0)
        scaled = np.log((values - self._least) / self._span + _OFFSET)
        self._mean, deviation = scaled.mean(axis=0), scaled.std(axis=0)
        self._deviation = np.where(deviation > 0, deviation, 1.0)
        covariance = _correlations(genes, genes)
        covariance[np.diag_indices(len(genes))] += _NUGGET
        self._factor = cho_factor(covariance, lower=True, overwrite_a=True, check_finite=False)
        self._weights = cho_solve(
            self._factor, (scaled - self._mean) / self._deviation, check_finite=False
        )

    def optimistic(self, genes: IntArray, *, deviations: float) -> FloatArray:
        """Return what designs would cost if they were better than expected, ``(n, n_columns)``.

        Args:
            genes: ``(n, n_genes)`` canonical.
            deviations: How many standard deviations better.
        """
        correlation = _correlations(genes, self._genes)
        explained = solve_triangular(self._factor[0], correlation.T, lower=True, check_finite=False)
        unsure = np.sqrt(np.maximum(1.0 - (explained**2).sum(axis=0), 0.0))
        scaled = correlation @ self._weights - deviations * unsure[:, None]
        logarithm = self._mean + self._deviation * scaled
        values: FloatArray = (np.exp(logarithm) - _OFFSET) * self._span + self._least
        return values


def _correlations(first: IntArray, second: IntArray) -> FloatArray:
    """Return the kernel of each design of one set with each of another."""
    n_different = np.zeros((len(first), len(second)))
    for gene in range(first.shape[1]):
        n_different += first[:, gene, None] != second[None, :, gene]
    correlation: FloatArray = _CORRELATION**n_different
    return correlation
