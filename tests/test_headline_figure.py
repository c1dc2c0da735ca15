"""The headline figure shows what it is given."""

import numpy as np
import pytest
from figure_boxes import faults_of
from matplotlib.colors import to_rgb

from evonasc.analysis.headline_figure import HeadlinePanel, headline_figure
from evonasc.analysis.plotting import picture

RATES = np.array([1.0, 10.0, 100.0])


def panel(**changes):
    values = {
        "title": "one",
        "uplink_mbps": RATES,
        "cuts": np.array([3, 3, 1]),
        "exact": {"whole": np.array([0.0, 0.4, 0.8]), "cut": np.array([0.0, 0.1, 0.2])},
        "found": {"whole": np.array([[0.0, 0.3, 0.7], [0.0, 0.4, 0.8], [0.0, 0.35, 0.6]])},
    }
    return HeadlinePanel(**{**values, **changes})


def drawn(panels):
    return headline_figure(
        panels, block_names=("stem", "cell", "end"), found_name="a_search", title="what & why"
    )


def test_lines_bands_and_grounds_are_the_numbers():
    figure = drawn([panel(), panel(title="two")])
    axes = figure.axes[0]
    lines = {tuple(line.get_ydata()) for line in axes.lines if line.get_linestyle() == "-"}
    assert lines == {(0.0, 0.4, 0.8), (0.0, 0.1, 0.2)}
    (dashed,) = (line for line in axes.lines if line.get_linestyle() == "--")
    np.testing.assert_allclose(dashed.get_ydata(), [0.0, 0.35, 0.7])
    (band,) = axes.collections
    assert band.get_paths()[0].get_extents().ymax == pytest.approx(0.8)
    vertices = band.get_paths()[0].vertices
    assert {0.6, 0.8} <= set(vertices[vertices[:, 0] == 100.0, 1].round(6).tolist())
    # the ground changes half way between 10 and 100 Mbit/s on the logarithmic axis
    spans = [(patch.get_x(), patch.get_width(), patch.get_facecolor()) for patch in axes.patches]
    assert spans[2][0] == pytest.approx(10**1.5)
    assert spans[0][2] == spans[1][2] != spans[2][2]
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    texts += [text.get_text() for text in figure.legends[1].get_texts()]
    assert texts == ["whole", "cut", "a_search", "1 (stem)", "3 (all local)"]
    assert faults_of(figure) == []
    colours = [handle.get_color() for handle in figure.legends[0].legend_handles[:2]]
    assert len({to_rgb(colour) for colour in colours}) == 2
    assert [one.get_title() for one in figure.axes] == ["one", "two"]
    assert picture(figure).png.startswith(b"\x89PNG")


def test_a_loss_is_shown_too():
    axes = drawn([panel(found={"whole": np.array([[-0.2, 0.0, 0.1]])})]).axes[0]
    assert axes.get_ylim()[0] < -0.2


def test_panels_must_have_the_same_baselines():
    with pytest.raises(ValueError, match="at least one"):
        drawn([])
    with pytest.raises(ValueError, match="the same baselines"):
        drawn([panel(), panel(exact={"whole": RATES})])
