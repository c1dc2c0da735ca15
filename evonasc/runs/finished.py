"""What a run left, read back: its front as columns, and its designs as genes."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evonasc.arrays import FloatArray, IntArray
from evonasc.errors import ConfigError, DataFileError, EvonascError
from evonasc.runs.run import RunConfig, space_of
from evonasc.runs.folder import (
    EVALUATIONS_FILE,
    FRONT_FILE,
    read_config,
    read_front,
    read_summary,
    read_table,
    table_columns,
)
from evonasc.runs.tables import placement_columns
from evonasc.space import DesignSpace, Genome, SearchSpace

#: Columns of a table that are no quantities.
_NAMES = ("id", "arch_str", "network", "split_point", "payload_bits")


@dataclass(frozen=True)
class FinishedRun:
    """The front of a run that ended."""

    config: RunConfig
    #: Its networks.
    space: SearchSpace
    #: Rows of the front as text, by rising first objective.
    rows: list[dict[str, str]]
    #: ``(n,)`` quantities by name, those that are no objectives too.
    columns: dict[str, FloatArray]

    @property
    def points(self) -> FloatArray:
        """Objectives of the front as the search saw them, ``(n, n_obj)``."""
        names = self.config.objectives
        return self.config.searched(np.stack([self.columns[name] for name in names], axis=1))


@dataclass(frozen=True)
class StoredDesigns:
    """Designs that a run evaluated."""

    #: ``(n,)`` numbers of the evaluations.
    ids: IntArray
    #: ``(n, n_genes)`` genes.
    genes: IntArray
    #: ``(n,)`` quantities by name.
    columns: dict[str, FloatArray]

    def row_of(self, number: int) -> int:
        """Return the row of the design with that id.

        Raises:
            ConfigError: There is none.
        """
        rows = np.flatnonzero(self.ids == number)
        if not len(rows):
            raise ConfigError(
                f"ID must be one of the run's, {self.ids.min()} to {self.ids.max()}, got {number}. "
                "The run's front.csv lists those of the front."
            )
        return int(rows[0])


def read_finished(folder: Path) -> FinishedRun:
    """Read the front of a run.

    Raises:
        DataFileError: The folder holds no run, or a damaged one.
        ConfigError: The run did not end, or found nothing.
    """
    config = read_config(folder)
    if read_summary(folder) is None:
        raise ConfigError(
            f"The run in {folder} must have ended, got one without a front. Run it again; `evonasc "
            f"show {folder}` says how far it came."
        )
    space = space_of(config)
    rows = read_front(folder, objectives=config.objectives, space=space)
    if not rows:
        raise ConfigError(f"{folder} has an empty front: nothing was evaluated.")
    return FinishedRun(config, space, rows, _quantities(rows, folder / FRONT_FILE))


def read_designs(folder: Path, designs: DesignSpace) -> StoredDesigns:
    """Read every design that a run evaluated.

    Args:
        folder: Of the run.
        designs: The designs of its problem.

    Raises:
        DataFileError: The file is missing or damaged.
    """
    path = folder / EVALUATIONS_FILE
    rows = read_table(path)
    if not rows:
        raise DataFileError(f"{path} holds no designs.")
    name, n_links = designs.space.text_column, designs.n_links
    numbers = table_columns(rows, ("id", *placement_columns(designs)), where=path)
    try:
        if not (np.isfinite(numbers).all() and (numbers == numbers.round()).all()):
            raise ValueError("numbers that are not whole")
        whole = numbers.astype(np.int64)
        ids = whole[:, 0].tolist()
        operations = designs.space.from_text([str(row[name]) for row in rows]).tolist()
        genomes = [
            Genome(tuple(row), tuple(place[1 : 1 + n_links]), tuple(place[1 + n_links :]))
            for row, place in zip(operations, whole.tolist(), strict=True)
        ]
        genes = designs.encode(genomes)
        if len(set(ids)) < len(ids):
            raise ValueError("one id twice")
    except (KeyError, ValueError, EvonascError) as error:
        raise DataFileError(f"{path} is damaged: {error}") from error
    return StoredDesigns(np.array(ids), genes, _quantities(rows, path))


def require_same(
    folder: Path, stored: StoredDesigns, columns: dict[str, FloatArray], *, rows: Sequence[int]
) -> None:
    """Refuse a run whose numbers are no longer those of its problem.

    Args:
        folder: Of the run.
        stored: What it left.
        columns: ``(n,)`` each, what the problem says today of the designs in ``rows``.
        rows: ``(n,)`` of the designs.

    Raises:
        ConfigError: A quantity changed.
    """
    for name, values in stored.columns.items():
        then = values[list(rows)]
        now = columns.get(name, np.full(len(rows), np.nan))
        changed = np.flatnonzero(~np.isclose(now, then, rtol=1e-6, atol=1e-12))
        if len(changed):
            first = changed[0]
            raise ConfigError(
                f"{name} of design {stored.ids[rows[first]]} must be {then[first]:.6g} as {folder} "
                f"has it, got {now[first]:.6g} today: a table, a trace or evonasc changed since. "
                "Run it again."
            )


def _quantities(rows: list[dict[str, str]], path: Path) -> dict[str, FloatArray]:
    """Return the columns that are quantities, checked to be finite."""
    names = tuple(name for name in rows[0] if name not in _NAMES)
    table = table_columns(rows, names, where=path)
    if not np.isfinite(table).all():
        raise DataFileError(f"{path} is damaged: its numbers must be finite.")
    return dict(zip(names, table.T, strict=True))
