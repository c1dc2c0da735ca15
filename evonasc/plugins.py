"""Tables of things with names: what evonasc brings, and what other packages add to it.

Each table has one dict literal of built-ins, and one group of entry points (``evonasc.problems``,
``evonasc.operators``, ...) in which any installed package may name its own. A table reads the names
of its group when it is first asked, and runs a package's code when that name is asked for. A
package that cannot be loaded is an error of that name alone; two packages that use one name are
refused where the name is used. ``docs/plugins.md`` says what each group expects.
"""

import importlib
import inspect
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.metadata import EntryPoint, distributions, entry_points
from pathlib import Path
from typing import Any

from evonasc.errors import EvonascError, PluginError, UnknownNameError

#: Where built-ins come from.
OWN = "evonasc"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,59}")


@dataclass(frozen=True)
class Entry:
    """One name of a table, whatever it stands for not loaded yet."""

    #: Name on the command line.
    name: str
    #: ``evonasc``, or the distribution that brings it with its version.
    source: str
    #: Where it is, ``package.module:object``.
    target: str
    #: One line for people; empty for plug-ins, whose docstring says it.
    what: str
    #: Imports it.
    load: Callable[[], object]


class Registry:
    """One table.

    Args:
        kind: What a name stands for, for messages.
        group: Entry points are those of ``evonasc.{group}``.
        built_in: Name to ``package.module:object`` and one line for people.
    """

    def __init__(self, kind: str, group: str, built_in: Mapping[str, tuple[str, str]]) -> None:
        self.kind, self.group = kind, group
        self._built_in = {
            name: Entry(name, OWN, target, what, _importer(target))
            for name, (target, what) in built_in.items()
        }

    def of_source(self, source: str) -> "Registry":
        """Return the same table, what it began with another package's: as a benchmark brings it."""
        table = Registry(self.kind, self.group, {})
        table._built_in = {
            name: replace(entry, source=source) for name, entry in self._built_in.items()
        }
        return table

    def entries(self) -> list[Entry]:
        """Return everything there is, by name, then source; a name may come twice."""
        found = [_entry(point) for point in _points(self.group)]
        return sorted([*self._built_in.values(), *found], key=lambda one: (one.name, one.source))

    def names(self) -> list[str]:
        """Return the names, sorted, each once."""
        return sorted({entry.name for entry in self.entries()})

    def __contains__(self, name: object) -> bool:
        return name in self.names()

    def __iter__(self) -> Iterator[str]:
        return iter(self.names())

    def is_built_in(self, name: str) -> bool:
        """Tell whether a name is one the table began with; reads no entry points."""
        return name in self._built_in

    def entry(self, name: str) -> Entry:
        """Return what a name stands for, or a ``package.module:object`` in hand.

        Raises:
            UnknownNameError: No such name.
            PluginError: Two packages use the name, or nobody could type it.
        """
        if ":" in name:
            return Entry(name, name, name, "", _importer(name))
        found = [entry for entry in self.entries() if entry.name == name]
        if not found:
            raise UnknownNameError(self.kind, name, self.names())
        if len(found) > 1:
            sources = " and by ".join(f"{entry.source} ({entry.target})" for entry in found)
            raise PluginError(
                f"The name {name!r} must stand for one {self.kind}, got it by {sources}. Uninstall "
                "one, or ask its author for another name."
            )
        if not _NAME.fullmatch(name):
            raise self.broken(
                found[0], "its name must be up to 60 letters, digits, dots, dashes and underscores"
            )
        return found[0]

    def load(self, name: str) -> object:
        """Return what a name stands for, imported.

        Raises:
            UnknownNameError: No such name.
            PluginError: Two packages use the name, or it cannot be loaded.
        """
        return self.load_entry(self.entry(name))

    def load_entry(self, entry: Entry) -> object:
        """Return what an entry stands for, imported.

        Raises:
            PluginError: It cannot be loaded.
        """
        if entry.source == OWN:
            return entry.load()
        try:
            return entry.load()
        except Exception as error:  # whatever the code of others does when it is imported
            raise self.broken(entry, f"loading it ended in {described(error)}") from error

    def make(self, name: str, *arguments: object) -> object:
        """Return what the callable of that name gives.

        Errors that evonasc raises on purpose pass; others of a plug-in are told as its own.

        Raises:
            UnknownNameError: No such name.
            PluginError: It cannot be loaded, is no callable, or raises.
        """
        entry = self.entry(name)
        return self.guarded(entry, self.function(entry), *arguments)

    def function(self, entry: Entry) -> Callable[..., object]:
        """Return the callable that an entry stands for, imported.

        Raises:
            PluginError: It cannot be loaded, or is no callable.
        """
        loaded = self.load_entry(entry)
        if not callable(loaded):
            raise self.broken(entry, f"it must be callable, got {type(loaded).__name__}")
        return loaded

    def guarded(self, entry: Entry, function: Callable[..., object], *arguments: object) -> object:
        """Call a function that an entry brought; its errors name the entry.

        Raises:
            PluginError: It belongs to a plug-in and raised anything but an error of evonasc.
        """
        if entry.source == OWN:
            return function(*arguments)
        try:
            return function(*arguments)
        except EvonascError:
            raise
        except Exception as error:  # whatever the code of others does
            raise self.broken(entry, f"calling it ended in {described(error)}") from error

    def broken(self, entry: Entry, reason: str) -> PluginError:
        """Return the error that tells whose plug-in is at fault, and why."""
        whose = "" if entry.source == entry.name else f" of {entry.source} ({entry.target})"
        return PluginError(
            f"The {self.kind} {entry.name!r}{whose} cannot be used: {reason}. Mend it, or "
            "uninstall what brings it; `evonasc check-plugin` says more."
        )


def imported(target: str) -> Any:
    """Return what ``package.module:object`` names."""
    return _importer(target)()


def described(error: BaseException) -> str:
    """Return an error in one line."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def first_line(thing: object) -> str:
    """Return the first line of a docstring or of an object's ``description``, no full stop."""
    is_own = isinstance(thing, type) or inspect.isroutine(thing)  # else it is that of its class
    text = thing.__doc__ if is_own else getattr(thing, "description", "")
    lines = (text or "").strip().splitlines()
    return lines[0].strip().removesuffix(".") if lines else ""


@lru_cache
def _points(group: str) -> tuple[EntryPoint, ...]:
    """Return the entry points of a group, read once a process."""
    return tuple(entry_points(group=f"{OWN}.{group}"))


@lru_cache
def all_points() -> tuple[EntryPoint, ...]:
    """Return the entry points of all groups, read once a process."""
    found = (point for package in distributions() for point in package.entry_points)
    return tuple(point for point in found if point.group.startswith(f"{OWN}."))


def _entry(point: EntryPoint) -> Entry:
    """Return an entry point as an entry of a table."""
    # A path on sys.path may name its distribution and hold no metadata of it.
    source = "unknown" if point.dist is None else f"{point.dist.name} {point.dist.version}"
    return Entry(point.name, source, point.value, "", point.load)


def reach_current_folder(package: str) -> None:
    """Let code in hand be imported from the folder one is in.

    It becomes the last on the module path, so that a file there is found and hides nothing.
    evonasc's own code needs no such thing.
    """
    here = str(Path.cwd())
    if package != OWN and here not in sys.path:
        sys.path.append(here)


def _importer(target: str) -> Callable[[], object]:
    """Return a function that imports ``package.module:object``."""

    def load() -> object:
        module, _, attributes = target.partition(":")
        reach_current_folder(module.partition(".")[0])
        found: object = importlib.import_module(module)
        for attribute in attributes.split("."):
            found = getattr(found, attribute)
        return found

    return load
