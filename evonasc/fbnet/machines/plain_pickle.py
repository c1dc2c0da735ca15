"""What a pickle of plain values says: dictionaries, lists, texts and numbers.

numpy's numbers become floats and ints; numpy's arrays are passed over. Neither numpy nor any other
code is run for it: whatever else a pickle asks for is refused.
"""

import io
import pickle
import struct
from collections.abc import Callable
from typing import Any

#: What stands for a value that is passed over.
PASSED_OVER = None
_FORMATS = {"f4": "f", "f8": "d", "i4": "i", "i8": "q", "u4": "I", "u8": "Q"}


class _Type:
    """The type of a numpy number, by numpy's code."""

    def __init__(self, code: object, *_: object) -> None:
        self.format = _FORMATS.get(str(code))
        self.order = "<"

    def __setstate__(self, state: tuple[object, ...]) -> None:
        self.order = ">" if state[1] == ">" else "<"


class _Passed:
    """A numpy array, of which nothing is kept."""

    def __init__(self, *_: object) -> None:
        """Take whatever an array is made of."""

    def __setstate__(self, state: object) -> None:
        """Keep nothing of it."""


class _Mapping(dict[Any, Any]):
    """A dictionary that knows more than a plain one, as a plain one."""

    def __init__(self, *_: object) -> None:
        super().__init__()


def _number(kind: object, data: object) -> float | int | None:
    """Return the number of numpy's bytes."""
    if not isinstance(kind, _Type) or kind.format is None:
        return PASSED_OVER
    content = data.encode("latin1") if isinstance(data, str) else data
    if not isinstance(content, bytes):
        raise pickle.UnpicklingError("a number in it is none")
    (value,) = struct.unpack(kind.order + kind.format, content)
    return float(value) if kind.format in "fd" else int(value)


def _encoded(text: object, name: object) -> bytes:
    """Return bytes that Python 2's protocols write as text."""
    if not isinstance(text, str) or name != "latin1":
        raise pickle.UnpicklingError("a text in it is none")
    return text.encode("latin1")


_CORES = ("numpy.core.multiarray", "numpy._core.multiarray")
_STAND_INS: dict[tuple[str, str], Callable[..., Any]] = {
    **{(core, "scalar"): _number for core in _CORES},
    **{(core, "_reconstruct"): _Passed for core in _CORES},
    **{(core, "_frombuffer"): _Passed for core in ("numpy.core.numeric", "numpy._core.numeric")},
    ("numpy", "dtype"): _Type,
    ("numpy", "ndarray"): _Passed,
    ("_codecs", "encode"): _encoded,
    ("collections", "OrderedDict"): _Mapping,
    ("collections", "defaultdict"): _Mapping,
}


class _PlainUnpickler(pickle.Unpickler):
    """Refuses every global but those that have a stand-in."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _STAND_INS:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}"[:80])
        return _STAND_INS[module, name]


def plain_pickle(data: bytes) -> Any:
    """Return the value that a pickle holds.

    Raises:
        ValueError: No pickle, or one that asks for more than plain values.
    """
    try:
        return _PlainUnpickler(io.BytesIO(data), encoding="latin1").load()
    except Exception as error:  # a hostile pickle can raise anything; it is the file's fault
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise ValueError(f"it is no pickle of plain values ({reason})") from error
