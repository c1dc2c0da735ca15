"""Rows of a user's CSV file about networks, with the line each stands in."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from evonasc.arrays import IntArray
from evonasc.errors import DataFileError, GenomeError
from evonasc.nasbench201.cells import canonical_cells, is_connected, parse_arch_strings


def read_rows(path: Path, columns: Sequence[str], *, what: str) -> list[tuple[int, list[str]]]:
    """Return the line number and the columns' values, as text, of every row of a CSV file.

    Args:
        path: With these columns at least.
        columns: Their names.
        what: Names the file in errors.

    Raises:
        DataFileError: Unreadable, no CSV file, or without these columns.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataFileError(f"Cannot read {what} {path} ({error}).") from error
    try:
        reader = csv.DictReader(io.StringIO(text), strict=True)
        if set(columns) - set(reader.fieldnames or ()):
            found = ", ".join(reader.fieldnames or ()) or "none"
            word = "column" if len(columns) == 1 else "columns"
            raise DataFileError(f"{path} must have the {word} {', '.join(columns)}, got {found}.")
        return [(reader.line_num, [row[name] or "" for name in columns]) for row in reader]
    except csv.Error as error:
        raise DataFileError(f"{path} is no table of comma-separated values ({error}).") from error


def connected_cell(text: str, *, where: str) -> IntArray:
    """Return the canonical cell ``(1, 6)`` that a row names.

    Args:
        text: Its ``arch_str``.
        where: Names file and line in errors.

    Raises:
        DataFileError: No cell, or one without a path from input to output.
    """
    try:
        cell = parse_arch_strings([text])
    except GenomeError as error:
        raise DataFileError(f"{where}: {error}") from error
    if not is_connected(cell)[0]:
        raise DataFileError(
            f"{where}: the network must have a path from input to output, got {text!r}."
        )
    return canonical_cells(cell)
