"""How well a score orders networks: rank correlation with trained accuracies."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy.stats

from evonasc.arrays import BoolArray, FloatArray, IntArray
from evonasc.errors import DataFileError
from evonasc.inputs import file_bytes
from evonasc.nasbench201.cells import is_connected, parse_arch_strings
from evonasc.parsing import npz_arrays

TRUTH = "test_accuracy_200epochs_cifar10_sample"
#: Cells of highest accuracy that count as the top, and cells a score may pick.
TOP, PICKS = 100, 10
#: Connected networks that a truth must know.
LEAST_NETWORKS = 10


@dataclass(frozen=True)
class Truth:
    """Trained accuracies of some cells."""

    #: ``(n, 6)`` cells.
    cells: IntArray
    #: ``(n,)`` percent.
    accuracy: FloatArray
    #: ``(n,)`` whether the input reaches the output.
    connected: BoolArray


@dataclass(frozen=True)
class RankQuality:
    """How well one score orders the cells of a truth."""

    #: The score.
    score: str
    #: Kendall's tau-b on all cells, on the connected ones, and among the ``TOP`` of highest
    #: accuracy; 1 is perfect agreement.
    tau_all: float
    tau_connected: float
    tau_top: float
    #: Spearman's rho on all cells. All four are NaN where either side has one value only.
    spearman: float
    #: Highest accuracy among the ``PICKS`` cells that the score puts first, percent.
    best_of_picks: float


def read_truth(measurements: Path) -> Truth:
    """Read the benchmark accuracies of a measurement file.

    Args:
        measurements: npz with ``arch_str``, ``(n,)`` text, and ``TRUTH``, ``(n,)`` percent, NaN or
            infinite where a network was not trained.

    Raises:
        DataFileError: The file is missing or lacks the columns, they do not fit each other,
            accuracies are no percentages, or too few networks have one.
    """
    data = file_bytes(measurements, kind="measurements")
    try:
        file = npz_arrays(data, ("arch_str", TRUTH))
        accuracy, texts = file[TRUTH], file["arch_str"]
        _require_columns(accuracy, texts)
        rows = np.flatnonzero(np.isfinite(accuracy))
        cells = parse_arch_strings(texts[rows].tolist())
        truth = Truth(cells, accuracy[rows].astype(np.float64), is_connected(cells))
        _require_percentages(truth.accuracy)
    except ValueError as error:  # a GenomeError too, which names the cell
        reason = str(error).rstrip(".")
        raise DataFileError(
            f"{measurements} must be an npz with arch_str and {TRUTH} ({reason})."
        ) from error
    n_known, n_different = int(truth.connected.sum()), len(np.unique(truth.accuracy))
    if n_known < LEAST_NETWORKS or n_different < 2:
        raise DataFileError(
            f"{measurements} must give different accuracies of at least {LEAST_NETWORKS} networks "
            f"whose input reaches the output, for a rank correlation to mean something; got "
            f"{n_known} networks, {n_different} different accuracies."
        )
    return truth


def _require_columns(accuracy: np.ndarray, texts: np.ndarray) -> None:
    """Raise ValueError for columns of another kind or shape."""
    if accuracy.dtype.kind not in "fiu":
        raise ValueError(f"{TRUTH} must hold numbers, got {accuracy.dtype}")
    if texts.dtype.kind != "U":
        raise ValueError(f"arch_str must hold text, got {texts.dtype}")
    if texts.ndim != 1 or accuracy.shape != texts.shape:
        raise ValueError(
            f"both must have one shape (n,), got arch_str {texts.shape} and {TRUTH} "
            f"{accuracy.shape}"
        )


def _require_percentages(accuracy: FloatArray) -> None:
    """Raise ValueError for accuracies that are no percentages."""
    if not accuracy.size:
        return
    low, high = float(accuracy.min()), float(accuracy.max())
    if low < 0 or high > 100:
        raise ValueError(
            f"accuracies must be percentages in [0, 100], got values from {low} to {high}"
        )
    if high <= 1:
        raise ValueError(
            f"accuracies must be percentages, got fractions up to {high}: multiply them by 100"
        )


def rank_quality(name: str, score: FloatArray, truth: Truth) -> RankQuality:
    """Return how well a score agrees with the truth.

    Larger scores are better, ``(n,)``; NaN counts as worst, -inf as worst of the rest.
    """
    # Ranks, because a NaN must lie below -inf, and because tau only asks for the order.
    _, ranks = np.unique(score, return_inverse=True, equal_nan=True)
    filled = np.where(np.isnan(score), -1, ranks)
    top = np.argsort(-truth.accuracy, kind="stable")[:TOP]
    picks = np.argsort(-filled, kind="stable")[:PICKS]

    is_order = bool(np.ptp(filled) and np.ptp(truth.accuracy))  # else scipy warns

    def tau(rows: IntArray) -> float:
        return float(scipy.stats.kendalltau(filled[rows], truth.accuracy[rows])[0])

    return RankQuality(
        score=name,
        tau_all=tau(np.arange(len(filled))),
        tau_connected=tau(np.flatnonzero(truth.connected)),
        tau_top=tau(top),
        spearman=float(scipy.stats.spearmanr(filled, truth.accuracy)[0]) if is_order else math.nan,
        best_of_picks=float(truth.accuracy[picks].max()),
    )
