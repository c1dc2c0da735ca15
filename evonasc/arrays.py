"""Names for the kinds of array evonasc passes around, whose shapes stand in the docstrings."""

import numpy as np
import numpy.typing as npt

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


def row_products(rows: FloatArray, weights: FloatArray | IntArray) -> FloatArray:
    """Multiply ``(n, k)`` rows with ``(k,)`` or ``(k, m)`` weights, each row by itself.

    A BLAS library adds in another order for another number of rows, so that a design's latency
    would depend, in its last digit, on the designs it is computed with.
    """
    product: FloatArray = np.einsum("nk,k...->n...", rows, weights, optimize=False)
    return product


def drawn_below(limits: IntArray, *, rng: np.random.Generator) -> IntArray:
    """Draw whole numbers from 0 to below each limit, at least 1, in an array of the same shape.

    ``rng.integers`` takes ten times as long where each limit is another. No number is more likely
    than another by more than its limit's share of 2 ** 53.
    """
    return (rng.random(limits.shape) * limits).astype(np.int64)
