"""The error of networks from a table of the user: columns ``arch_str`` and ``error``.

``evonasc supernet scores`` writes such a table; any other source of errors can.
"""

import csv
import io
from pathlib import Path

import numpy as np

from evonasc.accuracy.scores import require_nasbench201
from evonasc.arrays import FloatArray, IntArray
from evonasc.errors import DataFileError, EvaluationError, GenomeError
from evonasc.space import DesignSpace
from evonasc.space.nasbench201 import (
    N_CELLS,
    canonical_cells,
    canonical_connected_cells,
    cell_number,
    is_connected,
    parse_arch_strings,
)

_COLUMNS = ("arch_str", "error")


def read_accuracy_table(path: Path) -> FloatArray:
    """Return the error of every canonical cell by its number, ``(15625,)``; NaN for the rest.

    A network written in several ways has the mean of its rows. Rows of cells without a path from
    input to output may have no error and are left out.

    Raises:
        DataFileError: Unreadable, other columns, a row that is none, or networks missing.
    """
    return _mean_errors(path, read_error_rows(path, what="the accuracy table"))


def read_error_rows(path: Path, *, what: str) -> list[tuple[int, str, str]]:
    """Return the line number, ``arch_str`` and ``error`` of every row of a CSV file, as text.

    Args:
        path: With these two columns at least.
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
        if set(_COLUMNS) - set(reader.fieldnames or ()):
            found = ", ".join(reader.fieldnames or ()) or "none"
            raise DataFileError(f"{path} must have the columns arch_str, error, got {found}.")
        return [(reader.line_num, row["arch_str"] or "", row["error"] or "") for row in reader]
    except csv.Error as error:
        raise DataFileError(f"{path} is no table of comma-separated values ({error}).") from error


def _mean_errors(path: Path, rows: list[tuple[int, str, str]]) -> FloatArray:
    """Check the rows and average those of the same network."""
    total, count = np.zeros(N_CELLS), np.zeros(N_CELLS, dtype=np.int64)
    for line, cell_text, error_text in rows:
        try:
            cell = parse_arch_strings([cell_text])
        except GenomeError as error:
            raise DataFileError(f"{path}, line {line}: {error}") from error
        if not is_connected(cell)[0]:
            continue
        try:
            value = float(error_text)
        except ValueError:
            value = np.nan
        if not 0 <= value <= 1:
            raise DataFileError(
                f"{path}, line {line}: error must be a fraction in [0, 1], got {error_text!r}."
            )
        (number,) = cell_number(canonical_cells(cell))
        total[number] += value
        count[number] += 1
    numbers = cell_number(canonical_connected_cells())
    n_missing = int((count[numbers] == 0).sum())
    if n_missing:
        raise DataFileError(
            f"{path} must give the error of all {len(numbers)} networks, {n_missing} are missing. "
            "For the form see: evonasc supernet scores --out FILE.csv"
        )
    errors = np.full(N_CELLS, np.nan)
    errors[numbers] = total[numbers] / count[numbers]
    return errors


class TableError:
    """The error of networks, looked up in the user's table.

    Args:
        path: CSV file with columns ``arch_str`` and ``error`` (fractions), of every network.

    Raises:
        DataFileError: See :func:`read_accuracy_table`.
    """

    def __init__(self, path: Path) -> None:
        self._error = read_accuracy_table(path)
        self.provenance = f"error: the user's table {path.name}."

    def error(self, genes: IntArray, *, designs: DesignSpace) -> FloatArray:
        """Return the error of canonical designs, fractions, ``(n,)``.

        Raises:
            ConfigError: The designs are of another space than NAS-Bench-201.
            EvaluationError: A disconnected cell.
        """
        require_nasbench201(designs)
        cells = designs.operations(genes)
        error = self._error[cell_number(cells)]
        missing = np.flatnonzero(np.isnan(error))
        if missing.size:
            raise EvaluationError(f"The table has no cell {cells[missing[0]].tolist()}.")
        return error
