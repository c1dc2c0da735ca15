"""The error of networks looked up in a table, and such a table of the user.

``evonasc supernet errors`` writes one, with a column that names networks and ``error``; any other
source of errors can.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evonasc.arrays import FloatArray, IntArray
from evonasc.benchmark import ErrorKind, ErrorRequest
from evonasc.errors import ConfigError, DataFileError, EvaluationError
from evonasc.space import DesignSpace, SearchSpace
from evonasc.supernet.csv_rows import fraction, networks_of, read_rows
from evonasc.supernet.network_list import require_space


class StoredErrors:
    """Errors, ``(n,)`` fractions, of canonical networks, ``(n, n_operation_genes)``, each once."""

    def __init__(self, space: SearchSpace, networks: IntArray, errors: FloatArray) -> None:
        numbers = space.numbers(networks)
        order = np.argsort(numbers, kind="stable")
        self._space, self._numbers, self._errors = space, numbers[order], errors[order]

    def of_networks(self, networks: IntArray) -> FloatArray:
        """Return the errors of canonical networks, ``(n,)``; NaN where there is none."""
        if len(self._numbers) == 0:
            return np.full(len(networks), np.nan)
        numbers = self._space.numbers(networks)
        rows = np.minimum(np.searchsorted(self._numbers, numbers), len(self._numbers) - 1)
        is_there = np.asarray(self._numbers[rows] == numbers, dtype=bool)
        return np.where(is_there, self._errors[rows], np.nan)

    def of_designs(self, genes: IntArray, *, designs: DesignSpace, what: str) -> FloatArray:
        """Return the errors of canonical designs' networks, ``(n,)``; ``what`` names the table.

        Raises:
            ConfigError: The designs are of another space.
            EvaluationError: A network is not in the table.
        """
        require_space(designs, self._space)
        networks = designs.operations(genes)
        errors = self.of_networks(networks)
        missing = np.flatnonzero(np.isnan(errors))
        if missing.size:
            (text,) = self._space.to_text(networks[missing[:1]])
            raise EvaluationError(f"{what} must hold every network asked for, it lacks {text}.")
        return errors


def read_error_table(path: Path, space: SearchSpace) -> StoredErrors:
    """Read a table of errors.

    A network written in several ways has the mean of its rows. Rows of networks without a path from
    input to output may have no error and are left out.

    It is a CSV file with the space's ``text_column`` and ``error`` (fractions). Where the networks
    can be listed, all of them must be there.

    Raises:
        DataFileError: Unreadable, other columns, a row that is none, or networks missing.
    """
    columns = (space.text_column, "error")
    rows = read_rows(path, columns, kind="accuracy table")
    spelled = networks_of(rows, space, path=path)
    given = np.flatnonzero(space.is_connected(spelled))
    errors = [fraction(rows[i][1][1], where=f"{path}, line {rows[i][0]}") for i in given.tolist()]
    networks, which = space.distinct(space.canonical(spelled[given]))
    listed = space.networks()
    n_missing = 0 if listed is None else len(listed) - len(networks)
    if n_missing or not errors:
        wanted = "one network at least" if listed is None else f"all {len(listed)} networks"
        raise DataFileError(
            f"{path} must give the error of {wanted}, {n_missing or 1} are missing. "
            "For the form see: evonasc supernet errors --out FILE.csv"
        )
    return StoredErrors(space, networks, np.bincount(which, errors) / np.bincount(which))


class ErrorTable:
    """The error of networks, looked up in the user's table; see :func:`read_error_table`."""

    def __init__(self, path: Path, space: SearchSpace) -> None:
        self._errors = read_error_table(path, space)
        self.provenance = f"error: the user's table {path.name}."

    def error(self, genes: IntArray, *, designs: DesignSpace) -> FloatArray:
        """See :meth:`evonasc.benchmark.ErrorSource.error`."""
        return self._errors.of_designs(genes, designs=designs, what="The table of errors")


@dataclass(frozen=True)
class TableOptions:
    """Where the table is."""

    #: CSV file; see :func:`read_error_table`.
    accuracy_table: Path | None = None


def _make(options: TableOptions, request: ErrorRequest) -> ErrorTable:
    """Read the table."""
    if options.accuracy_table is None:
        raise ConfigError(
            "accuracy 'table' and an accuracy table need each other. "
            "Give --accuracy table --accuracy-table FILE.csv."
        )
    return ErrorTable(options.accuracy_table, request.space)


#: The user's table, for any space.
TABLE = ErrorKind(TableOptions, _make)
