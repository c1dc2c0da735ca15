import math

import numpy as np
import pytest

from evonasc.cost.fit_quality import FitReport, judge, rank_correlation


def test_rank_correlation_is_spearmans():
    # ranks 1 2 3 4 5 and 2 1 4 3 5: 1 - 6 * (1 + 1 + 1 + 1) / (5 * 24)
    first, second = np.array([1.0, 2.0, 4.0, 8.0, 9.0]), np.array([20.0, 10.0, 40.0, 30.0, 900.0])
    assert rank_correlation(first, second) == pytest.approx(0.8)
    assert rank_correlation(first, -second) == pytest.approx(-0.8)


def test_a_constant_has_no_rank_correlation():
    assert math.isnan(rank_correlation(np.ones(4), np.arange(4.0)))


def test_judging_by_hand():
    report = judge(
        "x",
        predicted_ms=np.array([1.05, 2.0, 4.0, 3.0]),
        measured_ms=np.array([1.0, 2.0, 3.2, 4.0]),
        n_networks=9,
        twins=np.array([0.0, 0.3]),
    )
    assert report.mape == pytest.approx((0.05 + 0 + 0.25 + 0.25) / 4)
    assert report.max_error == pytest.approx(0.25)
    assert report.within_10_percent == 0.5
    # One of six pairs is the wrong way round: (5 - 1) / 6; ranks 1 2 4 3: 1 - 6 * 2 / (4 * 15).
    assert report.kendall_tau == pytest.approx(4 / 6)
    assert report.spearman == pytest.approx(0.8)
    assert (report.twin_mape, report.twin_within_10_percent) == (0.15, 0.5)
    assert FitReport.from_array("x", report.as_array()) == report
