"""The folder a run leaves: configuration, every evaluation, the front, and how it went.

``config.json`` is written first, ``evaluations.csv`` grows while the search runs, ``front.csv``
and ``run.json`` are written at the end, and ``answers.csv`` where the search had latency
thresholds. Nothing needs a pickle to be read.
"""

import csv
import json
import platform
from dataclasses import asdict, fields
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

import evonasc
from evonasc.arrays import FloatArray, IntArray
from evonasc.cost.scenario import as_dict, override
from evonasc.errors import ConfigError, DataFileError, EvonascError
from evonasc.files import write_atomically
from evonasc.parsing import json_value
from evonasc.plugins import refuse_code
from evonasc.problems import DesignProblem
from evonasc.search.config import SearchConfig
from evonasc.runs.run import ExactComparison, RunConfig, RunResult
from evonasc.runs.tables import answer_table, as_csv, design_rows, front_table
from evonasc.space import SearchSpace
from evonasc.supernet.live_options import LiveOptions

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
        config: Written at once.
        problem: Gives names to genes.

    Raises:
        ConfigError: The folder holds something, or cannot be written.
    """

    def __init__(self, folder: Path, config: RunConfig, problem: DesignProblem) -> None:
        try:
            require_empty(folder)
            self._is_new = not folder.exists()
            folder.mkdir(parents=True, exist_ok=True)
            write_atomically(folder / CONFIG_FILE, _as_json(_config_dict(config)))
            self._file = (folder / EVALUATIONS_FILE).open("w", newline="", encoding="utf-8")
        except OSError as error:
            raise ConfigError(f"Cannot write the run folder {folder}: {error.strerror}.") from error
        self.folder, self._problem = folder, problem
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
        self._file.close()
        if error is not None and self._n_written == 0:  # nothing to keep: leave nothing behind
            for name in (CONFIG_FILE, EVALUATIONS_FILE):
                (self.folder / name).unlink(missing_ok=True)
            if self._is_new:
                self.folder.rmdir()

    def add(self, genes: IntArray, columns: dict[str, FloatArray]) -> None:
        """Append new designs; on disk when this returns."""
        rows = design_rows(self._problem, genes, columns, first_id=self._n_written + 1)
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
            write_atomically(self.folder / SUMMARY_FILE, _as_json(summary(result)))
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
        "exact": None if comparison is None else asdict(comparison),
        "provenance": list(result.provenance),
        "versions": {
            "evonasc": evonasc.__version__,
            "python": platform.python_version(),
            **{name: version(name) for name in ("moocore", "numpy", "pymoo")},
        },
    }


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
    values = _read_json(folder / CONFIG_FILE, folder)
    try:
        root = values["data_root"]
        table = values.get("accuracy_table")  # runs of the first release have none
        if not isinstance(values["objectives"], list):
            raise TypeError("objectives must be a list")
        scenario, search = dict(values["scenario"]), dict(values["search"])
        machines = (scenario.get("head_hardware"), scenario.get("tail_hardware"))
        named = (values["problem"], values["space"], *values["objectives"], *search.values())
        refuse_code((*named, *machines), where=folder / CONFIG_FILE)
        return RunConfig(
            problem=str(values["problem"]),
            space=str(values["space"]),
            scenario=override(RunConfig().scenario, scenario),
            objectives=tuple(map(str, values["objectives"])),
            accuracy=str(values["accuracy"]),
            data_root=None if root is None else Path(str(root)),
            data=None if values.get("data") is None else str(values["data"]),
            weights=_path(values.get("weights")),
            scores=_path(values.get("scores")),
            accuracy_table=None if table is None else Path(str(table)),
            error_resolution=float(values.get("error_resolution", 0.0)),
            calibration=_path(values.get("calibration")),
            live=LiveOptions(**values.get("live", {})),
            search=SearchConfig(**search),
        )
    except EvonascError:
        raise
    except (KeyError, TypeError, ValueError) as error:
        raise DataFileError(f"{folder / CONFIG_FILE} is no run configuration ({error}).") from error


def read_summary(folder: Path) -> dict[str, Any] | None:
    """Return the summary of a run folder; None if the run never ended.

    Raises:
        DataFileError: The file is damaged.
    """
    if not (folder / SUMMARY_FILE).exists():
        return None
    values = _read_json(folder / SUMMARY_FILE, folder)
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
    folder: Path, *, objectives: tuple[str, ...], space: SearchSpace
) -> list[dict[str, str]]:
    """Return the rows of a run's front, checked.

    Args:
        folder: Of the run.
        objectives: Must be columns of finite numbers.
        space: Gives the cuts that exist.

    Raises:
        DataFileError: The front is missing or damaged.
    """
    path, summary_values = folder / FRONT_FILE, read_summary(folder)
    rows = read_table(path)
    table = table_columns(rows, (*objectives, "split_point", "payload_bits"), where=path)
    cuts = table[:, -2]
    is_fine = np.isfinite(table).all() and np.isin(cuts, np.arange(space.n_blocks + 1)).all()
    if not is_fine or (summary_values is not None and summary_values["n_front"] != len(rows)):
        raise DataFileError(f"{path} is damaged: its rows are not the front that the run wrote.")
    return rows


def read_answers(folder: Path, *, space: SearchSpace) -> list[dict[str, str]]:
    """Return the rows of a run's answers to latency thresholds, checked.

    Raises:
        DataFileError: The file is missing or damaged.
    """
    path = folder / ANSWERS_FILE
    rows = read_table(path)
    table = table_columns(
        rows, ("max_latency_ms", "error", "latency_ms", "split_point"), where=path
    )
    is_fine = (
        np.isfinite(table).all() and np.isin(table[:, -1], np.arange(space.n_blocks + 1)).all()
    )
    if not is_fine or not all({"is_feasible", "is_repaired"} <= set(row) for row in rows):
        raise DataFileError(f"{path} is damaged: its rows are not the answers that the run wrote.")
    return rows


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


def _path(value: object) -> Path | None:
    """Return a path that JSON holds."""
    return None if value is None else Path(str(value))


def _config_dict(config: RunConfig) -> dict[str, object]:
    """Return a configuration as JSON holds it."""
    return {
        "problem": config.problem,
        "space": config.space,
        "scenario": as_dict(config.scenario),
        "objectives": list(config.objectives),
        "accuracy": config.accuracy,
        "data_root": None if config.data_root is None else str(config.data_root),
        "data": config.data,
        "weights": None if config.weights is None else str(config.weights),
        "scores": None if config.scores is None else str(config.scores),
        "accuracy_table": None if config.accuracy_table is None else str(config.accuracy_table),
        "error_resolution": config.error_resolution,
        "calibration": None if config.calibration is None else str(config.calibration),
        "live": asdict(config.live),
        "search": asdict(config.search),
    }


def _as_json(values: dict[str, object]) -> bytes:
    """Encode for people."""
    return (json.dumps(values, indent=2, allow_nan=False) + "\n").encode()


def _read_json(path: Path, folder: Path) -> dict[str, Any]:
    """Read a JSON object of a run folder."""
    try:
        values = json_value(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataFileError(f"{folder} is no run folder: cannot read {path.name}.") from error
    if not isinstance(values, dict):
        raise DataFileError(f"{path} must hold a JSON object, got {type(values).__name__}.")
    return values
