"""A choice of networks: its digest, and how it is read from a file of the user."""

import hashlib
from pathlib import Path

import numpy as np

from evonasc.accuracy.csv_rows import connected_cell, read_rows
from evonasc.arrays import IntArray
from evonasc.errors import DataFileError
from evonasc.space.nasbench201 import canonical_connected_cells, cell_number

FEWEST_NETWORKS = 2


def read_networks(path: Path) -> IntArray:
    """Return the networks of a CSV file as canonical cells, ``(n, 6)``, in the order of all cells.

    A network written several times, or in several ways, is one network.

    Args:
        path: With a column ``arch_str``; others are not read.

    Raises:
        DataFileError: Unreadable, no such column, a row that is no network with a path, or fewer
            than two networks.
    """
    chosen = {
        int(cell_number(connected_cell(text, where=f"{path}, line {line}"))[0])
        for line, (text,) in read_rows(path, ("arch_str",), what="the list of networks")
    }
    if len(chosen) < FEWEST_NETWORKS:
        raise DataFileError(
            f"{path} must name at least {FEWEST_NETWORKS} different networks, got {len(chosen)}."
        )
    cells = canonical_connected_cells()
    return cells[np.isin(cell_number(cells), list(chosen))]


def networks_digest(networks: IntArray) -> str:
    """Return the SHA-256 of a set of canonical cells ``(n, 6)``, whatever their order."""
    return hashlib.sha256(np.unique(cell_number(networks)).astype("<i8").tobytes()).hexdigest()
