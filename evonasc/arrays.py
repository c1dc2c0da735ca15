"""Names for the kinds of array evonasc passes around, whose shapes stand in the docstrings."""

import numpy as np
import numpy.typing as npt

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
#: Where something stands that can be gone on with: arrays of numbers by name.
State = dict[str, npt.NDArray[np.generic]]

_LOW = 2**64 - 1


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


def rng_state(rng: np.random.Generator) -> IntArray:
    """Return where a generator of numpy's default kind is, ``(6,)``; see :func:`set_rng_state`.

    Raises:
        ValueError: It is of another kind.
    """
    found = rng.bit_generator.state
    if found["bit_generator"] != "PCG64":
        raise ValueError(f"the generator must be PCG64, got {found['bit_generator']}")
    state, step = found["state"]["state"], found["state"]["inc"]
    parts = [state >> 64, state & _LOW, step >> 64, step & _LOW, found["has_uint32"]]
    return np.array([*parts, found["uinteger"]], dtype=np.uint64).view(np.int64)


def set_rng_state(rng: np.random.Generator, state: IntArray) -> None:
    """Put a generator where another was.

    Raises:
        ValueError: That is no state.

    Example:
        >>> one, other = np.random.default_rng(3), np.random.default_rng(4)
        >>> set_rng_state(other, rng_state(one))
        >>> one.random() == other.random()
        True
    """
    if state.shape != (6,) or state.dtype != np.int64:
        raise ValueError(f"a generator's state must be 6 integers, got {state.dtype} {state.shape}")
    high, low, step_high, step_low, has_half, half = state.view(np.uint64).tolist()
    rng.bit_generator.state = {
        "bit_generator": "PCG64",
        "state": {"state": high << 64 | low, "inc": step_high << 64 | step_low},
        "has_uint32": int(has_half > 0),
        "uinteger": half & 0xFFFFFFFF,
    }
