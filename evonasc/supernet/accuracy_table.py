"""The error of networks from a table of the user: columns ``arch_str`` and ``error``.

``evonasc supernet scores`` writes such a table; any other source of errors can.
"""

from pathlib import Path

import numpy as np

from evonasc.arrays import FloatArray, IntArray
from evonasc.errors import DataFileError, EvaluationError, GenomeError
from evonasc.nasbench201.cells import (
    N_CELLS,
    canonical_cells,
    canonical_connected_cells,
    cell_number,
    is_connected,
    parse_arch_strings,
)
from evonasc.space import DesignSpace
from evonasc.supernet.csv_rows import read_rows
from evonasc.supernet.scores import require_nasbench201

#: Of a file that gives errors of networks.
ERROR_COLUMNS = ("arch_str", "error")


def read_accuracy_table(path: Path) -> FloatArray:
    """Return the error of every canonical cell by its number, ``(15625,)``; NaN for the rest.

    A network written in several ways has the mean of its rows. Rows of cells without a path from
    input to output may have no error and are left out.

    Raises:
        DataFileError: Unreadable, other columns, a row that is none, or networks missing.
    """
    return _mean_errors(path, read_rows(path, ERROR_COLUMNS, what="the accuracy table"))


def _mean_errors(path: Path, rows: list[tuple[int, list[str]]]) -> FloatArray:
    """Check the rows and average those of the same network."""
    total, count = np.zeros(N_CELLS), np.zeros(N_CELLS, dtype=np.int64)
    for line, (cell_text, error_text) in rows:
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
