"""A choice of networks: its digest, the file or the split edge it comes from, who may score it."""

import hashlib
from pathlib import Path

import numpy as np

from evonasc.arrays import IntArray
from evonasc.errors import ConfigError, DataFileError
from evonasc.nasbench201.cells import EDGES, OPERATIONS, canonical_connected_cells, cell_number
from evonasc.supernet.csv_rows import connected_cell, read_rows

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


def parts_of_edge(edge: int) -> dict[str, IntArray]:
    """Return the canonical connected cells, ``(n, 6)``, by their operation on an edge.

    Args:
        edge: Number of the edge, in the order of :data:`evonasc.nasbench201.cells.EDGES`.

    Raises:
        ConfigError: No such edge.
    """
    if not 0 <= edge < len(EDGES):
        raise ConfigError(f"The edge to split must lie in [0, {len(EDGES) - 1}], got {edge}.")
    cells = canonical_connected_cells()
    return {name: cells[cells[:, edge] == gene] for gene, name in enumerate(OPERATIONS)}


def require_trained_for(
    training: dict[str, object], networks: IntArray | None, *, where: Path
) -> None:
    """Refuse networks that a supernet was not trained for.

    Args:
        training: The supernet's training configuration; of its networks it gives the digest alone.
        networks: ``(n, 6)`` canonical connected cells to run; None for all.
        where: The supernet's file, for the message.

    Raises:
        ConfigError: The supernet was trained for a choice of networks, and these are others.
    """
    trained_for = training.get("networks")
    wanted = canonical_connected_cells() if networks is None else networks
    if not trained_for or trained_for == networks_digest(wanted):
        return
    parts = [part for edge in range(len(EDGES)) for part in parts_of_edge(edge).values()]
    if any(trained_for == networks_digest(part) for part in parts):
        is_in_place = where.parent.name in OPERATIONS
        folder = where.parent.parent if is_in_place else "FOLDER, that of all its parts"
        raise ConfigError(
            f"{where} was trained for one operation on a split edge and can run no other networks. "
            f"Score all parts together with: evonasc supernet score --weights {folder}"
        )
    raise ConfigError(
        f"{where} was trained for a choice of networks and can run no others. Score these with "
        "evonasc supernet score --networks and the list that it was trained with; for all networks "
        "train a supernet without --networks."
    )
