"""Writing a run's folder, see ``runs/folder.py`` for what lies in it."""

import contextlib
import platform
import sys
import time
from collections.abc import Iterable
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import evonasc
from evonasc.arrays import IntArray
from evonasc.bounds import is_within
from evonasc.cost.energy import DevicePower, device_power
from evonasc.errors import ConfigError
from evonasc.files import lock, make_folders, write_atomically, writing
from evonasc.problems import SplitNasProblem
from evonasc.problems.coarse_error import CoarseErrorProblem
from evonasc.runs.design_rows import design_rows
from evonasc.runs.digests import input_digests
from evonasc.runs.folder import (
    ANSWERS_FILE,
    CONFIG_FILE,
    EVALUATIONS_FILE,
    EXACT_FILE,
    FAILED_FILE,
    FRONT_FILE,
    LOCK_FILE,
    NOT_ENDED,
    SUMMARY_FILE,
    TRAINING_FILE,
    require_empty,
)
from evonasc.runs.prepare import Prepared
from evonasc.runs.record import as_json, config_dict
from evonasc.runs.run import RunResult
from evonasc.runs.store import RunStore, mend_store
from evonasc.runs.stored import STORE_FILE, Stored, read_store
from evonasc.runs.stored_space import designs_record
from evonasc.runs.tables import answer_table, as_csv, failure_table, front_table
from evonasc.search.evaluation import Evaluated, part_of


class RunWriter:
    """Writes a run's folder while the run goes on; a context manager.

    The folder can be read at any time, whatever becomes of the run, and the run gone on with.

    Args:
        folder: Made if it does not exist; must be empty, unless a run in it is gone on with.
        prepared: Its configuration is written at once; its problem gives names to genes.
        is_resumed: Go on with the run in the folder.

    Raises:
        ConfigError: The folder holds something, somebody writes in it, or it cannot be written; or
            the problem was in hand.
        DataFileError: The run to go on with has no store.
    """

    def __init__(self, folder: Path, prepared: Prepared, *, is_resumed: bool = False) -> None:
        if not prepared.is_described:
            raise ConfigError(
                "A run in a folder must be of a problem that its configuration names, got one in "
                f"hand, {type(prepared.problem).__name__}. Enter the problem in the table of "
                "problems, or name it as package.module:object."
            )
        self.folder, self._problem = folder, prepared.problem
        self._record, self._n_seen = _record(prepared), 0
        self._started = time.perf_counter()
        #: What was evaluated before, in a run that is gone on with.
        self.stored: Stored | None = None
        if not is_resumed:
            require_empty(folder)
        self._made, created = list[Path](), list[Path]()
        with contextlib.ExitStack() as opened:
            try:
                with writing(folder):
                    self._made = [] if is_resumed else make_folders(folder)
                    if not is_resumed:
                        _create(folder / CONFIG_FILE)
                        created.append(folder / CONFIG_FILE)
                    if not (folder / LOCK_FILE).exists():
                        created.append(folder / LOCK_FILE)
                    lock_file = opened.enter_context((folder / LOCK_FILE).open("a"))
                    hold(lock_file, folder=folder)
                if is_resumed:
                    self.stored = _stored(folder / STORE_FILE)
                else:
                    created.append(folder / STORE_FILE)
                self._store = opened.enter_context(RunStore(folder / STORE_FILE))
                write_atomically(folder / CONFIG_FILE, as_json(config_dict(prepared.config)))
                begun = {**NOT_ENDED, "provenance": list(prepared.problem.provenance())}
                created.append(folder / SUMMARY_FILE)
                write_atomically(folder / SUMMARY_FILE, as_json(begun | self._record))
            except BaseException:
                opened.close()
                if not is_resumed:
                    self._remove(created)
                raise
            self._opened = opened.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._store.close()
        is_empty = self.n_written == 0 and not (self.folder / TRAINING_FILE).exists()
        if error is not None and is_empty:  # nothing to keep: leave nothing behind
            names = (CONFIG_FILE, STORE_FILE, SUMMARY_FILE, LOCK_FILE)
            self._remove(self.folder / name for name in names)
        self._opened.close()

    @property
    def n_written(self) -> int:
        """Designs on disk."""
        return len(self._store)

    @property
    def seconds(self) -> float:
        """How long the search has taken so far, the times before it was gone on with included."""
        before = 0.0 if self.stored is None else self.stored.seconds
        return before + time.perf_counter() - self._started

    def _remove(self, files: Iterable[Path]) -> None:
        """Remove files of the run, and the folders that were made for it."""
        for file in files:
            file.unlink(missing_ok=True)
        for made in self._made:
            with contextlib.suppress(OSError):  # somebody else put something there
                made.rmdir()

    def add(self, genes: IntArray, found: Evaluated) -> None:
        """Append new designs; they are there for good when this returns.

        In a run that is gone on with, the search asks for all designs again from the first, and
        those that are there already are left out.

        Raises:
            ConfigError: They cannot be written.
        """
        n_there = min(max(self.n_written - self._n_seen, 0), len(genes))
        self._n_seen += len(genes)
        if n_there < len(genes):
            new = slice(n_there, len(genes))
            self._store.append(genes[new], part_of(found, new), seconds=self.seconds)

    def finish(self, result: RunResult) -> dict[str, object]:
        """Write the tables and the summary, and return that.

        Once more where the exact front is known later.
        """
        designs = result.problem.designs
        ids = range(1, len(result.genes) + 1)
        tables = {
            EVALUATIONS_FILE: design_rows(designs, result.genes, result.columns, ids=ids),
            FRONT_FILE: front_table(result),
        }
        if result.failures:
            tables[FAILED_FILE] = failure_table(result)
        if result.answers:
            tables[ANSWERS_FILE] = answer_table(result)
        if result.exact is not None:
            points = dict(zip(result.problem.objectives, result.exact.points.T, strict=True))
            tables[EXACT_FILE] = design_rows(designs, result.exact.genes, points)
        for name, rows in tables.items():
            write_atomically(self.folder / name, as_csv(rows))
        document = _summary(result) | self._record
        write_atomically(self.folder / SUMMARY_FILE, as_json(document))
        return document


def _create(path: Path) -> None:
    """Create a file that nobody else does.

    Raises:
        ConfigError: Somebody did.
    """
    try:
        path.open("x").close()
    except FileExistsError as error:
        raise ConfigError(
            f"The output folder {path.parent} is being written by another run. Choose another "
            "--out."
        ) from error


def hold(file: IO[str], *, folder: Path) -> None:
    """Keep others from writing in a folder while its lock is open; a crash lets go of it.

    Raises:
        ConfigError: Somebody writes in it.
    """
    try:
        lock(file)
    except BlockingIOError as error:
        raise ConfigError(
            f"The run in {folder} must not be written by two at once, and somebody does. Wait for "
            "it, or end it."
        ) from error


def _stored(path: Path) -> Stored:
    """Return what a run evaluated before; a damaged store is set aside and written anew.

    Raises:
        DataFileError: There is no store.
        ConfigError: It cannot be written.
    """
    stored = read_store(path)
    if stored.damage:
        mend_store(path, stored)
    return stored


def _summary(result: RunResult) -> dict[str, object]:
    """Return what a run did, as JSON holds it."""
    comparison = result.compare_exact()
    return {
        "status": result.status,
        "n_evaluated": len(result.genes),
        "n_failed": len(result.failures),
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
