"""The curve of a training: what is drawn, and over which axis."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from evonasc.analysis.plotting import save_figure
from evonasc.analysis.training_figure import training_figure
from evonasc.errors import ConfigError
from evonasc.supernet.training_state import EpochLog

LOGS = [EpochLog(i, 2.0 / i, 1 - 0.9 / i, 0.8 / i, 0.1 * (4 - i), 5.0) for i in (1, 2, 3)]


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


def test_each_panel_holds_one_quantity_of_every_epoch():
    panels = training_figure(LOGS, n_epochs=10).axes
    assert [panel.get_ylabel() for panel in panels] == [
        "loss (nats)",
        "share classified right",
        "learning rate",
    ]
    for panel, values in zip(
        panels, ([2.0, 1.0, 2 / 3], [0.1, 0.55, 0.7], [0.3, 0.2, 0.1]), strict=True
    ):
        line, *more = panel.get_lines()
        assert len(more) == (panel is panels[1])
        np.testing.assert_array_equal(line.get_xdata(), [1, 2, 3])
        np.testing.assert_allclose(line.get_ydata(), values)
        assert panel.get_xlabel() == "epoch"
        assert panel.get_xlim() == (0, 10.5)
        assert panel.get_ylim()[0] == 0
        assert panel.get_ylim()[1] > max(values)


def test_the_share_of_held_out_images_stands_beside_that_of_the_training():
    panel = training_figure(LOGS, n_epochs=10).axes[1]
    np.testing.assert_allclose(panel.get_lines()[1].get_ydata(), [0.2, 0.6, 1 - 0.8 / 3])
    words = [text.get_text() for text in panel.get_legend().get_texts()]
    assert words == ["sampled paths, training images", "held out, a few networks"]


def test_a_single_epoch_is_visible_as_a_point():
    panels = training_figure(LOGS[:1], n_epochs=1).axes
    assert all(panel.get_lines()[0].get_marker() == "o" for panel in panels)


def test_the_title_is_text_and_no_formula(tmp_path):
    save_figure(training_figure(LOGS, n_epochs=3, title="$x^"), tmp_path / "curve")
    assert (tmp_path / "curve.png").stat().st_size > 10_000
    assert "</svg>" in (tmp_path / "curve.svg").read_text()


def test_no_epoch_no_figure():
    with pytest.raises(ConfigError, match="at least one epoch"):
        training_figure([], n_epochs=3)
