"""What a run left, read back: its front as columns, and its designs as genes."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from evonasc.arrays import FloatArray, IntArray
from evonasc.bounds import in_words, is_within
from evonasc.errors import ConfigError, DataFileError, EvonascError, GenomeError
from evonasc.field_types import argument
from evonasc.front import front_rows
from evonasc.runs.config import RunConfig
from evonasc.runs.design_rows import design_rows, placement_columns
from evonasc.runs.folder import (
    CONFIG_FILE,
    EVALUATIONS_FILE,
    FRONT_FILE,
    LARGEST_ID,
    has_ended,
    read_front,
    read_summary,
    read_table,
    shown_config,
    table_columns,
)
from evonasc.runs.prepare import prepare
from evonasc.runs.problem_table import problem_kind
from evonasc.runs.record import require_trusted
from evonasc.runs.run import RunResult
from evonasc.runs.stored import STORE_FILE, read_store
from evonasc.runs.stored_space import stored_designs
from evonasc.runs.tables import front_table
from evonasc.space import DesignSpace, Genome, SearchSpace, any_cut

if TYPE_CHECKING:
    from evonasc.runs.frames import Frame


@dataclass(frozen=True)
class FinishedRun:
    """The front of a run that ended."""

    config: RunConfig
    #: What reads its designs.
    designs: DesignSpace
    #: Rows of the front as text, by rising first objective.
    rows: list[dict[str, str]]
    #: ``(n,)`` quantities by name, those that are no objectives too.
    columns: dict[str, FloatArray]

    @property
    def space(self) -> SearchSpace:
        """Its networks."""
        return self.designs.space

    def frame(self) -> Frame:
        """Return the front as a table of pandas, by ``id``."""
        from evonasc.runs.frames import text_frame  # pandas takes half a second

        return text_frame(self.rows, self.columns)

    @property
    def points(self) -> FloatArray:
        """Objectives of the front as the search saw them, ``(n, n_obj)``."""
        return self.config.compared(self.columns)


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


def load_run(folder: Path | str) -> FinishedRun:
    """Read the front of a run; of one that was cut short, the front of what it evaluated.

    What the folder names, such as a problem of another package, may be missing, or not to be
    trusted: its networks are then told apart by their text alone.

    Raises:
        DataFileError: The folder holds no run, or a damaged one.
        ConfigError: The run found nothing.

    Example:
        >>> from tempfile import mkdtemp
        >>> from evonasc.cli import main
        >>> folder = Path(mkdtemp()) / "run"
        >>> words = ["run", "--problem", "toy", "--budget", "50", "--quiet", "--no-plot"]
        >>> main([*words, "--out", str(folder)])
        0
        >>> sorted(load_run(folder).columns)
        ['error', 'latency_ms']
    """
    run = read_run(argument("folder", Path, folder))
    if not run.rows:
        bounds = run.config.bounds
        why = f"no design evaluated had {in_words(bounds)}" if bounds else "it evaluated none"
        raise ConfigError(f"{folder} has an empty front: {why}.")
    return run


def read_run(folder: Path) -> FinishedRun:
    """Read the front of a run, as :func:`load_run` does; it may be empty.

    Raises:
        DataFileError: The folder holds no run, or a damaged one.
    """
    config, summary = shown_config(folder), read_summary(folder)
    designs = _designs_of(folder, config, summary)
    if has_ended(summary):
        rows = read_front(folder, objectives=config.objectives, designs=designs)
        columns = _quantities(rows, folder / FRONT_FILE, designs=designs) if rows else {}
        return FinishedRun(config, designs, rows, columns)
    stored = read_designs(folder, designs)
    columns = stored.columns
    if not columns:
        return FinishedRun(config, designs, [], {})
    needed = (*config.objectives, *(bound.column for bound in config.bounds))
    if not set(needed) <= set(columns):
        raise DataFileError(f"{folder / STORE_FILE} must have the columns {', '.join(needed)}.")
    points = config.compared(columns)
    chosen = front_rows(points, is_allowed=is_within(columns, config.bounds))
    front = {name: values[chosen] for name, values in columns.items()}
    table = design_rows(designs, stored.genes[chosen], front, ids=stored.ids[chosen].tolist())
    rows = [{key: str(value) for key, value in row.items()} for row in table]
    return FinishedRun(config, designs, rows, front)


def _designs_of(folder: Path, config: RunConfig, summary: Mapping[str, Any]) -> DesignSpace:
    """Return what reads the designs of a run: its own space, or what the run wrote of it.

    The latter where the space, or whatever else it takes, is missing or not to be trusted.
    """
    with contextlib.suppress(EvonascError):
        require_trusted(config, where=folder / CONFIG_FILE)
        make_space = problem_kind(config.problem).make_space
        if make_space is None:
            return prepare(config).problem.designs
        space = make_space(config)
        return DesignSpace(space, config.scenario.payload_bits, any_cut(space.n_blocks))
    if not has_ended(summary):
        raise DataFileError(
            f"{folder} was cut short, and its networks have no names yet: what it searches is not "
            "here, or not to be trusted. Install it, then go on by evonasc resume."
        )
    record = summary["designs"]
    column, texts = record.get("text_column"), dict[str, None]()
    for name in (EVALUATIONS_FILE, FRONT_FILE):
        if (folder / name).exists():
            rows = read_table(folder / name)
            texts |= dict.fromkeys(row[column] for row in rows if column in row)
    return stored_designs(record, list(texts))


def as_finished(result: RunResult) -> FinishedRun:
    """Return the front of a run in hand as :func:`load_run` reads it."""
    rows = [{key: str(value) for key, value in row.items()} for row in front_table(result)]
    columns = {name: values[result.front_rows] for name, values in result.columns.items()}
    return FinishedRun(result.config, result.problem.designs, rows, columns)


def require_alike(configs: Mapping[Path, RunConfig], *, where: str) -> None:
    """Refuse runs, by folder, that cannot be shown together ``where`` somebody asked for it.

    Raises:
        ConfigError: Their problems, spaces or objectives differ.
    """
    first = next(iter(configs.values()))
    for folder, config in configs.items():
        if (config.problem, config.space) != (first.problem, first.space):
            raise ConfigError(
                f"Runs {where} must be of one problem and space, {first.problem} on {first.space}, "
                f"got {config.problem} on {config.space} in {folder}."
            )
        if config.objectives != first.objectives:
            raise ConfigError(
                f"Runs {where} must have the same objectives {', '.join(first.objectives)}, got "
                f"{', '.join(config.objectives)} in {folder}."
            )


def read_designs(folder: Path, designs: DesignSpace) -> StoredDesigns:
    """Read every design that a run evaluated with success, given the space of its problem.

    From its table, or while there is none yet from its store.

    Raises:
        DataFileError: The file is missing or damaged.
    """
    summary = read_summary(folder)
    if not has_ended(summary):
        return _designs_in_store(folder / STORE_FILE, designs)
    path = folder / EVALUATIONS_FILE
    rows = read_table(path)
    if not rows:
        raise DataFileError(f"{path} holds no designs.")
    if len(rows) != summary["n_evaluated"]:
        raise DataFileError(
            f"{path} is damaged: it must hold {summary['n_evaluated']} designs, got {len(rows)}."
        )
    name, n_links = designs.space.text_column, designs.n_links
    numbers = table_columns(rows, ("id", *placement_columns(designs)), where=path)
    try:
        is_whole = np.isfinite(numbers).all() and (numbers == numbers.round()).all()
        if not is_whole or (abs(numbers) >= LARGEST_ID).any():
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
    return StoredDesigns(np.array(ids), genes, _quantities(rows, path, designs=designs))


def _designs_in_store(path: Path, designs: DesignSpace) -> StoredDesigns:
    """Read every design that a store holds and that did not fail.

    Raises:
        DataFileError: It is missing or no store, or its designs are others.
    """
    stored = read_store(path, n_genes=designs.n_genes)
    kept = np.setdiff1d(np.arange(len(stored)), list(stored.found.failures))
    try:
        genes = designs.check(stored.genes[kept])
    except GenomeError as error:
        raise DataFileError(f"{path} is damaged: {error}") from error
    columns = {name: values[kept] for name, values in stored.found.columns.items()}
    return StoredDesigns(np.arange(1, len(kept) + 1), genes, columns)


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
                f"has it, got {now[first]:.6g} today: a machine, a table, a trace or evonasc "
                "changed since. Run it again."
            )


def _quantities(
    rows: list[dict[str, str]], path: Path, *, designs: DesignSpace
) -> dict[str, FloatArray]:
    """Return the columns that are quantities, checked to be finite."""
    others = ("id", designs.space.text_column, *placement_columns(designs))
    names = tuple(name for name in rows[0] if name not in others)
    table = table_columns(rows, names, where=path)
    if not np.isfinite(table).all():
        raise DataFileError(f"{path} is damaged: its numbers must be finite.")
    return dict(zip(names, table.T, strict=True))
