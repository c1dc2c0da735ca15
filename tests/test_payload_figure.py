"""The payload figure shows what it is given."""

import numpy as np
import pytest
from figure_boxes import faults_of

from evonasc.analysis.payload_figure import PayloadPanel, payload_figure
from evonasc.analysis.plotting import picture

BLOCKS = ("stem", "cell", "end")


def panel(**changes):
    values = {
        "title": "4 bits",
        "front": np.array([[0.1, 30.0], [0.2, 10.0], [0.3, 5.0]]),
        "cuts": np.array([3, 1, 1]),
        "fastest": np.array([[0.3, 5.0], [0.15, 12.0]]),
    }
    return PayloadPanel(**{**values, **changes})


def test_points_and_steps_are_the_numbers():
    figure = payload_figure([panel(), panel(title="lossy")], block_names=BLOCKS, title="a_b $")
    axes = figure.axes[0]
    (points,) = axes.collections
    np.testing.assert_allclose(points.get_offsets(), panel().front)
    colours = points.get_facecolors()
    assert (colours[1] == colours[2]).all()
    assert (colours[0] != colours[1]).any()
    (steps,) = axes.lines
    np.testing.assert_allclose(steps.get_xydata(), [[0.15, 12.0], [0.3, 5.0]])
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    texts += [text.get_text() for text in figure.legends[1].get_texts()]
    assert texts == ["1 (stem)", "3 (all local)", "every network at its fastest cut"]
    assert faults_of(figure) == []
    assert [one.get_title() for one in figure.axes] == ["4 bits", "lossy"]
    assert picture(figure).png.startswith(b"\x89PNG")


def test_a_figure_needs_panels():
    with pytest.raises(ValueError, match="panels must hold at least one, got none"):
        payload_figure([], block_names=BLOCKS, title="")
