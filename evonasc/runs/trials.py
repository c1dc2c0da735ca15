"""One trial of a comparison: one contender, one scenario, one budget, one seed.

A contender is an algorithm, or an algorithm with a variation of it, written ``nsga2+refine``; the
name of an operator is a variation too.
"""

import json
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from evonasc.arrays import FloatArray, IntArray
from evonasc.errors import ConfigError, DataFileError, UnknownNameError
from evonasc.files import write_atomically
from evonasc.parsing import json_value, npz_arrays
from evonasc.problems import DesignProblem
from evonasc.search.algorithms import algorithm, trains_weights
from evonasc.search.operator_table import EVOLVING, OPERATORS, kind_of
from evonasc.runs.run import RunConfig, run_search

#: Variation -> (what it changes of the search, algorithms it is for, one line for people).
VARIATIONS: dict[str, tuple[dict[str, Any], tuple[str, ...], str]] = {
    "cold": (
        {"is_warm": False},
        ("hwnas", "nasc"),
        "each threshold of a sweep searched from scratch",
    ),
    "refine": (
        {"refine_split": True},
        ("deap-nsga2", "moead", "nsga2", "nsga3", "random", "sms-emoa"),
        "each new design cut where its network is fastest",
    ),
}


@dataclass(frozen=True)
class Trial:
    """What one trial evaluated."""

    #: ``(n, n_genes)`` distinct designs, in the order of evaluation.
    genes: IntArray
    #: ``(n, n_obj)`` their objectives.
    points: FloatArray
    #: ``(m, n_obj)`` objectives of what a search under thresholds answers; ``m`` is 0 for others.
    answers: FloatArray
    #: Designs the algorithm asked for, repeats included.
    n_requested: int
    #: Wall time of the search, its evaluations looked up.
    seconds: float


def contender_config(name: str, config: RunConfig) -> RunConfig:
    """Return a configuration with the algorithm and the variations that a contender names.

    Raises:
        UnknownNameError: An unknown algorithm or variation.
        ConfigError: A variation of another algorithm, the exact front as a contender, or an
            algorithm whose errors come from weights of its own.
    """
    algorithm_name, *variations = name.split("+")
    algorithm(algorithm_name)  # refuses an unknown one
    if algorithm_name == "exact":
        raise ConfigError("exact is no contender: every comparison shows the exact front already.")
    changes: dict[str, Any] = {"algorithm": algorithm_name}
    for variation in variations:
        change, algorithms, text = _variation(variation)
        if algorithm_name not in algorithms:
            raise ConfigError(
                f"The variation {variation!r} ({text}) is one of {', '.join(algorithms)}, got "
                f"{name!r}."
            )
        changes |= change
    search = replace(config.search, **changes)
    if trains_weights(search):
        raise ConfigError(
            f"{name} is no contender: it trains weights of its own, so its errors cannot be set "
            f"against stored ones. Use evonasc run --algo {algorithm_name} --data digits."
        )
    return replace(config, search=search)


def _variation(name: str) -> tuple[dict[str, Any], tuple[str, ...], str]:
    """Return what a variation changes: one of ``VARIATIONS``, or an operator by its name."""
    if name in VARIATIONS:
        return VARIATIONS[name]
    if name not in OPERATORS:
        raise UnknownNameError("variation", name, [*VARIATIONS, *OPERATORS])
    kind = kind_of(OPERATORS.make(name))
    return {kind: name}, EVOLVING, f"the {kind} {name}"


def run_trial(config: RunConfig, problem: DesignProblem) -> Trial:
    """Search once and keep everything evaluated.

    Raises:
        EvonascError: As :func:`evonasc.runs.run.run_search` does.
        KeyboardInterrupt: The search was interrupted; half a trial is none.
    """
    result = run_search(config, problem=problem, is_exact_wanted=False)
    if result.status == "interrupted":
        raise KeyboardInterrupt
    answers = np.array([answer.genes for answer in result.answers], dtype=np.int64)
    answers = answers.reshape(-1, problem.n_var)
    return Trial(
        genes=result.genes,
        points=problem.objective_values(result.columns),
        answers=problem.objective_values(problem.columns(answers)),
        n_requested=result.n_requested,
        seconds=result.seconds,
    )


def write_trial(path: Path, trial: Trial, *, digest: str) -> None:
    """Write a trial atomically.

    Args:
        path: ``.npz``; its folder is made.
        trial: What to keep.
        digest: Of the settings it belongs to.

    Raises:
        ConfigError: It cannot be written.
    """
    header = {"digest": digest, "n_requested": trial.n_requested, "seconds": trial.seconds}
    buffer = BytesIO()
    np.savez_compressed(
        buffer,
        header=np.frombuffer(json.dumps(header).encode(), dtype=np.uint8),
        genes=trial.genes.astype(np.int16),
        points=trial.points,
        answers=trial.answers,
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, buffer.getvalue())
    except OSError as error:
        raise ConfigError(
            f"Cannot write the trial {path}: {error.strerror}. Remove what is in the way, or "
            "choose another --out."
        ) from error


def read_trial(path: Path, *, digest: str) -> Trial:
    """Read a trial.

    Raises:
        DataFileError: The file is missing or damaged, or belongs to other settings.
    """
    try:
        file = npz_arrays(path.read_bytes())
        header = json_value(file["header"].tobytes())
        trial = Trial(
            genes=file["genes"].astype(np.int64),
            points=file["points"].astype(np.float64),
            answers=file["answers"].astype(np.float64),
            n_requested=int(header["n_requested"]),
            seconds=float(header["seconds"]),
        )
        is_whole = (
            trial.points.ndim == trial.genes.ndim == trial.answers.ndim == 2
            and len(trial.points) == len(trial.genes) > 0
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
