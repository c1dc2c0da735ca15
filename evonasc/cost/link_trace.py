"""Recorded rates of a link: a file of times and rates becomes a distribution of sending times.

A row's rate holds from its time until the next row's; the last row holds as long as its trace's
rows do at the median. Of rows of the same time the last one counts. A request arrives at any moment
with equal chance, so rates count by the time they last, and the rate it meets holds until its
payload is through (payloads take milliseconds, rows seconds). Where the rate is 0 the link is down:
who arrives then waits until it is up again, a time drawn uniformly up to the outage's length, and
sends at the rate that follows. A trace begins anew when it ends.

Columns: ``time_s`` (or ``t_s``), or ``timestamp`` (ISO 8601, UTC where it names no zone), and
``mbps``. A file with a ``trace_id`` (and a ``dataset``) holds
several traces, told apart by it and counted together.
"""

import hashlib
import importlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from evonasc.arrays import FloatArray
from evonasc.csv_file import MOST_ROWS, number, parse_csv
from evonasc.errors import DataFileError, MissingDependencyError
from evonasc.inputs import file_bytes, text_of

#: What is read at most: a file that is larger is no trace of one link.
MOST_BYTES = 64 * 2**20
#: Rates, Mbit/s, that are above 0 and can be meant: one bit a second to 100 terabits.
LEAST_MBPS, MOST_MBPS = 1e-6, 1e8
_TIME_COLUMNS, _STAMP_COLUMN, _RATE_COLUMN = ("time_s", "t_s"), "timestamp", "mbps"
_NAME_COLUMNS = ("dataset", "trace_id")


@dataclass(frozen=True, eq=False)
class LinkTrace:
    """How long a link has which rate, and how often one has to wait for it; k kinds of moment."""

    #: Where it was read, for people.
    source: str
    #: SHA-256 of the file and of the trace chosen in it.
    sha256: str
    #: ``(k,)`` rates at which a request is sent, Mbit/s, all positive.
    mbps: FloatArray
    #: ``(k,)`` longest wait before that, ms; 0 where the link is up.
    outage_ms: FloatArray
    #: ``(k,)`` share of the time, summing to 1.
    weights: FloatArray
    #: Recorded time, s, rows and traces.
    seconds: float
    n_rows: int
    n_traces: int

    @property
    def outage_share(self) -> float:
        """Share of the time in which the link is down, [0, 1)."""
        return float(self.weights[self.outage_ms > 0].sum())

    def rate_quantile(self, share: float) -> float:
        """Return the largest rate that is met or exceeded for at least ``share`` of the time."""
        order = np.argsort(-self.mbps)
        return float(self.mbps[order][np.cumsum(self.weights[order]).searchsorted(share - 1e-12)])


#: Name, times (s) and rates (Mbit/s) of one trace.
_Rows = tuple[str, FloatArray, FloatArray]


def read_trace(text: str) -> LinkTrace:
    """Read a trace.

    Args:
        text: ``FILE`` or ``FILE#NAME``: a CSV file, or a Parquet file where pyarrow is installed;
            NAME is one ``trace_id`` or ``dataset`` of a file that holds several. A file whose own
            name has a ``#`` is found first.

    Raises:
        DataFileError: The file cannot be read, is too large, or holds something that is no trace.
        MissingDependencyError: A Parquet file without pyarrow.
    """
    path, chosen = _place(text)
    data = file_bytes(path, kind="link trace", most=MOST_BYTES)
    table = _parquet(path, data) if path.suffix == ".parquet" else _csv(path, data)
    traces = [rows for rows in _traces(path, table, chosen) if len(rows[1])]
    if not traces:
        raise DataFileError(f"{path} must hold at least one row of time_s and mbps, got none.")
    pieces = [_moments(path, rows) for rows in traces]
    mbps, outage_ms, seconds = (np.concatenate(column) for column in zip(*pieces, strict=True))
    kinds, which = np.unique(np.stack([mbps, outage_ms]), axis=1, return_inverse=True)
    shares = np.bincount(which.ravel(), weights=seconds / seconds.sum())
    return LinkTrace(
        source=text,
        sha256=hashlib.sha256(data + b"#" + chosen.encode()).hexdigest(),
        mbps=kinds[0],
        outage_ms=kinds[1],
        weights=shares.astype(np.float64),
        seconds=float(seconds.sum()),
        n_rows=sum(len(times) for _, times, _ in traces),
        n_traces=len(traces),
    )


def _place(text: str) -> tuple[Path, str]:
    """Return the file of a trace and the name of the one wanted in it, empty for all."""
    file, mark, chosen = text.rpartition("#")
    if not mark or Path(text).exists() or "/" in chosen:
        return Path(text), ""
    return Path(file), chosen


def _csv(path: Path, data: bytes) -> dict[str, Sequence[Any]]:
    """Return the columns of a CSV file as text."""
    table = parse_csv(text_of(data, path=path, kind="link trace"), path=path)
    return {name: table.column(name) for name in table.names if name}


def _parquet(path: Path, data: bytes) -> dict[str, Sequence[Any]]:
    """Return the columns of a Parquet file."""
    try:  # by name: pyarrow is no dependency of evonasc, and 40 MB
        pyarrow = importlib.import_module("pyarrow")
        parquet = importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        raise MissingDependencyError(
            f"Reading {path} needs pyarrow. Install it with: pip install pyarrow, or convert the "
            "file to CSV."
        ) from error
    try:
        file = parquet.ParquetFile(pyarrow.BufferReader(data))
        n_rows = int(file.metadata.num_rows)
        _refuse_too_many(path, n_rows)
        wanted = {*_TIME_COLUMNS, _STAMP_COLUMN, _RATE_COLUMN, *_NAME_COLUMNS}
        names = [name for name in file.schema_arrow.names if name in wanted]
        table = file.read(columns=names)
        return {name: table.column(name).to_pylist() for name in names}
    except (pyarrow.ArrowException, OSError) as error:
        raise DataFileError(f"{path} is no Parquet file: {error}.") from error


def _refuse_too_many(path: Path, n_rows: int) -> None:
    """Refuse more rows than are read."""
    if n_rows > MOST_ROWS:
        raise DataFileError(
            f"A link trace must have at most {MOST_ROWS} rows, got more in {path}. Keep the part "
            "you need."
        )


def _traces(path: Path, table: dict[str, Sequence[Any]], chosen: str) -> Iterable[_Rows]:
    """Return the traces of a table, those that were asked for."""
    time_name = next((name for name in _TIME_COLUMNS if name in table), None)
    is_dated = time_name is None and _STAMP_COLUMN in table
    if _RATE_COLUMN not in table or (time_name is None and not is_dated):
        got = ", ".join(map(repr, list(table)[:8])) or "none"
        raise DataFileError(
            f"{path} must have the columns time_s (or timestamp) and mbps, got {got}."
        )
    _refuse_too_many(path, len(table[_RATE_COLUMN]))
    if time_name is None:
        seconds = _seconds(path, table[_STAMP_COLUMN])
    else:
        seconds = _numbers(path, time_name, table[time_name])
    mbps = _numbers(path, _RATE_COLUMN, table[_RATE_COLUMN])
    is_fine = ((mbps >= LEAST_MBPS) & (mbps <= MOST_MBPS)) | (mbps == 0)
    if not is_fine.all():
        row = int(np.flatnonzero(~is_fine)[0])
        raise DataFileError(
            f"mbps must be 0 (down) or lie in [{LEAST_MBPS:g}, {MOST_MBPS:g}], got {mbps[row]:g} "
            f"in row {row + 1} of {path}."
        )
    columns = [table[name] for name in _NAME_COLUMNS if name in table]
    names = list(zip(*columns, strict=True)) if columns else [()] * len(mbps)
    places: dict[tuple[Any, ...], list[int]] = {}
    for row, name in enumerate(names):
        places.setdefault(name, []).append(row)
    if chosen:
        places = {name: rows for name, rows in places.items() if chosen in map(str, name)}
        if not places:
            raise DataFileError(f"{path} holds no trace_id or dataset {chosen!r}.")
    for name, rows in places.items():
        yield " ".join(map(str, name)), seconds[rows], mbps[rows]


def _seconds(path: Path, stamps: Sequence[Any]) -> FloatArray:
    """Return points in time as seconds after the first of them, which keeps their fractions."""
    read = []
    for row, stamp in enumerate(stamps):
        try:
            moment = stamp if isinstance(stamp, datetime) else datetime.fromisoformat(str(stamp))
        except ValueError as error:
            raise DataFileError(
                f"{_STAMP_COLUMN} must be ISO 8601, as in 2026-01-31T12:00:00Z, got "
                f"{str(stamp)[:40]!r} in row {row + 1} of {path}."
            ) from error
        read.append(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    return np.array([(moment - read[0]).total_seconds() for moment in read])


def _numbers(path: Path, name: str, values: Sequence[Any]) -> FloatArray:
    """Return a column as finite numbers."""
    result = np.empty(len(values))
    for row, value in enumerate(values):
        result[row] = number(str(value), name=name, where=f"{path}, row {row + 1}")
    return result


def _moments(path: Path, rows: _Rows) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return rate (Mbit/s), longest wait (ms) and length (s) of each stretch of one trace."""
    name, times, mbps = rows
    where = f" of {name!r}" if name else ""
    gaps = np.diff(times)
    if (gaps < 0).any():
        row = int(np.flatnonzero(gaps < 0)[0]) + 1
        raise DataFileError(
            f"time_s must not fall from row to row, got {times[row]:g} after "
            f"{times[row - 1]:g}{where} in {path}."
        )
    long = gaps[gaps > 0]
    lengths = np.append(gaps, np.median(long) if len(long) else 1.0)
    lasts = lengths > 0  # of rows of the same time, the last one counts
    lengths, mbps = lengths[lasts], mbps[lasts]
    is_up = mbps > 0
    if not is_up.any():
        raise DataFileError(f"mbps must be above 0 somewhere{where} in {path}: the link is down.")
    # Begin where the link comes up, so that an outage is followed by its end.
    first = int(np.flatnonzero(is_up & ~np.roll(is_up, 1))[0]) if not is_up.all() else 0
    mbps, lengths, is_up = (np.roll(column, -first) for column in (mbps, lengths, is_up))
    starts = np.flatnonzero(is_up | np.concatenate([[True], is_up[:-1]]))  # one a whole outage
    seconds = np.add.reduceat(lengths, starts)
    rates, is_outage = mbps[starts], ~is_up[starts]
    rates = np.where(is_outage, np.roll(rates, -1), rates)
    return rates, np.where(is_outage, seconds * 1e3, 0.0), seconds
