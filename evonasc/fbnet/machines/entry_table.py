"""HW-NAS-Bench's table of FBNet blocks, from the file that the user brings.

Two forms are read: the benchmark's own ``HW-NAS-Bench-v1_0.pickle``, in which
``["fbnet"]["raspi4_latency"]`` maps names of entries to ms, and a CSV file with one entry a row and
the columns ``entry``, ``raspi4_ms``, ``edgegpu_mj`` and so on. Nothing of it ships.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evonasc.arrays import BoolArray, FloatArray
from evonasc.csv_file import number, parse_csv
from evonasc.errors import DataFileError
from evonasc.fbnet.machines.entry import Entry, entry_of
from evonasc.fbnet.machines.plain_pickle import plain_pickle
from evonasc.inputs import file_bytes, text_of

#: Machines that the table has times of, and those that it has energies of.
TIMED = ("edgegpu", "eyeriss", "fpga", "pixel3", "raspi4")
WITH_ENERGY = ("edgegpu", "eyeriss", "fpga")
_MOST = 2**28  # bytes; the benchmark's file has a fifth of them
_KIND = "table of FBNet blocks"


@dataclass(frozen=True, eq=False)
class EntryTable:
    """Times and energies of entries as published; 0 is both "costs nothing" and "not given"."""

    #: SHA-256 of the file.
    digest: str
    #: The entries.
    entries: tuple[Entry, ...]
    #: Times by machine, ms, ``(n,)`` each.
    times_ms: Mapping[str, FloatArray]
    #: Energies by machine, mJ, ``(n,)`` each.
    energies_mj: Mapping[str, FloatArray]

    def has_time(self, machine: str) -> BoolArray:
        """Tell which entries have a time on a machine, ``(n,)``."""
        given: BoolArray = self.times_ms[machine] > 0
        return given

    def has_energy(self, machine: str) -> BoolArray:
        """Tell which entries have an energy on a machine, ``(n,)``.

        In the eyeriss columns the energies of convolutions outside blocks, of pooling and of the
        classifier are their times, digit for digit: they are taken as not given.
        """
        energies, times = self.energies_mj[machine], self.times_ms[machine]
        given: BoolArray = (energies > 0) & (energies != times)
        return given

    def times_of(self, machine: str, entries: Sequence[Entry]) -> FloatArray:
        """Return the published times of entries on a machine, ms, ``(n,)``.

        Raises:
            DataFileError: The table lacks one.
        """
        return self.times_ms[machine][self._rows(entries)]

    def energies_of(self, machine: str, entries: Sequence[Entry]) -> FloatArray:
        """Return the published energies of entries on a machine, mJ, 0 where not given, ``(n,)``.

        Raises:
            DataFileError: The table lacks one.
        """
        given = np.where(self.has_energy(machine), self.energies_mj[machine], 0.0)
        return given[self._rows(entries)]

    def _rows(self, entries: Sequence[Entry]) -> list[int]:
        """Return where entries stand."""
        place = {entry: row for row, entry in enumerate(self.entries)}
        missing = [entry.name for entry in entries if entry not in place]
        if missing:
            raise DataFileError(
                f"The {_KIND} must have all entries of the network, got none of {missing[0]}."
            )
        return [place[entry] for entry in entries]


def read_entry_table(path: Path) -> EntryTable:
    """Read the table from a CSV file or from the benchmark's pickle, told apart by their start.

    Raises:
        DataFileError: Missing, neither of the two, or without an entry's time.
    """
    remedy = "Give HW-NAS-Bench-v1_0.pickle, or a CSV file of its FBNet blocks."
    data = file_bytes(path, kind=_KIND, most=_MOST, remedy=remedy)
    is_pickle = data.startswith(b"\x80")
    columns = _of_pickle(data, path) if is_pickle else _of_csv(data, path)
    names = list(columns["raspi4_ms"])
    try:
        entries = tuple(map(entry_of, names))
    except ValueError as error:
        raise DataFileError(f"{path} must name entries as HW-NAS-Bench does: {error}.") from error
    wrong = [name for name, entry in zip(names, entries, strict=True) if name != entry.name]
    if wrong or not entries:
        found = repr(wrong[0][:80]) if wrong else "no entry"
        raise DataFileError(f"{path} must name entries as HW-NAS-Bench does, got {found}.")
    arrays = {}
    for column, values in columns.items():
        if values.keys() != columns["raspi4_ms"].keys():
            raise DataFileError(f"{path} must have the same entries for each machine.")
        arrays[column] = np.array([values[name] for name in names], dtype=np.float64)
        if not (np.isfinite(arrays[column]).all() and (arrays[column] >= 0).all()):
            raise DataFileError(f"{path}: {column} must be finite and at least 0.")
    return EntryTable(
        digest=hashlib.sha256(data).hexdigest(),
        entries=entries,
        times_ms={name: arrays[f"{name}_ms"] for name in TIMED},
        energies_mj={name: arrays[f"{name}_mj"] for name in WITH_ENERGY},
    )


def _columns() -> dict[str, str]:
    """Return the columns, and what the benchmark's pickle calls them."""
    times = {f"{name}_ms": f"{name}_latency" for name in TIMED}
    return times | {f"{name}_mj": f"{name}_energy" for name in WITH_ENERGY}


def _of_csv(data: bytes, path: Path) -> dict[str, dict[str, float]]:
    """Return ``{column: {entry: value}}`` of a CSV file."""
    table = parse_csv(text_of(data, path=path, kind=_KIND), path=path)
    missing = [name for name in ("entry", *_columns()) if name not in table.names]
    if missing:
        raise DataFileError(
            f"{path} must have the columns entry, {', '.join(_columns())}, got no {missing[0]}."
        )
    names = table.column("entry")
    if len(set(names)) < len(names):
        raise DataFileError(f"{path} must have each entry once.")
    return {
        column: {
            name: number(text, name=column, where=table.where(row), least=0.0)
            for row, (name, text) in enumerate(zip(names, table.column(column), strict=True))
        }
        for column in _columns()
    }


def _of_pickle(data: bytes, path: Path) -> dict[str, dict[str, float]]:
    """Return ``{column: {entry: value}}`` of the benchmark's pickle."""
    try:
        tables = plain_pickle(data)["fbnet"]
        found = {column: tables[key] for column, key in _columns().items()}
        columns = {
            column: {str(name): float(value) for name, value in dict(values).items()}
            for column, values in found.items()
        }
    except (ValueError, KeyError, TypeError, IndexError, OverflowError) as error:
        reason = f"it lacks {error}" if isinstance(error, KeyError) else error
        raise DataFileError(
            f"{path} must be HW-NAS-Bench-v1_0.pickle, with a table of FBNet blocks a machine: "
            f"{reason}."
        ) from error
    return columns
