import numpy as np
import pytest

from evonasc.accuracy.rank import PICKS, TOP, Truth, rank_quality, read_truth
from evonasc.accuracy.scores import ScoredError
from evonasc.errors import DataFileError
from evonasc.space.nasbench201 import canonical_connected_cells

CELLS = canonical_connected_cells()


def test_rank_correlation_by_hand():
    """Of the six pairs of 1 2 3 4 against 1 3 2 4, one is swapped: tau = (5 - 1) / 6."""
    truth = Truth(
        cells=CELLS[:4],
        accuracy=np.array([90.0, 92.0, 91.0, 93.0]),
        connected=np.array([True, True, True, False]),
    )
    quality = rank_quality("score", np.array([1.0, 2.0, 3.0, 4.0]), truth)
    assert quality.tau_all == quality.tau_top == pytest.approx(4 / 6)
    assert quality.spearman == pytest.approx(1 - 6 * 2 / (4 * 15))
    assert quality.tau_connected == pytest.approx(1 / 3)
    assert quality.best_of_picks == 93.0


def test_a_missing_score_counts_as_worst_below_minus_infinity():
    truth = Truth(CELLS[:3], np.array([10.0, 50.0, 90.0]), np.array([False, True, True]))
    assert rank_quality("s", np.array([np.nan, -np.inf, 2.0]), truth).tau_all == 1.0


def test_top_and_picks_are_of_the_truth_and_of_the_score():
    """The score is right on the top cells alone, and its first picks are the worst cells."""
    n = TOP + 50
    accuracy = np.arange(n, dtype=float)
    score = np.where(accuracy < 50, 1000 - accuracy, accuracy)
    quality = rank_quality("s", score, Truth(CELLS[:n], accuracy, np.ones(n, dtype=bool)))
    assert quality.tau_top == pytest.approx(1)
    assert quality.tau_all < 0.5
    assert quality.best_of_picks == PICKS - 1


def test_truth_needs_its_columns(tmp_path):
    np.savez(tmp_path / "x.npz", arch_str=np.array(["a"]))
    with pytest.raises(DataFileError, match="must be an npz with arch_str and test_accuracy"):
        read_truth(tmp_path / "x.npz")


def test_the_shipped_scores_order_networks_at_least_as_well_as_the_readme_says(shared_data):
    """The bar of the first release on connected cells is 0.45; see the README for the figure."""
    truth = read_truth(shared_data / "nasbench201.npz")
    quality = rank_quality("supernet", -ScoredError().table(truth.cells), truth)
    assert quality.tau_connected >= 0.45
