import numpy as np
import pytest

from evonasc.analysis.plotting import FrontSeries, cut_name, front_figure, picture, save_figure
from evonasc.errors import ConfigError
from evonasc.problems import Staircase

NAMES = tuple(f"block {i}" for i in range(1, 7))


def series(n_obj, label="run", n=6):
    rng = np.random.default_rng(n_obj)
    points = rng.random((n, n_obj))
    return FrontSeries(label, points, np.arange(n) % 3 + 1, rng.random((30, n_obj)) + 0.2)


@pytest.mark.parametrize("n_obj", [1, 2, 3, 4])
def test_there_is_a_panel_for_each_pair_of_objectives(n_obj):
    objectives = ("error", "latency_ms", "energy_mj", "payload_bytes")[:n_obj]
    figure = front_figure([series(n_obj)], objectives=objectives, block_names=NAMES)
    visible = [axes for axes in figure.axes if axes.get_visible()]
    assert len(visible) == max(n_obj * (n_obj - 1) // 2, 1)
    save_figure_and_forget(figure)


def save_figure_and_forget(figure):
    import matplotlib.pyplot as plt

    plt.close(figure)


def test_every_point_is_drawn_with_the_truth_behind_it(tmp_path):
    truth = Staircase.front()
    one = FrontSeries("run", truth[::2], np.arange(13) % 6 + 1, np.zeros((0, 2)))
    figure = front_figure(
        [one], objectives=("error", "latency_ms"), block_names=NAMES, true_front=truth
    )
    (axes,) = figure.axes
    (line,) = axes.lines
    assert len(line.get_xdata()) == 25
    drawn = np.concatenate([np.asarray(dots.get_offsets()) for dots in axes.collections])
    np.testing.assert_allclose(np.sort(drawn, axis=0), np.sort(truth[::2], axis=0))
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert "true front" in labels
    assert "1 (block 1)" in labels
    assert "6 (all local)" in labels
    paths = save_figure(figure, tmp_path / "front")
    assert [path.suffix for path in paths] == [".png", ".svg"]
    assert paths[0].read_bytes().startswith(b"\x89PNG")
    assert "<svg" in paths[1].read_text()


def test_a_picture_for_a_notebook_is_a_png():
    figure = front_figure([series(2)], objectives=("error", "latency_ms"), block_names=NAMES)
    assert picture(figure)._repr_png_().startswith(b"\x89PNG")


def test_runs_are_told_apart_in_the_legend():
    figure = front_figure(
        [series(2, "first"), series(2, "second")],
        objectives=("error", "latency_ms"),
        block_names=NAMES,
    )
    labels = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert {"first", "second"} <= set(labels)
    save_figure_and_forget(figure)


def test_a_front_of_one_point_has_room_around_it():
    one = FrontSeries("run", np.array([[0.5, 3.0]]), np.array([1]), np.zeros((0, 2)))
    figure = front_figure([one], objectives=("error", "latency_ms"), block_names=NAMES)
    low, high = figure.axes[0].get_xlim()
    assert low < 0.5 < high
    save_figure_and_forget(figure)


def test_cuts_are_named_by_the_block_they_follow():
    assert [cut_name(cut, NAMES) for cut in (0, 2, 6)] == [
        "0 (raw input)",
        "2 (block 2)",
        "6 (all local)",
    ]


def test_names_of_users_are_drawn_as_they_are_written(tmp_path):
    """matplotlib would read $...$ as a formula and hide labels that begin with an underscore."""
    figure = front_figure(
        [series(2, "_mine"), series(2, "$\\frac{$")],
        objectives=("error", "latency_ms"),
        block_names=NAMES,
        title="a $\\frac{$ b",
    )
    labels = [text.get_text().strip() for text in figure.axes[0].get_legend().get_texts()]
    assert "_mine" in labels
    paths = save_figure(figure, tmp_path / "f.v2")
    assert [path.name for path in paths] == ["f.v2.png", "f.v2.svg"]


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    figure = front_figure([series(2)], objectives=("error", "latency_ms"), block_names=NAMES)
    with pytest.raises(ConfigError, match="Cannot write"):
        save_figure(figure, tmp_path / "file" / "front")
    save_figure_and_forget(figure)
