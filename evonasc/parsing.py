"""Parsing npz, JSON and quantities of users: ValueError, with its reason, for whatever is none.

And the bytes of an npz, its counterpart.
"""

import io
import json
import math
import re
import zipfile
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np

#: What numpy and zipfile raise for archives that are damaged, encrypted or too large.
_DAMAGE = (EOFError, MemoryError, OSError, RuntimeError, ValueError, zipfile.BadZipFile, zlib.error)
#: What an npz may unpack to unless told: a small file can hold gigabytes of one value.
MOST_UNPACKED = 2**29
#: How a zip archive begins: with its first file, or, empty, with its end.
_ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06")

_QUANTITY = re.compile(
    r"(?P<number>[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[-+]?[0-9]+)?) ?(?P<unit>[a-z%]*)", re.IGNORECASE
)
#: Unit -> what it is in its base unit, and that unit.
_UNITS = {
    "": (1.0, ""),
    "%": (0.01, ""),
    "us": (1e-3, "ms"),
    "ms": (1.0, "ms"),
    "s": (1e3, "ms"),
    "b": (1.0, "bytes"),
    "bytes": (1.0, "bytes"),
    "kb": (1e3, "bytes"),
    "mb": (1e6, "bytes"),
    "gb": (1e9, "bytes"),
    "kib": (1024.0, "bytes"),
    "mib": (1024.0**2, "bytes"),
    "gib": (1024.0**3, "bytes"),
    "mj": (1.0, "mj"),
    "j": (1e3, "mj"),
}
#: What :func:`quantity` converts to.
UNITS = frozenset(base for _, base in _UNITS.values() if base)


def npz_arrays(
    data: bytes, names: Sequence[str] | None = None, *, most: int = MOST_UNPACKED
) -> dict[str, Any]:
    """Return arrays of an npz file by name; no code of the file is run.

    Args:
        data: The file.
        names: Of the arrays to return; all by default. Others are not read.
        most: Bytes that the arrays may have together, unpacked.

    Raises:
        ValueError: Another kind of file, a damaged one, a larger one, or one that lacks a name.
    """
    if not data.startswith(_ZIP_STARTS):
        # said here, because numpy would take it for a pickle and advise to load it unsafely
        raise ValueError("it must be an npz, got another kind of file")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            n_bytes = sum(one.file_size for one in archive.infolist())
        if n_bytes > most:
            raise ValueError(f"its arrays must have at most {most} bytes, got {n_bytes}")
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            missing = [name for name in names or () if name not in file]
            if missing:
                raise ValueError(f"it lacks {', '.join(map(repr, missing))}")
            arrays = {name: file[name] for name in (file.files if names is None else names)}
    except _DAMAGE as error:
        raise ValueError(str(error) or type(error).__name__) from error
    for name, array in arrays.items():
        if not isinstance(array, np.ndarray):  # numpy hands over what does not begin as an array
            raise ValueError(f"its {name!r} is no array")
    return arrays


def npz_bytes(**arrays: Any) -> bytes:
    """Return the bytes of a compressed npz file of arrays, without pickles."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def json_value(text: str | bytes) -> Any:
    """Return the value that a JSON text says.

    Raises:
        ValueError: No JSON, nested too deeply to be read, or a number that is not finite.
    """
    try:
        return json.loads(text, parse_constant=_finite, parse_float=_finite)
    except RecursionError as error:
        raise ValueError("its JSON is nested too deeply") from error


def _finite(text: str) -> float:
    """Return a number as JSON writes it, unless it is NaN, infinite or too large."""
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"its numbers must be finite, got {text[:40]}")
    return value


def quantity(text: str) -> tuple[float, str]:
    """Read a number with or without a unit; return it in ms, bytes or mj, and which of these.

    The unit is empty for a plain number and for a share in percent. ``kB``, ``MB`` and ``GB`` are
    powers of 1000, ``KiB``, ``MiB`` and ``GiB`` of 1024; case does not count.

    Raises:
        ValueError: It is no number, or the unit is another.

    Example:
        >>> quantity("25 ms"), quantity("1.5MB"), quantity("0.03s"), quantity("30%"), quantity("7")
        ((25.0, 'ms'), (1500000.0, 'bytes'), (30.0, 'ms'), (0.3, ''), (7.0, ''))
    """
    found = _QUANTITY.fullmatch(text.strip())
    unit = found["unit"].lower() if found else ""
    if found is None or unit not in _UNITS:
        raise ValueError(f"{text!r} is no number, or has another unit than {', '.join(_UNITS)[2:]}")
    factor, base = _UNITS[unit]
    return float(found["number"]) * factor, base
