"""Writing a run's folder, see ``runs/folder.py`` for what lies in it."""

import contextlib
import csv
import os
import platform
import sys
from collections.abc import Iterable
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Self

import evonasc
from evonasc.arrays import FloatArray, IntArray
from evonasc.bounds import is_within
from evonasc.cost.energy import DevicePower, device_power
from evonasc.errors import ConfigError
from evonasc.files import lock, make_folders, write_atomically, writing
from evonasc.names import to_cell
from evonasc.problems import SplitNasProblem
from evonasc.problems.coarse_error import CoarseErrorProblem
from evonasc.runs.digests import input_digests
from evonasc.runs.folder import (
    ANSWERS_FILE,
    CONFIG_FILE,
    EVALUATIONS_FILE,
    EXACT_FILE,
    FRONT_FILE,
    NOT_ENDED,
    SUMMARY_FILE,
    require_empty,
)
from evonasc.runs.prepare import Prepared
from evonasc.runs.record import as_json, config_dict
from evonasc.runs.run import RunResult
from evonasc.runs.stored_space import designs_record
from evonasc.runs.tables import answer_table, as_csv, cells, design_rows, front_table


class RunWriter:
    """Writes a run's folder while the run goes on; a context manager.

    The folder can be read at any time, whatever becomes of the run.

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
        self.folder, self._problem = folder, prepared.problem
        self._record = _record(prepared)
        require_empty(folder)
        self._made, created = list[Path](), list[Path]()
        try:
            with writing(folder):
                self._made = make_folders(folder)
                for name in (CONFIG_FILE, EVALUATIONS_FILE):
                    try:  # created by one run alone: another that starts here now fails
                        (folder / name).open("x").close()
                    except FileExistsError as error:
                        raise ConfigError(
                            f"The output folder {folder} is being written by another run. Choose "
                            "another --out."
                        ) from error
                    created.append(folder / name)
                self._file = (folder / EVALUATIONS_FILE).open("w", newline="", encoding="utf-8")
                lock(self._file)
            write_atomically(folder / CONFIG_FILE, as_json(config_dict(prepared.config)))
            begun = {**NOT_ENDED, "provenance": list(prepared.problem.provenance())}
            write_atomically(folder / SUMMARY_FILE, as_json(begun | self._record))
        except BaseException:
            if hasattr(self, "_file"):
                self._file.close()
            self._remove(created)
            raise
        self._has_header = False
        self._n_written, self._end = 0, 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            with writing(Path(self._file.name)):
                self._file.close()  # writes what a full disk refused once more
        except ConfigError:
            if error is None:
                raise
        if error is not None and self._n_written == 0:  # nothing to keep: leave nothing behind
            names = (CONFIG_FILE, EVALUATIONS_FILE, SUMMARY_FILE)
            self._remove(self.folder / name for name in names)

    @property
    def n_written(self) -> int:
        """Designs on disk."""
        return self._n_written

    def _remove(self, files: Iterable[Path]) -> None:
        """Remove files of the run, and the folders that were made for it."""
        for file in files:
            file.unlink(missing_ok=True)
        for made in self._made:
            with contextlib.suppress(OSError):  # somebody else put something there
                made.rmdir()

    def add(self, genes: IntArray, columns: dict[str, FloatArray]) -> None:
        """Append new designs; handed to the system when this returns."""
        ids = range(self._n_written + 1, self._n_written + 1 + len(genes))
        rows = design_rows(self._problem, genes, columns, ids=ids)
        with writing(Path(self._file.name)):
            try:
                table = csv.writer(self._file, lineterminator="\n")
                if not self._has_header:
                    table.writerow(map(to_cell, rows[0]))
                table.writerows(map(cells, rows))
                self._file.flush()
                self._has_header = True
            except OSError:  # half a batch is none
                with contextlib.suppress(OSError):
                    os.truncate(self._file.name, self._end)
                raise
            self._end = os.fstat(self._file.fileno()).st_size
        self._n_written += len(rows)

    def finish(self, result: RunResult) -> dict[str, object]:
        """Write the front and the summary, and return that.

        Once more where the exact front is known later.
        """
        tables = {FRONT_FILE: front_table(result)}
        if result.answers:
            tables[ANSWERS_FILE] = answer_table(result)
        if result.exact is not None:
            points = dict(zip(result.problem.objectives, result.exact.points.T, strict=True))
            tables[EXACT_FILE] = design_rows(result.problem, result.exact.genes, points)
        if self._n_written < len(result.genes):  # interrupted while the last of them were written
            ids = range(1, len(result.genes) + 1)
            tables[EVALUATIONS_FILE] = design_rows(
                result.problem, result.genes, result.columns, ids=ids
            )
        for name, rows in tables.items():
            write_atomically(self.folder / name, as_csv(rows))
        document = _summary(result) | self._record
        write_atomically(self.folder / SUMMARY_FILE, as_json(document))
        self._n_written = len(result.genes)
        return document


def _summary(result: RunResult) -> dict[str, object]:
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
        "noisy_objectives": list(result.noisy_objectives()),
        "provenance": list(result.provenance),
    }


def _record(prepared: Prepared) -> dict[str, object]:
    """Return what a run's result rests on beside its configuration, as JSON holds it."""
    inputs, packages = input_digests(prepared.config)
    power = _power(prepared)
    return {
        "designs": designs_record(prepared.problem.designs),
        "power": None if power is None else asdict(power),
        "inputs": inputs,
        "versions": {
            "evonasc": evonasc.__version__,
            "python": platform.python_version(),
            **{name: version(name) for name in ("moocore", "numpy", "pymoo")},
            **({"torch": version("torch")} if "torch" in sys.modules else {}),
            **packages,
        },
    }


def _power(prepared: Prepared) -> DevicePower | None:
    """Return what the device draws; None where the run has no device, or its power is unknown."""
    problem = prepared.problem
    if isinstance(problem, CoarseErrorProblem):
        problem = problem.inner
    if not isinstance(problem, SplitNasProblem):
        return None
    try:
        return device_power(problem.scenario, problem.path)
    except ConfigError:
        return None


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
