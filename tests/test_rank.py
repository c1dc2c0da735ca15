import numpy as np
import pytest

from evonasc.errors import DataFileError
from evonasc.nasbench201.cells import arch_strings, canonical_cells, canonical_connected_cells
from evonasc.nasbench201.errors.rank import (
    LEAST_NETWORKS,
    PICKS,
    TOP,
    TRUTH,
    Truth,
    rank_quality,
    read_truth,
)
from evonasc.nasbench201.errors.supernet_scores import SupernetScores

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


TEXTS = np.array(arch_strings(CELLS[:12]))
PERCENT = np.linspace(60.0, 94.0, 12)


@pytest.mark.parametrize(
    ("texts", "accuracy", "message"),
    [
        (TEXTS, PERCENT.astype(str), "must hold numbers, got <U"),
        (TEXTS.astype(bytes), PERCENT, r"arch_str must hold text, got \|S"),
        (np.arange(12), PERCENT, "arch_str must hold text, got int64"),
        (TEXTS, PERCENT[:-1], r"one shape \(n,\), got arch_str \(12,\) and .* \(11,\)"),
        (TEXTS[:, None], PERCENT[:, None], r"one shape \(n,\), got arch_str \(12, 1\)"),
        (np.array(["a"] * 12), PERCENT, "A cell must read like"),
        (TEXTS, PERCENT / 100, "got fractions up to 0.94: multiply them by 100"),
        (TEXTS, -PERCENT, r"percentages in \[0, 100\], got values from -94.0 to -60.0"),
        (TEXTS, PERCENT * np.nan, "of at least 10 networks .* got 0 networks"),
        (TEXTS[:1], PERCENT[:1], "of at least 10 networks .* got 1 networks"),
        (TEXTS, PERCENT * 0 + 90, "got 12 networks, 1 different accuracies"),
    ],
)
def test_what_is_no_truth_is_refused(tmp_path, texts, accuracy, message):
    np.savez(tmp_path / "x.npz", arch_str=texts, **{TRUTH: accuracy})
    with pytest.raises(DataFileError, match=message) as raised:
        read_truth(tmp_path / "x.npz")
    assert "\n" not in str(raised.value)


def test_ten_networks_are_a_truth(tmp_path):
    some = np.where(np.arange(12) < LEAST_NETWORKS, PERCENT, np.nan)
    np.savez(tmp_path / "x.npz", arch_str=TEXTS, **{TRUTH: some})
    truth = read_truth(tmp_path / "x.npz")
    assert np.array_equal(truth.cells, CELLS[:10])
    assert np.array_equal(truth.accuracy, PERCENT[:10])


def test_another_kind_of_file_is_no_truth(tmp_path):
    (tmp_path / "x.csv").write_text("arch_str,accuracy\n")
    with pytest.raises(DataFileError, match="it must be an npz, got another kind of file"):
        read_truth(tmp_path / "x.csv")
    with pytest.raises(DataFileError, match="Cannot read the measurements .*: No such file"):
        read_truth(tmp_path / "none.npz")


def test_a_score_of_one_value_has_no_rank_correlation():
    quality = rank_quality("s", np.ones(12), Truth(CELLS[:12], PERCENT, np.ones(12, dtype=bool)))
    assert np.isnan([quality.tau_all, quality.tau_top, quality.spearman]).all()


def test_the_shipped_scores_order_networks_at_least_as_well_as_the_readme_says(shared_data):
    """The bar of the first release on connected cells is 0.45; see the README for the figure."""
    truth = read_truth(shared_data / "nasbench201.npz")
    quality = rank_quality(
        "supernet", -SupernetScores().errors.of_networks(canonical_cells(truth.cells)), truth
    )
    assert quality.tau_connected >= 0.45
