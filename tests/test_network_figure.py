import matplotlib.pyplot as plt
import numpy as np
import pytest

from evonasc.analysis.network_figure import DesignPicture, design_figure
from evonasc.nasbench201.space import NasBench201

NAMES = NasBench201.block_names


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def picture(**changes):
    values = {
        "title": "design 1",
        "block_names": NAMES,
        "cut": 7,
        "payload": "cut 7: 8 bits, 8,200 bytes",
        "network": NasBench201().drawing(np.array([3, 2, 0, 1, 4, 3])),
        "times_ms": (10.0, 5.0, 2.5),
    }
    return DesignPicture(**{**values, **changes})


def texts(axes):
    return [text.get_text() for text in axes.texts if text.get_text()]


def overlapping(figure, axes):
    """Return the pairs of texts in an axes that overlap as drawn."""
    figure.canvas.draw()
    boxes = [(text.get_text(), text.get_window_extent()) for text in axes.texts if text.get_text()]
    return [
        (one, other)
        for place, (one, box) in enumerate(boxes)
        for other, second in boxes[:place]
        if box.overlaps(second)
    ]


@pytest.mark.parametrize(
    "cut", [1, 18, *(pytest.param(n, marks=pytest.mark.slow) for n in (0, 2, 7, 13, 17, 19))]
)
def test_no_labels_overlap_or_leave_the_figure(cut):
    figure = design_figure(
        picture(cut=cut, network=NasBench201().drawing(np.array([4, 4, 4, 4, 4, 4])))
    )
    for axes in figure.axes:
        assert overlapping(figure, axes) == []
        for text in axes.texts:
            box = text.get_window_extent()
            assert figure.bbox.x0 <= box.x0 <= box.x1 <= figure.bbox.x1


def test_edges_are_labelled_and_dead_ones_said_to_be_dead():
    cell, *_ = design_figure(
        picture(network=NasBench201().drawing(np.array([3, 2, 0, 1, 0, 3])))
    ).axes
    # node 1 reaches nothing: its convolution is dead
    assert texts(cell)[:6] == ["3x3 conv (dead)", "1x1 conv", "none", "skip", "none", "3x3 conv"]


def test_bars_are_the_times_one_after_the_other():
    _, times, _ = design_figure(picture()).axes
    bars = [(bar.get_x(), bar.get_width()) for bar in times.patches]
    assert bars == [(0.0, 10.0), (10.0, 5.0), (15.0, 2.5)]
    labels = [label.get_text() for label in times.get_yticklabels()]
    assert labels == ["head\n10.00 ms", "uplink\n5.00 ms", "tail\n2.50 ms"]
    assert times.get_title() == "17.50 ms in all"


@pytest.mark.parametrize("cut", [0, 7, 19])
def test_blocks_before_the_cut_are_the_devices(cut):
    *_, blocks = design_figure(picture(cut=cut)).axes
    colours = [patch.get_facecolor() for patch in blocks.patches]
    assert len(colours) == 19
    assert len(set(colours[:cut])) == (cut > 0)
    assert len(set(colours[cut:])) == (cut < 19)
    assert not set(colours[:cut]) & set(colours[cut:])
    assert ("on the device" in texts(blocks)) == (cut > 0)
    assert ("on the server" in texts(blocks)) == (cut < 19)
    assert blocks.lines[0].get_xdata().tolist() == [cut, cut]


def test_what_is_not_known_is_not_drawn():
    assert len(design_figure(picture(network=None)).axes) == 2
    assert len(design_figure(picture(network=None, times_ms=None)).axes) == 1
