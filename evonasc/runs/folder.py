"""The folder a run leaves: configuration, every evaluation, the front, and how it went.

``config.json`` and ``run.json`` are written first (``runs/writer.py``), ``run.sqlite`` grows while
the search runs (``runs/store.py``), and at the end come ``evaluations.csv`` and ``front.csv``,
``failed.csv`` where evaluations failed, ``answers.csv`` where the search had latency thresholds,
``exact.csv`` where the exact front was enumerated, and ``run.json`` anew. A run that was cut short
can be read all the same. Nothing needs a pickle to be read.
"""

import contextlib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from evonasc.arrays import FloatArray
from evonasc.csv_file import parse_csv
from evonasc.errors import ConfigError, DataFileError, PluginError, UnknownNameError
from evonasc.files import is_locked
from evonasc.inputs import MOST_ARRAYS, file_text
from evonasc.runs.config import RunConfig
from evonasc.runs.design_rows import placement_columns
from evonasc.runs.record import config_from, read_object, require_trusted
from evonasc.runs.run import ExactComparison
from evonasc.runs.stored import STORE_FILE, count_stored
from evonasc.space import DesignSpace

CONFIG_FILE, SUMMARY_FILE, LOCK_FILE = "config.json", "run.json", "run.lock"
EVALUATIONS_FILE, FAILED_FILE, FRONT_FILE, ANSWERS_FILE, EXACT_FILE = (
    "evaluations.csv",
    "failed.csv",
    "front.csv",
    "answers.csv",
    "exact.csv",
)
#: What a search that trains weights goes on from.
TRAINING_FILE = "training.safetensors"
#: Status of a run that goes on, and of one that ended without a word.
RUNNING, KILLED = "running", "killed"
#: The summary of a run that begins, and what is known of one that lost it.
NOT_ENDED: dict[str, Any] = {
    "status": RUNNING,
    **dict.fromkeys(("n_evaluated", "n_failed", "n_requested", "n_front", "seconds"), 0),
    "exact": None,
    "noisy_objectives": [],
    "provenance": [],
    "inputs": None,
    "power": None,
    "designs": {},
    "versions": {},
}
#: Ids of designs are below: what a number of CSV holds exactly.
LARGEST_ID = 2**53


def require_empty(folder: Path) -> None:
    """Refuse a folder that holds something.

    Raises:
        ConfigError: It does, or it is no folder.
    """
    if folder.exists() and not folder.is_dir():
        raise ConfigError(
            f"The output {folder} must be a folder, got a file. Choose another --out."
        )
    if is_locked(folder / LOCK_FILE):
        raise ConfigError(
            f"The output folder {folder} is being written by another run. Choose another --out."
        )
    if (folder / STORE_FILE).exists():
        raise ConfigError(
            f"The output folder {folder} holds a run. Go on with it by evonasc resume {folder}, or "
            "choose another --out."
        )
    if folder.is_dir() and any(folder.iterdir()):
        raise ConfigError(
            f"The output folder {folder} must be empty, got files in it. Choose another --out."
        )


def read_config(folder: Path) -> RunConfig:
    """Return the configuration of a run folder, for whoever runs it again.

    Raises:
        DataFileError: The folder holds no run.
        PluginError: It names code that is not trusted.
        EvonascError: It is not valid.
    """
    path = folder / CONFIG_FILE
    return require_trusted(config_from(read_object(path, folder=folder), where=path), where=path)


def shown_config(folder: Path) -> RunConfig:
    """Return the configuration of a run folder for whoever only reads.

    Nothing must be made of it: what it names may be missing, or not to be trusted. The options of a
    source of errors are then as they are written.

    Raises:
        DataFileError: The folder holds no run.
        EvonascError: It is not valid.
    """
    path = folder / CONFIG_FILE
    config = config_from(read_object(path, folder=folder), where=path)
    with contextlib.suppress(PluginError, UnknownNameError):
        return require_trusted(config, where=path)
    return config


def read_summary(folder: Path) -> dict[str, Any]:
    """Return the summary of a run folder.

    Of a run that has not ended the numbers are those of what is on disk. Its status is ``running``,
    or ``killed`` where nobody writes in the folder any more.

    Raises:
        DataFileError: A file is damaged, or nothing was evaluated.
    """
    path = folder / SUMMARY_FILE
    values = read_object(path, folder=folder) if path.exists() else dict(NOT_ENDED)
    numbers = ("n_evaluated", "n_failed", "n_front", "seconds")
    exact, is_number = values.get("exact"), (int, float)
    is_whole = (
        all(isinstance(values.get(name), is_number) for name in numbers)
        and isinstance(values.get("status"), str)
        and all(isinstance(values.get(name), list) for name in ("noisy_objectives", "provenance"))
        and isinstance(values.get("versions"), dict)
        and isinstance(values.get("designs"), dict)
        and isinstance(values.get("inputs"), dict | None)
        and (
            exact is None
            or all(
                isinstance(exact, dict) and isinstance(exact.get(field.name), _kinds(field.name))
                for field in fields(ExactComparison)
            )
        )
    )
    if not is_whole:
        raise DataFileError(f"{folder / SUMMARY_FILE} is damaged: it lacks what a run writes.")
    if values["status"] == RUNNING:
        values["n_evaluated"], seconds = count_stored(folder / STORE_FILE)
        values["seconds"] = round(seconds, 3)
        if not is_locked(folder / LOCK_FILE):
            values["status"] = KILLED
    return values


def _kinds(name: str) -> tuple[type, ...]:
    """Return what a field of the comparison with the exact front may be."""
    return (int, float, type(None)) if name == "igd_plus" else (int, float)


def has_ended(summary: Mapping[str, Any]) -> bool:
    """Tell whether a run wrote its front."""
    return summary["status"] not in (RUNNING, KILLED)


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
    if not is_fine or summary_values["n_front"] != len(rows):
        raise DataFileError(f"{path} is damaged: its rows are not the front that the run wrote.")
    return rows


def read_exact(
    folder: Path, *, objectives: tuple[str, ...], designs: DesignSpace
) -> FloatArray | None:
    """Return the exact front beside a run, ``(n, n_obj)``; None where none was enumerated.

    Raises:
        DataFileError: It is damaged.
    """
    path, noted = folder / EXACT_FILE, read_summary(folder)["exact"]
    if noted is None:
        return None
    rows, is_fine = _read_designs(path, objectives, designs)
    points = table_columns(rows, objectives, where=path)
    if not is_fine or len(np.unique(points, axis=0)) != noted["n_points"]:
        raise DataFileError(f"{path} is damaged: its rows are not the front that the run wrote.")
    return points


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
    numbers = ("id",) if path.name != EXACT_FILE else ()
    table = table_columns(rows, (*placement_columns(designs), *names, *numbers), where=path)
    whole = table_columns(rows, (*placement_columns(designs), *numbers), where=path)
    is_whole = (whole == whole.round()).all() and (abs(whole) < LARGEST_ID).all()
    is_cut = np.isin(table[:, : designs.n_links], np.arange(designs.space.n_blocks + 1))
    is_named = all(row.get(designs.space.text_column) for row in rows)
    return rows, bool(is_named and is_whole and np.isfinite(table).all() and is_cut.all())


def read_table(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file of a run folder, as text.

    Raises:
        DataFileError: The file is missing or damaged.
    """
    text = file_text(path, kind="table", most=MOST_ARRAYS, remedy="Expected a run folder.")
    if text and not text.endswith("\n"):  # nothing here is ever half written
        raise DataFileError(f"{path} is damaged: its last line is cut off.")
    table = parse_csv(text, path=path)
    return [dict(zip(table.names, row, strict=True)) for row in table.rows]


def table_columns(rows: list[dict[str, str]], names: tuple[str, ...], *, where: Path) -> FloatArray:
    """Return number columns of a table, ``(n, n_names)``.

    Raises:
        DataFileError: A column is missing or holds something else.
    """
    try:
        return np.array([[float(row[name]) for name in names] for row in rows]).reshape(
            len(rows), len(names)
        )
    except (KeyError, OverflowError, TypeError, ValueError) as error:
        raise DataFileError(f"{where} must have number columns {', '.join(names)}.") from error
