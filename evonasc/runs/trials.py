"""One trial of a comparison: one contender, one scenario, one budget, one seed.

A contender is an algorithm, or an algorithm with a variation of it, written ``nsga2+refine``; the
name of an operator is a variation too.
"""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from evonasc.arrays import BoolArray, FloatArray, IntArray
from evonasc.bounds import is_within
from evonasc.errors import ConfigError, DataFileError
from evonasc.files import write_atomically
from evonasc.front import non_dominated
from evonasc.inputs import MOST_ARRAYS, file_bytes
from evonasc.parsing import json_value, npz_arrays, npz_bytes
from evonasc.runs.config import RunConfig
from evonasc.runs.prepare import Prepared
from evonasc.runs.run import run_prepared
from evonasc.runs.variations import variation
from evonasc.search.algorithms import algorithm, own_algorithms
from evonasc.search.config import SearchConfig
from evonasc.search.search import StopSearch


@dataclass(frozen=True)
class Trial:
    """What one trial evaluated."""

    #: ``(n, n_genes)`` distinct designs, in the order of evaluation.
    genes: IntArray
    #: ``(n, n_obj)`` their objectives.
    points: FloatArray
    #: ``(n,)`` which of them keep to the bounds; the others count for nothing.
    is_within: BoolArray
    #: ``(m, n_obj)`` objectives of what a search under thresholds answers, as far as it keeps to
    #: the bounds; ``m`` is 0 for others.
    answers: FloatArray
    #: Designs the algorithm asked for, repeats included.
    n_requested: int
    #: Wall time of the search, its evaluations looked up.
    seconds: float

    @property
    def front(self) -> FloatArray:
        """Non-dominated points of the designs that keep to the bounds, ``(n, n_obj)``."""
        points = self.points[self.is_within]
        return points[non_dominated(points)]


def contender_config(name: str, config: RunConfig) -> RunConfig:
    """Return a configuration with the algorithm and the variations that a contender names.

    What all contenders share, such as the size of a population, each takes as far as it reads it.

    Raises:
        UnknownNameError: An unknown algorithm or variation.
        ConfigError: A variation of another algorithm, the exact front as a contender, or an
            algorithm whose errors come from weights of its own.
    """
    algorithm_name, *parts = name.split("+")
    entry, shared = algorithm(algorithm_name), config.search
    if entry.enumerates:
        raise ConfigError(
            f"{name} is no contender: every comparison shows the exact front already."
        )
    if entry.trains:
        raise ConfigError(
            f"{name} is no contender: it trains weights of its own, so its errors cannot be set "
            f"against stored ones. Use evonasc run --algo {algorithm_name} --data digits."
        )
    search = SearchConfig(
        algorithm=algorithm_name,
        budget=shared.budget,
        seed=shared.seed,
        **{option: getattr(shared, option) for option in entry.options},
    )
    for part in parts:
        change, text = variation(part)
        if not change.fits(entry):
            own = own_algorithms().items()
            fitting = [one for one, its in own if change.fits(its) and not its.trains]
            raise ConfigError(
                f"The variation {part!r} ({text}) must be one of {', '.join(fitting)}, got "
                f"{name!r}."
            )
        search = change.applied(search)
    return replace(config, search=search)


def run_trial(prepared: Prepared) -> Trial:
    """Search once and keep everything evaluated.

    Raises:
        EvonascError: As :func:`evonasc.runs.run.run` does.
        StopSearch: The search was interrupted; half a trial is none.
    """
    result, problem = run_prepared(prepared), prepared.problem
    if result.status == "interrupted":
        raise StopSearch
    answers = np.array([answer.genes for answer in result.answers], dtype=np.int64)
    columns = problem.columns(answers.reshape(-1, problem.n_var))
    return Trial(
        genes=result.genes,
        points=problem.objective_values(result.columns),
        is_within=is_within(result.columns, problem.column_bounds),
        answers=problem.objective_values(columns)[is_within(columns, problem.column_bounds)],
        n_requested=result.n_requested,
        seconds=result.seconds,
    )


def write_trial(path: Path, trial: Trial, *, digest: str) -> None:
    """Write a trial and the digest of its settings atomically, its folder made if need be.

    Raises:
        ConfigError: It cannot be written.
    """
    is_small = trial.genes.max(initial=0) <= np.iinfo(np.int16).max
    header = {"digest": digest, "n_requested": trial.n_requested, "seconds": trial.seconds}
    content = npz_bytes(
        header=np.frombuffer(json.dumps(header).encode(), dtype=np.uint8),
        genes=trial.genes.astype(np.int16 if is_small else np.int64),
        points=trial.points,
        is_within=trial.is_within,
        answers=trial.answers,
    )
    write_atomically(path, content, makes_folder=True)


def read_trial(path: Path, *, digest: str) -> Trial:
    """Read a trial.

    Raises:
        DataFileError: The file is missing or damaged, or belongs to other settings.
    """
    try:
        file = npz_arrays(file_bytes(path, kind="trial", most=MOST_ARRAYS), most=MOST_ARRAYS)
        header = json_value(file["header"].tobytes())
        trial = Trial(
            genes=file["genes"].astype(np.int64),
            points=file["points"].astype(np.float64),
            is_within=file["is_within"].astype(bool),
            answers=file["answers"].astype(np.float64),
            n_requested=int(header["n_requested"]),
            seconds=float(header["seconds"]),
        )
        is_whole = (
            trial.points.ndim == trial.genes.ndim == trial.answers.ndim == 2
            and len(trial.points) == len(trial.genes) > 0
            and trial.is_within.shape == (len(trial.genes),)
            and trial.answers.shape[1] == trial.points.shape[1]
            and bool(np.isfinite(trial.points).all() and np.isfinite(trial.answers).all())
        )
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise DataFileError(f"{path} is no trial of a comparison ({error}).") from error
    if not is_whole:
        raise DataFileError(f"{path} is a damaged trial.")
    if header.get("digest") != digest:
        raise DataFileError(f"{path} belongs to other settings.")
    return trial
