"""How well a score orders networks: rank correlation with trained accuracies."""

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy.stats

from evonasc.arrays import BoolArray, FloatArray, IntArray
from evonasc.errors import DataFileError
from evonasc.space.nasbench201 import is_connected, parse_arch_strings

TRUTH = "test_accuracy_200epochs_cifar10_sample"
#: Cells of highest accuracy that count as the top, and cells a score may pick.
TOP, PICKS = 100, 10


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
    #: Spearman's rho on all cells.
    spearman: float
    #: Highest accuracy among the ``PICKS`` cells that the score puts first, percent.
    best_of_picks: float


def read_truth(measurements: Path) -> Truth:
    """Read the benchmark accuracies of a measurement file.

    Raises:
        DataFileError: The file is missing or lacks the columns.
    """
    try:
        with np.load(measurements, allow_pickle=False) as file:
            accuracy, texts = file[TRUTH], file["arch_str"]
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise DataFileError(
            f"{measurements} must be an npz with arch_str and {TRUTH} ({error})."
        ) from error
    rows = np.flatnonzero(np.isfinite(accuracy))
    cells = parse_arch_strings(texts[rows].tolist())
    return Truth(cells, accuracy[rows].astype(np.float64), is_connected(cells))


def rank_quality(name: str, score: FloatArray, truth: Truth) -> RankQuality:
    """Return how well a score agrees with the truth.

    Args:
        name: Of the score.
        score: ``(n,)``, larger is better; NaN counts as worst, -inf as worst of the rest.
        truth: What to agree with.
    """
    # Ranks, because a NaN must lie below -inf, and because tau only asks for the order.
    _, ranks = np.unique(score, return_inverse=True, equal_nan=True)
    filled = np.where(np.isnan(score), -1, ranks)
    top = np.argsort(-truth.accuracy, kind="stable")[:TOP]
    picks = np.argsort(-filled, kind="stable")[:PICKS]

    def tau(rows: IntArray) -> float:
        return float(scipy.stats.kendalltau(filled[rows], truth.accuracy[rows])[0])

    return RankQuality(
        score=name,
        tau_all=tau(np.arange(len(filled))),
        tau_connected=tau(np.flatnonzero(truth.connected)),
        tau_top=tau(top),
        spearman=float(scipy.stats.spearmanr(filled, truth.accuracy)[0]),
        best_of_picks=float(truth.accuracy[picks].max()),
    )
