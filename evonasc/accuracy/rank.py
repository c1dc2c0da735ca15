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
class RankRow:
    """Agreement of one score with the truth on one set of cells."""

    #: The score, and the set of cells.
    score: str
    cells: str
    #: Cells in the set.
    n: int
    #: Kendall's tau-b and Spearman's rho; 1 is perfect agreement.
    kendall_tau: float
    spearman: float


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


def rank_rows(name: str, score: FloatArray, truth: Truth) -> list[RankRow]:
    """Return agreement on all cells and on the connected ones.

    Args:
        name: Of the score.
        score: ``(n,)``, larger is better; NaN counts as worst.
        truth: What to agree with.
    """
    filled = np.where(np.isfinite(score), score, np.nanmin(score) - 1)
    sets = {"all": np.ones(len(filled), dtype=bool), "connected": truth.connected}
    return [
        RankRow(
            score=name,
            cells=label,
            n=int(chosen.sum()),
            kendall_tau=float(scipy.stats.kendalltau(filled[chosen], truth.accuracy[chosen])[0]),
            spearman=float(scipy.stats.spearmanr(filled[chosen], truth.accuracy[chosen])[0]),
        )
        for label, chosen in sets.items()
    ]
