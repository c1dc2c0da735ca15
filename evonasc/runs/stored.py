"""Reading the store of a run, whoever wrote it and however it ended; see ``runs/store.py``.

Of a file that was damaged the batches before the damage are read.
"""

import contextlib
import json
import os
import shutil
import sqlite3
import tempfile
import zlib
from collections.abc import Iterator, KeysView
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from evonasc.arrays import FloatArray, IntArray
from evonasc.errors import DataFileError
from evonasc.inputs import MOST_ARRAYS
from evonasc.search.evaluation import Evaluated, joined

STORE_FILE = "run.sqlite"
#: Marks the file as ours ("evon"), and says how it is laid out.
APPLICATION, FORMAT = 0x65766F6E, 1
#: The columns of the one table, ``batches``; the last is the CRC-32 of the others.
COLUMNS = ("first", "n", "columns", "genes", "numbers", "failures", "seconds", "checksum")
#: How a file of SQLite begins.
_HEAD = b"SQLite format 3\0"
#: Longest value of a file that is read, bytes.
_LONGEST = 2**28


@dataclass(frozen=True)
class Stored:
    """What a store holds, in the order of evaluation."""

    #: ``(n, n_genes)`` canonical designs.
    genes: IntArray
    found: Evaluated
    #: Of the search, up to the last batch.
    seconds: float
    #: What is wrong with the rest of the file; empty where it is whole.
    damage: str = ""

    def __len__(self) -> int:
        return len(self.genes)


def read_store(path: Path, *, n_genes: int | None = None) -> Stored:
    """Return what a store holds; of a damaged one, what stands before the damage.

    Args:
        path: Of the file; somebody may be writing it.
        n_genes: Genes of a design; None for what the first batch says.

    Raises:
        DataFileError: It is missing, no store, or too large.
    """
    genes: list[IntArray] = []
    parts: list[Evaluated] = []
    n_read, seconds, damage, n_bytes = 0, 0.0, "", 0
    with _reading(path) as base:
        try:
            rows = base.execute(f"SELECT {', '.join(COLUMNS)} FROM batches ORDER BY first")
            for row in rows:
                n_bytes += len(row[3]) + len(row[4])
                if n_bytes > MOST_ARRAYS:
                    raise DataFileError(
                        f"{path} must hold at most {MOST_ARRAYS} bytes of designs, got more."
                    )
                if row[0] != n_read or row[-1] != checksum_of(row[:-1]):
                    raise ValueError("the checksum is another")
                some, found, taken = _genes(row, n_genes), _found(row), float(row[6])
                named = _named(parts)
                if named and found.columns and found.columns.keys() != named:
                    raise ValueError("other columns than before")
                genes.append(some)
                parts.append(found)
                n_genes, n_read, seconds = some.shape[1], n_read + len(some), taken
        except (sqlite3.Error, ValueError, TypeError) as error:
            damage = f"damaged after design {n_read}: {error}"
    found = joined(parts, n_rows=[len(some) for some in genes])
    empty = np.zeros((0, n_genes or 0), dtype=np.int64)
    return Stored(np.concatenate([empty, *genes]), found, seconds, damage)


def count_stored(path: Path) -> tuple[int, float]:
    """Return how many designs a store holds, and the seconds that the search took for them.

    Raises:
        DataFileError: It is missing, damaged, or no store.
    """
    with _reading(path) as base:
        try:
            n, seconds = base.execute(
                "SELECT coalesce(sum(n), 0), coalesce(max(seconds), 0) FROM batches"
            ).fetchone()
            return int(n), float(seconds)
        except (sqlite3.Error, TypeError, ValueError, OverflowError) as error:
            raise DataFileError(f"{path} is damaged: {error}.") from error


def beside(path: Path) -> list[Path]:
    """Return the files that SQLite keeps beside one while it is open."""
    return [path.with_name(f"{path.name}{end}") for end in ("-wal", "-shm")]


def _named(parts: list[Evaluated]) -> KeysView[str]:
    """Return the names of the columns of the first batch that has any."""
    return next((part.columns.keys() for part in parts if part.columns), {}.keys())


def _has_log(path: Path) -> bool:
    """Tell whether part of a store is in its log: somebody writes it, or was killed."""
    log = beside(path)[0]
    return log.exists() and log.stat().st_size > 0


def checksum_of(row: tuple[object, ...]) -> int:
    """Return the CRC-32 of the values of a row."""
    checksum = 0
    for value in row:
        data = value if isinstance(value, bytes) else repr(value).encode()
        checksum = zlib.crc32(data, checksum)
    return checksum


def _genes(row: tuple[object, ...], n_genes: int | None) -> IntArray:
    """Return the genes of a batch, ``(n, n_genes)``.

    Raises:
        ValueError: They are not as many as the batch says.
    """
    n, data = row[1], row[3]
    if not isinstance(n, int) or not isinstance(data, bytes) or n < 1:
        raise ValueError("no genes")
    width = len(data) // (8 * n) if n_genes is None else n_genes
    return np.frombuffer(data, dtype="<i8").reshape(n, width).astype(np.int64)


def _found(row: tuple[object, ...]) -> Evaluated:
    """Return what a batch says of its designs.

    Raises:
        ValueError: It does not hold what it should.
        TypeError: Likewise.
    """
    n, numbers = row[1], row[4]
    kinds, failures = json.loads(str(row[2])), json.loads(str(row[5]))
    if not isinstance(n, int) or not isinstance(numbers, bytes) or not isinstance(kinds, dict):
        raise ValueError("no numbers")
    if len(numbers) != 8 * n * len(kinds) or not isinstance(failures, dict):
        raise ValueError("numbers are missing")
    columns: dict[str, FloatArray] = {}
    for place, (name, kind) in enumerate(kinds.items()):
        if kind not in ("d", "q"):
            raise ValueError("numbers of another type")
        part = numbers[8 * n * place : 8 * n * (place + 1)]
        columns[name] = np.frombuffer(part, dtype="<f8" if kind == "d" else "<i8").copy()
    named = {int(place): str(reason) for place, reason in failures.items()}
    if any(not 0 <= place < n for place in named):
        raise ValueError("failures of no design")
    is_known = np.ones(n, dtype=bool)
    is_known[list(named)] = False
    if any(not np.isfinite(values[is_known]).all() for values in columns.values()):
        raise ValueError("numbers that are not finite")
    return Evaluated(columns, named)


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a store to be read, whoever made it: no triggers, views or functions of its own.

    Raises:
        DataFileError: It is missing, or no store.
    """
    if not path.is_file():
        raise DataFileError(f"Cannot read {path}: no such file. Expected a run folder.")
    base, padded = None, None
    try:
        padded = _padded(path)
        source = path if padded is None else Path(padded.name)
        # Where no log is to be read too, nothing needs to be made beside the file.
        how = "mode=ro" if _has_log(path) else "mode=ro&immutable=1"
        base = sqlite3.connect(f"{source.resolve().as_uri()}?{how}", uri=True)
        base.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST)
        base.execute("PRAGMA trusted_schema = OFF")
        base.execute("PRAGMA cell_size_check = ON")
        require_ours(base, path)
        yield base
    except sqlite3.Error as error:
        raise DataFileError(f"{path} is no store of a run ({error}).") from error
    finally:
        if base is not None:
            base.close()
        if padded is not None:
            padded.close()


def _padded(path: Path) -> IO[bytes] | None:
    """Return a copy of a file that lost its end, filled up by zeros, else None.

    SQLite reads nothing of a file that is shorter than its head says; of one that is as long it
    reads what is there.
    """
    with path.open("rb") as file:
        head = file.read(100)
        size = os.fstat(file.fileno()).st_size
        page, n_pages = int.from_bytes(head[16:18]), int.from_bytes(head[28:32])
        missing = (page if page > 1 else 65536) * n_pages - size
        if not head.startswith(_HEAD) or missing <= 0 or _has_log(path):
            return None
        if page * n_pages > 2 * MOST_ARRAYS:  # nobody wrote so much
            return None
        copy = tempfile.NamedTemporaryFile(suffix=".sqlite")  # noqa: SIM115  # closed by who asked
        file.seek(0)
        shutil.copyfileobj(file, copy)
        copy.truncate(size + missing)
        copy.flush()
    return copy


def require_ours(base: sqlite3.Connection, path: Path) -> None:
    """Refuse a file that is no store of this version.

    Raises:
        DataFileError: It is none.
    """
    (application,) = base.execute("PRAGMA application_id").fetchone()
    (version,) = base.execute("PRAGMA user_version").fetchone()
    try:
        objects = base.execute("SELECT type, name FROM sqlite_schema").fetchall()
    except UnicodeDecodeError as error:  # sqlite3 raises it for a damaged name or statement
        raise DataFileError(f"{path} is damaged: its schema is no text.") from error
    if application != APPLICATION or objects != [("table", "batches")]:
        raise DataFileError(f"{path} is no store of a run.")
    if version != FORMAT:
        raise DataFileError(
            f"{path} must be of format {FORMAT}, got {version}: it was made by another version of "
            "evonasc."
        )
