import matplotlib.pyplot as plt
import numpy as np
import pytest
from figure_boxes import faults_of

from evonasc.analysis.phase_figure import phase_figure
from evonasc.analysis.rate_sweep import LinkParts
from evonasc.cost.scenario import Scenario

NAMES = tuple(f"block {i}" for i in range(1, 20))
RATES = np.geomspace(1, 100, 40)


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def parts_of(error, steady_ms, unit_ms):
    steady, unit = np.array(steady_ms, dtype=float), np.array(unit_ms, dtype=float)
    return LinkParts(Scenario(), {"error": np.array(error, dtype=float)}, steady, unit)


def drawn(axes):
    """Return what the panel's mesh shows, ``(n_levels, n_rates)``."""
    return np.ma.asarray(axes.collections[0].get_array())


def test_colours_are_the_cuts_of_the_fastest_designs():
    # all local 50 ms; after block 3, 10 + 100 / r, faster from 2.5 Mbit/s on
    figure = phase_figure(
        parts_of([0.1, 0.1], [50, 10], [0, 100]),
        np.array([19, 3]),
        rates=RATES,
        block_names=NAMES,
    )
    left, right = figure.axes[:2]
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == ["3 (block 3)", "19 (all local)"]
    np.testing.assert_array_equal(drawn(left)[0], np.where(RATES < 2.5, 1, 0))
    np.testing.assert_allclose(drawn(right)[0], np.minimum(50, 10 + 100 / RATES))
    assert left.get_xscale() == "log"


def test_a_lower_error_takes_another_design():
    figure = phase_figure(
        parts_of([0.1, 0.3], [50, 5], [0, 0]), np.array([19, 4]), rates=RATES, block_names=NAMES
    )
    column = drawn(figure.axes[0])[:, 0]
    assert (column[0], column[-1]) == (1, 0)  # cut 19 at the least error, cut 4 at the largest
    assert (np.diff(column.astype(int)) <= 0).all()


def test_the_policy_is_a_line_with_dots_where_the_cut_changes():
    figure = phase_figure(
        parts_of([0.1, 0.3], [50, 5], [0, 0]),
        np.array([19, 4]),
        rates=RATES,
        block_names=NAMES,
        policy=(0.2, [2.0, 9.0]),
    )
    for axes in figure.axes[:2]:
        line, dots = axes.lines
        assert set(line.get_ydata()) == {0.2}
        assert list(dots.get_xdata()) == [2.0, 9.0]


def test_more_than_ten_cuts_have_colours_of_their_own():
    n = 14
    parts = parts_of(np.linspace(0.1, 0.5, n), np.linspace(90, 9, n), np.zeros(n))
    figure = phase_figure(parts, np.arange(n), rates=RATES, block_names=NAMES)
    patches = figure.legends[0].get_patches()
    assert len({patch.get_facecolor() for patch in patches}) == n
    assert faults_of(figure) == []


def test_one_design_can_be_drawn():
    figure = phase_figure(
        parts_of([0.1], [50], [0]), np.array([19]), rates=RATES, block_names=NAMES
    )
    assert (drawn(figure.axes[0]) == 0).all()
    figure.canvas.draw()
