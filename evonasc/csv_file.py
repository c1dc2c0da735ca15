"""The one reader of CSV files, strict: what does not fit its header is refused, and where.

A row that is longer than its header is most often one whose numbers have decimal commas; read
leniently, ``12,4`` becomes 12 and ``0,2608`` becomes 0.
"""

import csv
import io
import logging
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from evonasc.errors import DataFileError
from evonasc.inputs import file_text
from evonasc.names import from_cell

logger = logging.getLogger(__name__)

#: Rows that are read at most.
MOST_ROWS = 1_000_000
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", re.ASCII)


@dataclass(frozen=True)
class CsvTable:
    """A header and rows as long as it, blanks around names and fields taken off."""

    #: Its file, for messages.
    path: Path
    #: The columns, each once.
    names: tuple[str, ...]
    #: Of each row, the line in which it ends.
    lines: list[int]
    #: Of each row, the fields.
    rows: list[list[str]]

    def column(self, name: str) -> list[str]:
        """Return the fields of a column that the file has."""
        place = self.names.index(name)
        return [row[place] for row in self.rows]

    def where(self, row: int) -> str:
        """Name a row for a message."""
        return f"{self.path}, line {self.lines[row]}"


def read_csv(path: Path, columns: Sequence[str], *, kind: str) -> CsvTable:
    """Read a CSV file of the user.

    Fields are separated by commas; by semicolons where the header has those and no comma, which is
    logged. Any end of a line is one, empty lines are none.

    Args:
        path: The file.
        columns: That it must have; it may have others.
        kind: What it should be, for messages.

    Raises:
        DataFileError: It cannot be read, is no such file, lacks a column or has one twice, or a row
            is longer or shorter than the header.
    """
    table = parse_csv(file_text(path, kind=kind), path=path)
    missing = [name for name in columns if name not in table.names]
    if missing:
        # a quotation mark too many makes a name of several lines
        found = " ".join(", ".join(table.names).split())[:200] or "none"
        word = "column" if len(columns) == 1 else "columns"
        raise DataFileError(f"{path} must have the {word} {', '.join(columns)}, got {found}.")
    return table


def parse_csv(text: str, *, path: Path) -> CsvTable:
    """Return the table that a text holds, empty for an empty one; raises as :func:`read_csv`."""
    first, *_ = text.splitlines() or [""]
    is_semicolon = ";" in first and "," not in first
    if is_semicolon:
        logger.warning("%s: its fields are separated by semicolons.", path)
    # any end of a line is one, as in a file opened as text
    source = io.StringIO(text, newline=None)
    reader = csv.reader(source, delimiter=";" if is_semicolon else ",", strict=True)
    try:
        names = tuple(from_cell(name.strip()) for name in next(reader, []))
        _require_names(names, path)
        lines, rows = list[int](), list[list[str]]()
        for row in reader:
            if not row or (len(names) > 1 and not any(field.strip() for field in row)):
                continue
            if len(row) != len(names):
                remedy = (
                    "Write numbers with a point, not with a comma, and texts with commas in quotes."
                    if len(row) > len(names)
                    else "Fill them in, or leave the row out."
                )
                raise DataFileError(
                    f"{path}, line {reader.line_num}: a row must have {len(names)} fields as the "
                    f"header has, got {len(row)}. {remedy}"
                )
            if len(rows) == MOST_ROWS:
                raise DataFileError(f"{path} must have at most {MOST_ROWS} rows, got more.")
            lines.append(reader.line_num)
            rows.append([from_cell(field.strip()) for field in row])
    except csv.Error as error:
        raise DataFileError(f"{path} is no table of comma-separated values ({error}).") from error
    return CsvTable(path, names, lines, rows)


def _require_names(names: Sequence[str], path: Path) -> None:
    """Refuse a header with a name twice; columns without a name are nobody's."""
    named = [name for name in names if name]
    twice = [name for name in dict.fromkeys(named) if named.count(name) > 1]
    if twice:
        raise DataFileError(f"{path} must have each column once, got {twice[0][:80]!r} twice.")


def number(
    text: str,
    *,
    name: str,
    where: str,
    least: float = -math.inf,
    most: float = math.inf,
    wanted: str = "a finite number",
) -> float:
    """Return the finite number that a field holds.

    Args:
        text: The field.
        name: Of its column.
        where: File and line, for messages.
        least: The least that it may be.
        most: The most that it may be.
        wanted: Says that for people.

    Raises:
        DataFileError: It holds none, or another one.
    """
    value = float(text) if _NUMBER.fullmatch(text) else math.nan
    if not (math.isfinite(value) and least <= value <= most):
        comma = " Write it with a point, not with a comma." if "," in text else ""
        raise DataFileError(f"{where}: {name} must be {wanted}, got {text[:40]!r}.{comma}")
    return value
