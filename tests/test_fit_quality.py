import math

import numpy as np
import pytest

from evonasc.cost.fit_quality import rank_correlation


def test_rank_correlation_is_spearmans():
    # ranks 1 2 3 4 5 and 2 1 4 3 5: 1 - 6 * (1 + 1 + 1 + 1) / (5 * 24)
    first, second = np.array([1.0, 2.0, 4.0, 8.0, 9.0]), np.array([20.0, 10.0, 40.0, 30.0, 900.0])
    assert rank_correlation(first, second) == pytest.approx(0.8)
    assert rank_correlation(first, -second) == pytest.approx(-0.8)


def test_a_constant_has_no_rank_correlation():
    assert math.isnan(rank_correlation(np.ones(4), np.arange(4.0)))
