"""The store of a run: one SQLite file with everything evaluated, a transaction a batch.

A batch is committed when :meth:`RunStore.append` returns, and stays whatever becomes of the
process (SQLite's write-ahead log). Each batch has a checksum, so that ``runs/stored.py`` can tell
what is left of a file that was damaged, and a search goes on from there.
"""

import contextlib
import json
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import numpy as np

from evonasc.arrays import IntArray
from evonasc.errors import ConfigError
from evonasc.runs.stored import APPLICATION, FORMAT, Stored, beside, checksum_of, require_ours
from evonasc.search.evaluation import Evaluated, part_of

_TABLES = """
CREATE TABLE batches (
    first INTEGER PRIMARY KEY,  -- number of its first design, from 0
    n INTEGER NOT NULL,
    columns TEXT NOT NULL,  -- JSON: names, and the type of each, d or q
    genes BLOB NOT NULL,  -- (n, n_genes), int64, little endian
    numbers BLOB NOT NULL,  -- (n_columns, n), 8 bytes each
    failures TEXT NOT NULL,  -- JSON: row of the batch -> reason
    seconds REAL NOT NULL,  -- of the search so far
    checksum INTEGER NOT NULL  -- CRC-32 of all that
);
"""
#: Designs in a batch of a store that is written anew.
_MENDED_AT_ONCE = 10_000


class RunStore:
    """A store that is written; a context manager.

    Args:
        path: Made if it is not there.

    Raises:
        ConfigError: It cannot be written, or is no store.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        is_new = not path.exists()
        with _told(path):
            # One statement is one transaction, unless we say otherwise.
            self._base = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            try:
                self._base.execute("PRAGMA journal_mode = WAL")
                self._base.execute("PRAGMA synchronous = NORMAL")  # what is lost is told by sums
                if is_new:
                    self._base.execute(f"PRAGMA application_id = {APPLICATION}")
                    self._base.execute(f"PRAGMA user_version = {FORMAT}")
                    self._base.executescript(_TABLES)
                require_ours(self._base, path)
                (self._n,) = self._base.execute(
                    "SELECT coalesce(max(first + n), 0) FROM batches"
                ).fetchone()
            except BaseException:
                self._base.close()
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __len__(self) -> int:
        return int(self._n)

    def close(self) -> None:
        """Close the file; nothing is lost without."""
        with contextlib.suppress(sqlite3.Error):  # a full disk: the log stays beside the file
            self._base.close()

    def append(self, genes: IntArray, found: Evaluated, *, seconds: float) -> None:
        """Add a batch; it is there for good when this returns, or not at all.

        Raises:
            ConfigError: It cannot be written.
        """
        kinds = {
            name: "q" if np.issubdtype(values.dtype, np.integer) else "d"
            for name, values in found.columns.items()
        }
        row = (
            self._n,
            len(genes),
            json.dumps(kinds),
            genes.astype("<i8").tobytes(),
            b"".join(
                values.astype("<i8" if kinds[name] == "q" else "<f8").tobytes()
                for name, values in found.columns.items()
            ),
            json.dumps(found.failures),
            seconds,
        )
        with _told(self._path):
            self._base.execute(
                "INSERT INTO batches VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (*row, checksum_of(row))
            )
        self._n += len(genes)


def mend_store(path: Path, stored: Stored) -> Path:
    """Write a damaged store anew with what could be read of it; return where the damaged one is.

    Raises:
        ConfigError: It cannot be written.
    """
    fresh, damaged = path.with_suffix(".mended"), path.with_suffix(".damaged")
    for left in (fresh, *beside(fresh)):
        left.unlink(missing_ok=True)
    with RunStore(fresh) as store:
        for start in range(0, len(stored), _MENDED_AT_ONCE):
            part = slice(start, start + _MENDED_AT_ONCE)
            store.append(stored.genes[part], part_of(stored.found, part), seconds=stored.seconds)
    with _told(path):
        os.replace(path, damaged)
        for left in beside(path):  # the log of the damaged file is not that of the new one
            left.unlink(missing_ok=True)
        os.replace(fresh, path)
    return damaged


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    """Tell in one line why a store cannot be written.

    Raises:
        ConfigError: It cannot.
    """
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise ConfigError(
            f"Cannot write {path}: {reason or error}. What was written before is kept. Make room, "
            "or choose another place."
        ) from error
