"""Evaluating designs so that one that fails takes nothing else with it."""

from dataclasses import dataclass, field

import numpy as np

from evonasc.arrays import FloatArray, IntArray
from evonasc.errors import EvaluationError, EvonascError
from evonasc.plugins import described
from evonasc.problems import DesignProblem

#: Longest reason that is kept, characters.
_LONGEST_REASON = 300


@dataclass(frozen=True)
class Evaluated:
    """What is known of some designs."""

    #: ``(n,)`` each; NaN where the evaluation failed. Empty where all failed.
    columns: dict[str, FloatArray]
    #: Row -> why its evaluation failed, one line.
    failures: dict[int, str] = field(default_factory=dict)


def evaluate(problem: DesignProblem, genes: IntArray) -> Evaluated:
    """Evaluate valid designs, ``(n, n_genes)``.

    A design fails whose evaluation raises, gives something that is no number, or something of
    another shape. Where a batch raises, its designs are evaluated one by one to find out which do.

    Raises:
        EvonascError: The problem cannot evaluate anything, such as one whose file is missing.
    """
    try:
        return checked(problem.named_columns(genes))
    except EvonascError as error:
        if not isinstance(error, EvaluationError):
            raise
        reason = str(error)
    except Exception as error:  # whatever the code of others does
        reason = described(error)
    if len(genes) == 1:
        return Evaluated({}, {0: _in_one_line(reason)})
    return joined([evaluate(problem, genes[row : row + 1]) for row in range(len(genes))])


def checked(columns: dict[str, FloatArray]) -> Evaluated:
    """Return columns with the rows that hold what is no finite number marked as failed."""
    failures: dict[int, str] = {}
    for name, values in columns.items():
        if np.isfinite(values).all():
            continue
        for row in np.flatnonzero(~np.isfinite(values)).tolist():
            failures.setdefault(row, f"{name} must be finite, got {values[row]}")
    if failures:
        columns = {name: values.astype(float) for name, values in columns.items()}
        for values in columns.values():
            values[list(failures)] = np.nan
    return Evaluated(columns, failures)


def joined(parts: list[Evaluated], *, n_rows: list[int] | None = None) -> Evaluated:
    """Return what is known of several batches as of one.

    Args:
        parts: In order.
        n_rows: Designs of each; 1 by default.

    Raises:
        EvaluationError: They have other columns.
    """
    sizes = [1] * len(parts) if n_rows is None else n_rows
    starts = np.concatenate([[0], np.cumsum(sizes)]).tolist()
    named = [part.columns.keys() for part in parts if part.columns]
    if any(names != named[0] for names in named):
        raise EvaluationError(
            "A problem must give the same columns for all designs, got "
            f"{' and '.join(', '.join(names) for names in named[:2])}."
        )
    columns = {
        name: np.concatenate(
            [
                part.columns.get(name, np.full(size, np.nan))
                for part, size in zip(parts, sizes, strict=True)
            ]
        )
        for name in (named[0] if named else ())
    }
    failures = {
        start + row: reason
        for start, part in zip(starts, parts, strict=False)
        for row, reason in part.failures.items()
    }
    return Evaluated(columns, failures)


def part_of(found: Evaluated, rows: slice) -> Evaluated:
    """Return what is known of some rows in a row."""
    start, stop, _ = rows.indices(2**62)
    return Evaluated(
        {name: values[rows] for name, values in found.columns.items()},
        {row - start: why for row, why in found.failures.items() if start <= row < stop},
    )


def _in_one_line(text: str) -> str:
    """Return a text in one line, shortened."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_REASON else f"{line[: _LONGEST_REASON - 3]}..."
