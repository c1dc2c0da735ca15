"""Parsing npz, JSON and TOML of users: ValueError, with its reason, for whatever is none.

And the bytes of an npz, its counterpart.
"""

import io
import json
import re
import tomllib
import zipfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from evonasc.errors import AssetError, DataFileError

Decoded = TypeVar("Decoded")

#: What numpy and zipfile raise for archives that are damaged, encrypted or too large.
_DAMAGE = (EOFError, MemoryError, OSError, RuntimeError, ValueError, zipfile.BadZipFile, zlib.error)
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


def npz_arrays(data: bytes, names: Sequence[str] | None = None) -> dict[str, Any]:
    """Return arrays of an npz file by name; no code of the file is run.

    Args:
        data: The file.
        names: Of the arrays to return; all by default. Others are not read.

    Raises:
        ValueError: Another kind of file, a damaged one, or one that lacks a name.
    """
    if not data.startswith(_ZIP_STARTS):
        # said here, because numpy would take it for a pickle and advise to load it unsafely
        raise ValueError("it must be an npz, got another kind of file")
    try:
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


def file_bytes(path: Path, *, kind: str) -> bytes:
    """Return the bytes of a file of the user, whose kind messages name.

    Raises:
        DataFileError: It cannot be read.
    """
    try:
        return path.read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = error.strerror if isinstance(error, OSError) else error
        raise DataFileError(f"Cannot read the {kind} {path}: {reason}.") from error


def read_own(path: Path, decode: Callable[..., Decoded], *, kind: str, command: str) -> Decoded:
    """Read a file of the user that is of the kind of a shipped one.

    Args:
        path: The file.
        decode: Called with its bytes and ``where``, as for the shipped one.
        kind: Names it in messages.
        command: That makes such a file.

    Raises:
        DataFileError: Missing, or of another kind.
    """
    data = file_bytes(path, kind=kind)
    try:
        return decode(data, where=str(path))
    except AssetError as error:
        # it is the user's own file, no asset, and the message names it already
        raise DataFileError(f"{error} Make one with: {command}") from error


def json_value(text: str | bytes) -> Any:
    """Return the value that a JSON text says.

    Raises:
        ValueError: No JSON, or nested too deeply to be read.
    """
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("its JSON is nested too deeply") from error


def toml_file(path: Path, *, kind: str) -> tuple[dict[str, Any], bytes]:
    """Return the table that a TOML file of the user says, and the file's bytes.

    Raises:
        DataFileError: It cannot be read, is no TOML, or is nested too deeply to be read.
    """
    data = file_bytes(path, kind=kind)
    try:
        return tomllib.loads(data.decode("utf-8")), data
    except (RecursionError, ValueError) as error:
        is_deep = isinstance(error, RecursionError)
        reason = "it is nested too deeply" if is_deep else str(error)
        raise DataFileError(f"{path} is no TOML file: {reason}.") from error


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
