"""The folder a run leaves: configuration, every evaluation, the front, and how it went.

``config.json`` is written first, ``evaluations.csv`` grows while the search runs, ``front.csv``
and ``run.json`` are written at the end, and ``answers.csv`` where the search had latency
thresholds. Nothing needs a pickle to be read.
"""

import csv
import platform
from dataclasses import asdict, fields
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

import evonasc
from evonasc.arrays import FloatArray, IntArray
from evonasc.bounds import is_within
from evonasc.errors import ConfigError, DataFileError
from evonasc.files import write_atomically
from evonasc.runs.config import RunConfig
from evonasc.runs.prepare import Prepared
from evonasc.runs.record import as_json, config_dict, config_from, read_object
from evonasc.runs.run import ExactComparison, RunResult
from evonasc.runs.tables import answer_table, as_csv, design_rows, front_table, placement_columns
from evonasc.space import DesignSpace

CONFIG_FILE, EVALUATIONS_FILE, FRONT_FILE, ANSWERS_FILE, SUMMARY_FILE = (
    "config.json",
    "evaluations.csv",
    "front.csv",
    "answers.csv",
    "run.json",
)


class RunWriter:
    """Writes a run's folder while the run goes on; a context manager.

    Args:
        folder: Made if it does not exist; must be empty.
        prepared: Its configuration is written at once; its problem gives names to genes.

    Raises:
        ConfigError: The folder holds something, or cannot be written; or the problem was in hand.
    """

    def __init__(self, folder: Path, prepared: Prepared) -> None:
        if not prepared.is_described:
            raise ConfigError(
                "A run in a folder must be of a problem that its configuration names, got one in "
                f"hand, {type(prepared.problem).__name__}. Enter the problem in the table of "
                "problems, or name it as package.module:object."
            )
        try:
            require_empty(folder)
            self._is_new = not folder.exists()
            folder.mkdir(parents=True, exist_ok=True)
            write_atomically(folder / CONFIG_FILE, as_json(config_dict(prepared.config)))
            self._file = (folder / EVALUATIONS_FILE).open("w", newline="", encoding="utf-8")
        except OSError as error:
            raise ConfigError(f"Cannot write the run folder {folder}: {error.strerror}.") from error
        self.folder, self._problem = folder, prepared.problem
        self._writer: csv.DictWriter[str] | None = None
        self._n_written = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            self._file.close()  # writes what a full disk refused once more
        except OSError as failed:
            if error is None:
                raise ConfigError(f"Cannot write {self._file.name}: {failed.strerror}.") from failed
        if error is not None and self._n_written == 0:  # nothing to keep: leave nothing behind
            for name in (CONFIG_FILE, EVALUATIONS_FILE):
                (self.folder / name).unlink(missing_ok=True)
            if self._is_new:
                self.folder.rmdir()

    def add(self, genes: IntArray, columns: dict[str, FloatArray]) -> None:
        """Append new designs; on disk when this returns."""
        ids = range(self._n_written + 1, self._n_written + 1 + len(genes))
        rows = design_rows(self._problem, genes, columns, ids=ids)
        try:
            if self._writer is None:
                names = list(rows[0])
                self._writer = csv.DictWriter(self._file, fieldnames=names, lineterminator="\n")
                self._writer.writeheader()
            self._writer.writerows(rows)
            self._file.flush()
        except OSError as error:
            raise ConfigError(f"Cannot write {self._file.name}: {error.strerror}.") from error
        self._n_written += len(rows)

    def finish(self, result: RunResult) -> None:
        """Write the front and the summary."""
        try:
            write_atomically(self.folder / FRONT_FILE, as_csv(front_table(result)))
            if result.answers:
                write_atomically(self.folder / ANSWERS_FILE, as_csv(answer_table(result)))
            write_atomically(self.folder / SUMMARY_FILE, as_json(summary(result)))
        except OSError as error:
            raise ConfigError(f"Cannot write in {self.folder}: {error.strerror}.") from error


def summary(result: RunResult) -> dict[str, object]:
    """Return what a run did, as JSON holds it."""
    comparison = result.compare_exact()
    return {
        "status": result.status,
        "n_evaluated": len(result.genes),
        "n_requested": result.n_requested,
        "n_front": len(result.front_rows),
        "seconds": round(result.seconds, 3),
        **_bounds_summary(result),
        "exact": None if comparison is None else asdict(comparison),
        "provenance": list(result.provenance),
        "versions": {
            "evonasc": evonasc.__version__,
            "python": platform.python_version(),
            **{name: version(name) for name in ("moocore", "numpy", "pymoo")},
        },
    }


def _bounds_summary(result: RunResult) -> dict[str, object]:
    """Return what the bounds left of a run, as JSON holds it; nothing without bounds."""
    bounds, miss = result.problem.column_bounds, result.nearest_miss
    if not bounds:
        return {}
    nearest = None
    if miss is not None:
        nearest = {
            "id": miss.row + 1,
            "beyond": {bound.column: beyond for bound, _, beyond in miss.missed},
        }
    n_within = int(is_within(result.columns, bounds).sum())
    return {"bounds": list(map(str, bounds)), "n_within": n_within, "nearest_miss": nearest}


def require_empty(folder: Path) -> None:
    """Refuse a folder that holds something.

    Raises:
        ConfigError: It does, or it is no folder.
    """
    if folder.exists() and not folder.is_dir():
        raise ConfigError(
            f"The output {folder} must be a folder, got a file. Choose another --out."
        )
    if folder.is_dir() and any(folder.iterdir()):
        raise ConfigError(
            f"The output folder {folder} must be empty, got files in it. Choose another --out."
        )


def read_config(folder: Path) -> RunConfig:
    """Return the configuration of a run folder.

    Raises:
        DataFileError: The folder holds no run.
        EvonascError: Its configuration is not valid.
    """
    path = folder / CONFIG_FILE
    return config_from(read_object(path, folder=folder), where=path)


def read_summary(folder: Path) -> dict[str, Any] | None:
    """Return the summary of a run folder; None if the run never ended.

    Raises:
        DataFileError: The file is damaged.
    """
    if not (folder / SUMMARY_FILE).exists():
        return None
    values = read_object(folder / SUMMARY_FILE, folder=folder)
    numbers = ("n_evaluated", "n_front", "seconds")
    exact, is_number = values.get("exact"), (int, float)
    is_whole = (
        all(isinstance(values.get(name), is_number) for name in numbers)
        and isinstance(values.get("status"), str)
        and isinstance(values.get("provenance"), list)
        and (
            exact is None
            or all(
                isinstance(exact, dict) and isinstance(exact.get(field.name), is_number)
                for field in fields(ExactComparison)
            )
        )
    )
    if not is_whole:
        raise DataFileError(f"{folder / SUMMARY_FILE} is damaged: it lacks what a run writes.")
    return values


def read_front(
    folder: Path, *, objectives: tuple[str, ...], designs: DesignSpace
) -> list[dict[str, str]]:
    """Return the rows of a run's front, checked.

    Args:
        folder: Of the run.
        objectives: Must be columns of finite numbers.
        designs: Gives the links, and the cuts that exist.

    Raises:
        DataFileError: The front is missing or damaged.
    """
    path, summary_values = folder / FRONT_FILE, read_summary(folder)
    rows, is_fine = _read_designs(path, objectives, designs)
    if not is_fine or (summary_values is not None and summary_values["n_front"] != len(rows)):
        raise DataFileError(f"{path} is damaged: its rows are not the front that the run wrote.")
    return rows


def read_answers(folder: Path, *, designs: DesignSpace) -> list[dict[str, str]]:
    """Return the rows of a run's answers to latency thresholds, checked.

    Raises:
        DataFileError: The file is missing or damaged.
    """
    path = folder / ANSWERS_FILE
    rows, is_fine = _read_designs(path, ("max_latency_ms", "error", "latency_ms"), designs)
    if not is_fine or not all({"is_feasible", "is_repaired"} <= set(row) for row in rows):
        raise DataFileError(f"{path} is damaged: its rows are not the answers that the run wrote.")
    return rows


def _read_designs(
    path: Path, names: tuple[str, ...], designs: DesignSpace
) -> tuple[list[dict[str, str]], bool]:
    """Return the rows of a table of designs, and whether names, numbers and cuts are sound."""
    rows = read_table(path)
    table = table_columns(rows, (*placement_columns(designs), *names), where=path)
    is_cut = np.isin(table[:, : designs.n_links], np.arange(designs.space.n_blocks + 1))
    is_named = all(row.get(designs.space.text_column) for row in rows)
    return rows, bool(is_named and np.isfinite(table).all() and is_cut.all())


def read_table(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file of a run folder, as text.

    Raises:
        DataFileError: The file is missing or damaged.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataFileError(f"Cannot read {path}. Expected a run folder.") from error


def table_columns(rows: list[dict[str, str]], names: tuple[str, ...], *, where: Path) -> FloatArray:
    """Return number columns of a table, ``(n, n_names)``.

    Raises:
        DataFileError: A column is missing or holds something else.
    """
    try:
        return np.array([[float(row[name]) for name in names] for row in rows]).reshape(
            len(rows), len(names)
        )
    except (KeyError, TypeError, ValueError) as error:
        raise DataFileError(f"{where} must have number columns {', '.join(names)}.") from error
