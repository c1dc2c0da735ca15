import matplotlib.pyplot as plt
import numpy as np
import pytest

from evonasc.analysis.curves import Curve, curve_figure, moving_mean
from evonasc.errors import ConfigError


def test_the_moving_mean_by_hand():
    values = np.array([1.0, 3.0, np.nan, 5.0, 9.0])
    assert moving_mean(values, 2).tolist() == [1.0, 2.0, 3.0, 5.0, 7.0]


def test_where_nothing_is_known_there_is_no_mean():
    assert np.isnan(moving_mean(np.array([np.nan, 1.0]), 1)).tolist() == [True, False]


def test_a_window_below_one_is_refused():
    with pytest.raises(ConfigError, match="window must be at least 1, got 0"):
        moving_mean(np.zeros(3), 0)


def test_each_curve_is_drawn_with_its_mean_in_both_panels():
    steps = np.arange(30.0)
    curves = [Curve(name, steps, steps / 10, 1 - steps / 30) for name in ("first", "second")]
    figure = curve_figure(curves, window=5)
    for panel, name in zip(figure.axes, ("loss", "accuracy"), strict=True):
        assert len(panel.lines) == 4
        values = getattr(curves[0], name)
        np.testing.assert_array_equal(panel.lines[0].get_ydata(), values)
        np.testing.assert_array_equal(panel.lines[1].get_ydata(), moving_mean(values, 5))
    assert [text.get_text() for text in figure.legends[0].texts] == ["first", "second"]
    plt.close(figure)


def test_no_curve_is_no_figure():
    with pytest.raises(ConfigError, match="at least one curve"):
        curve_figure([])
