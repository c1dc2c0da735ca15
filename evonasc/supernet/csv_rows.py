"""Rows of a user's CSV file about networks, with the line each stands in."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from evonasc.arrays import IntArray
from evonasc.csv_file import number, read_csv
from evonasc.errors import DataFileError, GenomeError
from evonasc.space import SearchSpace


def read_rows(path: Path, columns: Sequence[str], *, kind: str) -> list[tuple[int, list[str]]]:
    """Return the line number and some columns' values, as text, of every row of a CSV file.

    Raises:
        DataFileError: Unreadable, no CSV file, or without these columns; ``kind`` names the file.
    """
    table = read_csv(path, columns, kind=kind)
    fields = [list(row) for row in zip(*map(table.column, columns), strict=True)]
    return list(zip(table.lines, fields, strict=True))


def networks_of(
    rows: Sequence[tuple[int, list[str]]], space: SearchSpace, *, path: Path
) -> IntArray:
    """Return the networks that the first value of each row names, as they are spelled.

    Raises:
        DataFileError: One names none.
    """
    if not rows:
        return np.empty((0, space.n_operation_genes), dtype=np.int64)
    try:
        return space.from_text([values[0] for _, values in rows])
    except GenomeError:
        for line, values in rows:  # to say which
            try:
                space.from_text(values[:1])
            except GenomeError as error:
                raise DataFileError(f"{path}, line {line}: {error}") from error
        raise


def connected_network(text: str, space: SearchSpace, *, where: str) -> IntArray:
    """Return the canonical network ``(1, n_operation_genes)`` that a row names in ``text``.

    Raises:
        DataFileError: No network, or one without a path from input to output.
    """
    try:
        network = space.from_text([text])
    except GenomeError as error:
        raise DataFileError(f"{where}: {error}") from error
    if not space.is_connected(network)[0]:
        raise DataFileError(
            f"{where}: the network must have a path from input to output, got {text!r}."
        )
    return space.canonical(network)


def fraction(text: str, *, where: str) -> float:
    """Return the error that a row gives, a fraction, or raise a DataFileError."""
    wanted = "a fraction in [0, 1]"
    return number(text, name="error", where=where, least=0.0, most=1.0, wanted=wanted)
