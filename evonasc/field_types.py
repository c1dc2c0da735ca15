"""Values as the annotations of their fields say: from Python, JSON, TOML and the command line."""

import contextlib
import dataclasses
import types
import typing
from collections.abc import Hashable
from functools import lru_cache
from numbers import Integral, Real
from pathlib import Path
from types import NoneType
from typing import Any, cast

from evonasc.errors import ConfigError
from evonasc.names import shortened
from evonasc.parsing import json_value

_WORDS = {
    bool: "true or false",
    float: "a number",
    int: "a whole number",
    str: "text",
    Path: "a path",
    NoneType: "nothing",
}

_PLURALS = {"a number": "numbers", "a whole number": "whole numbers", "text": "texts"}


def require_types(record: Any) -> None:
    """Give the fields of a dataclass the types that they are annotated with, or refuse a value.

    For the first line of a ``__post_init__``: what follows may rely on the types. Numbers of numpy
    become Python's, whole ones of a field of floats become floats, lists become tuples and text
    becomes a path where that is meant.

    Raises:
        ConfigError: A value of another type; it names the field.
    """
    for name, hint in hints_of(record.__class__).items():
        value = getattr(record, name)
        if type(value) is hint:  # nearly always
            continue
        typed = argument(name, hint, value)
        if typed is not value:
            object.__setattr__(record, name, typed)


def argument(name: str, hint: Any, value: Any) -> Any:
    """Return an argument of a function that users call, as :func:`require_types` does a field.

    Raises:
        ConfigError: It is of another type.
    """
    try:
        return as_type(hint, value)
    except TypeError as error:
        raise ConfigError(f"{name} {error}.") from error


@lru_cache
def hints_of(record_type: Hashable) -> dict[str, Any]:
    """Return what each field of a dataclass is annotated with."""
    hints = typing.get_type_hints(record_type)
    names = [field.name for field in dataclasses.fields(cast("Any", record_type))]
    return {name: hints[name] for name in names}


def kinds_of(hint: Any) -> tuple[Any, ...]:
    """Return the types that an annotation allows.

    Example:
        >>> kinds_of(int | None), kinds_of(float)
        ((<class 'int'>, <class 'NoneType'>), (<class 'float'>,))
    """
    is_union = typing.get_origin(hint) in (types.UnionType, typing.Union)
    return typing.get_args(hint) if is_union else (hint,)


def as_type(hint: Any, value: Any) -> Any:
    """Return a value as an annotation says: see :func:`require_types`.

    Raises:
        TypeError: It is of another type; the message goes on after the name of the field.

    Example:
        >>> as_type(float | None, 3), as_type(tuple[int, ...], [8, 4])
        (3.0, (8, 4))
    """
    if hint is Any or getattr(hint, "_is_protocol", False):  # a protocol shows when it is used
        return value
    for kind in kinds_of(hint):
        try:
            return _as_kind(kind, value)
        except (TypeError, ValueError, OverflowError):
            continue
    raise TypeError(f"must be {_in_words(hint)}, got {shortened(repr(value), most=200)}")


def from_text(hint: Any, value: Any) -> Any:
    """Return a value as an annotation says; text is read as JSON where no text is meant.

    Raises:
        TypeError: See :func:`as_type`.
    """
    if isinstance(value, str) and not {str, Path} & set(kinds_of(hint)):
        with contextlib.suppress(ValueError):  # refused as the text that it is
            value = json_value(value)
    return as_type(hint, value)


def _as_kind(kind: Any, value: Any) -> Any:
    """Return a value as one type; raises TypeError, or OverflowError for a number too large."""
    items = typing.get_args(kind)
    if items and typing.get_origin(kind) is tuple:
        if not isinstance(value, list | tuple):
            raise TypeError
        hints = items[:1] * len(value) if items[-1] is Ellipsis else items
        return tuple(as_type(*pair) for pair in zip(hints, value, strict=True))
    if isinstance(value, bool) and kind is not bool:
        raise TypeError
    if kind is int and isinstance(value, Integral):
        return int(value)
    if kind is float and isinstance(value, Real):
        return float(value)
    if kind is Path and isinstance(value, str):
        return Path(value)
    if not isinstance(value, typing.get_origin(kind) or kind):
        raise TypeError
    return value


def _in_words(hint: Any) -> str:
    """Return what an annotation allows, for people."""
    words = []
    for kind in kinds_of(hint):
        if typing.get_origin(kind) is tuple:
            inner = [_in_words(item) for item in typing.get_args(kind) if item is not Ellipsis]
            plural = _PLURALS.get(inner[0]) if len(inner) == 1 else None
            words.append(f"a list of {plural or ', '.join(inner)}")
        else:
            name = getattr(kind, "__name__", str(kind))
            words.append(_WORDS.get(kind) or f"{'an' if name[0] in 'AEIO' else 'a'} {name}")
    return " or ".join(words)
