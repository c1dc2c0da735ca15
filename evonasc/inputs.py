"""Reading files that users name: regular files only, of a bounded size, told in one line.

Whatever a name leads to, a pipe, a device, a folder, nothing at all, the answer is a
:class:`DataFileError`, at once.
"""

import os
import stat
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from evonasc.errors import AssetError, DataFileError
from evonasc.parsing import json_value

Decoded = TypeVar("Decoded")

#: What is read of one file at most, bytes: settings; tables and records; arrays and weights.
MOST_SETTINGS, MOST_TABLE, MOST_ARRAYS = 2**16, 2**26, 2**31
#: Dots in a line of settings, at most: the time to read nested keys grows with their square.
_MOST_DOTS = 200


def file_bytes(path: Path, *, kind: str, most: int = MOST_TABLE, remedy: str = "") -> bytes:
    """Return the bytes of a file of the user.

    Args:
        path: The file.
        kind: What it should be, for messages.
        most: Bytes that are read at most.
        remedy: What to do where it cannot be read.

    Raises:
        DataFileError: It cannot be read, is no regular file, or is larger.
    """
    try:
        # without waiting for whoever might write into a pipe
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise OSError(0, "it is no regular file")
            data = file.read(most + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = error.strerror if isinstance(error, OSError) else error
        raise DataFileError(
            f"Cannot read the {kind} {path}: {reason}.{' ' if remedy else ''}{remedy}"
        ) from error
    if len(data) > most:
        raise DataFileError(
            f"The {kind} {path} must have at most {most} bytes, got more. Name another file."
        )
    return data


def file_text(path: Path, *, kind: str, most: int = MOST_TABLE, remedy: str = "") -> str:
    """Return the text of a file of the user, UTF-8, without the mark some programs begin it with.

    Raises:
        DataFileError: It cannot be read, see :func:`file_bytes`, or is no text.
    """
    return text_of(file_bytes(path, kind=kind, most=most, remedy=remedy), path=path, kind=kind)


def text_of(data: bytes, *, path: Path, kind: str) -> str:
    """Return the text that a file's bytes are, as :func:`file_text` does.

    Raises:
        DataFileError: They are none.
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataFileError(f"Cannot read the {kind} {path}: {error}.") from error


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
    data = file_bytes(path, kind=kind, most=MOST_ARRAYS)
    try:
        return decode(data, where=str(path))
    except AssetError as error:
        # it is the user's own file, no asset, and the message names it already
        raise DataFileError(f"{error} Make one with: {command}") from error


def json_object(path: Path, *, kind: str, remedy: str = "") -> dict[str, Any]:
    """Return the object that a JSON file of the user says.

    Raises:
        DataFileError: It cannot be read, is no JSON, or no object.
    """
    try:
        values = json_value(file_text(path, kind=kind, remedy=remedy))
    except ValueError as error:
        if isinstance(error, DataFileError):
            raise
        raise DataFileError(
            f"{path} is no {kind}, or damaged: {error}.{' ' if remedy else ''}{remedy}"
        ) from error
    if not isinstance(values, dict):
        raise DataFileError(f"{path} must hold a JSON object, got {type(values).__name__}.")
    return values


def toml_file(path: Path, *, kind: str) -> tuple[dict[str, Any], bytes]:
    """Return the table that a TOML file of the user says, and the file's bytes.

    Raises:
        DataFileError: It cannot be read, is no TOML, or is nested too deeply to be read.
    """
    data = file_bytes(path, kind=kind, most=MOST_SETTINGS)
    deep = f"{path} is no TOML file: it is nested too deeply."
    if any(line.count(b".") > _MOST_DOTS for line in data.splitlines()):
        raise DataFileError(deep)
    try:
        return tomllib.loads(data.decode("utf-8-sig")), data
    except RecursionError as error:
        raise DataFileError(deep) from error
    except ValueError as error:
        raise DataFileError(f"{path} is no TOML file: {error}.") from error
