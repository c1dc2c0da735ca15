"""The figure of fronts: what it shows, and that nothing in it lies over anything else."""

from itertools import product

import matplotlib.pyplot as plt
import numpy as np
import pytest
from figure_boxes import axes_without_ticks, faults_of

from evonasc.analysis.convergence import convergence
from evonasc.analysis.figure_layout import shown_labels
from evonasc.analysis.front_figure import FrontSeries, front_figure
from evonasc.bounds import Bound
from evonasc.problems import Staircase

NAMES = tuple(f"block {i}" for i in range(1, 7))
OBJECTIVES = ("error", "latency_ms", "energy_mj", "head_memory_bytes", "miss_probability")
LONG = "a_run_with_a_name_that_is_much_longer_than_any_panel_is_wide_" * 3

#: Every number of objectives and of cuts, with short and long names; a few of them quickly.
CASES = [
    pytest.param(*case, marks=() if case in {(2, 13, True), (3, 20, False)} else pytest.mark.slow)
    for case in product((2, 3, 4, 5), (1, 2, 13, 20), (False, True))
]


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def series(n_obj, label="run", n=6, n_cuts=3, n_links=1, factor=1.0):
    rng = np.random.default_rng(n_obj)
    points = rng.random((n, n_obj)) * factor ** np.arange(n_obj)
    cuts = np.arange(n * n_links).reshape(n, n_links) % n_cuts + 1
    return FrontSeries(label, points, cuts, rng.random((30, n_obj)) + 0.2)


def labels_of(figure):
    return [text.get_text() for legend in figure.legends for text in legend.get_texts()]


@pytest.mark.parametrize("n_obj", [2, 3])
def test_there_is_a_panel_for_each_pair_of_objectives(n_obj):
    figure = front_figure([series(n_obj)], objectives=OBJECTIVES[:n_obj], block_names=NAMES)
    assert len(figure.axes) == n_obj * (n_obj - 1) // 2


@pytest.mark.parametrize(("n_obj", "n_cuts", "is_long"), CASES)
def test_nothing_overlaps(n_obj, n_cuts, is_long):
    names = tuple(f"{LONG if is_long else 'cell'} {i}" for i in range(20))
    own = tuple(f"{LONG}{i}" for i in range(n_obj)) if is_long else OBJECTIVES[:n_obj]
    one = series(n_obj, n=40, n_cuts=n_cuts, factor=1e3)
    runs = [one, series(n_obj, label=LONG, n_cuts=1)] if is_long else [one]
    figure = front_figure(
        runs,
        objectives=own,
        block_names=names,
        true_front=one.points,
        bounds=[Bound(own[0], 0.5)],
        convergence=convergence(
            [run.evaluated for run in runs],
            is_within=[np.ones(len(run.evaluated), bool) for run in runs],
            objectives=own,
        ),
        title=f"{LONG} $x_$ and more" if is_long else "nsga2, 300 evaluated, raspi4-edgegpu-10mbps",
    )
    assert faults_of(figure) == []
    assert axes_without_ticks(figure) == []
    assert sum(label.startswith(tuple("123456789")) for label in labels_of(figure)) == n_cuts


def test_every_point_is_drawn_with_the_truth_behind_it():
    truth = Staircase.front()
    cuts = np.arange(13)[:, None] % 6 + 1
    one = FrontSeries("run", truth[::2], cuts, np.zeros((0, 2)))
    figure = front_figure(
        [one], objectives=("error", "latency_ms"), block_names=NAMES, true_front=truth
    )
    (axes,) = figure.axes
    (line,) = axes.lines
    assert len(line.get_xdata()) == 25
    (dots,) = axes.collections
    np.testing.assert_allclose(np.asarray(dots.get_offsets()), truth[::2])
    assert {"exact front", "1 (block 1)", "6 (all local)"} <= set(labels_of(figure))
    (low, high), (least, most) = axes.get_xlim(), axes.get_ylim()
    assert low < truth[:, 0].min() < truth[:, 0].max() < high
    assert least < truth[:, 1].min() < truth[:, 1].max() < most


def test_runs_are_told_apart_in_the_legend():
    runs = [series(2, "first"), series(2, "second")]
    figure = front_figure(runs, objectives=("error", "latency_ms"), block_names=NAMES)
    assert {"first", "second"} <= set(labels_of(figure))


def test_a_front_of_one_point_has_room_around_it():
    one = FrontSeries("run", np.array([[0.5, 3.0]]), np.array([[1]]), np.zeros((0, 2)))
    figure = front_figure([one], objectives=("error", "latency_ms"), block_names=NAMES)
    low, high = figure.axes[0].get_xlim()
    assert low < 0.5 < high


def test_what_has_no_blocks_is_not_said_to_be_cut():
    one = FrontSeries("run", np.eye(2), np.zeros((2, 1), int), np.ones((3, 2)))
    figure = front_figure([one], objectives=("weight", "price"), block_names=(), title="knapsack")
    words = [*labels_of(figure), *(legend.get_title().get_text() for legend in figure.legends)]
    assert "cut" not in " ".join(words)
    assert words == ["evaluated", ""]
    assert (figure.axes[0].get_xlabel(), figure.axes[0].get_ylabel()) == ("weight", "price")


def test_two_cuts_are_the_colours_of_a_dot_and_of_its_ring():
    one = series(2, n_cuts=6, n_links=2)
    figure = front_figure([one], objectives=("error", "latency_ms"), block_names=NAMES)
    dots = figure.axes[0].collections[1]
    inside, rings = dots.get_facecolors(), dots.get_edgecolors()
    assert not np.allclose(inside, rings)
    (_, other), (third, _) = one.cuts[0], one.cuts[1]
    assert third == other + 1
    assert len(np.unique(inside, axis=0)) == len(set(one.cuts[:, 0].tolist()))
    assert "ring" in figure.legends[0].get_title().get_text()


def test_bounds_are_drawn_where_they_are_in_view():
    truth = Staircase.front()
    one = FrontSeries("run", truth, np.ones((25, 1), int), np.zeros((0, 2)))
    objectives = ("error", "latency_ms")

    def lines(*bounds):
        figure = front_figure([one], objectives=objectives, block_names=NAMES, bounds=bounds)
        assert ("bound" in labels_of(figure)) == bool(figure.axes[0].lines)
        return [(list(line.get_xdata()), list(line.get_ydata())) for line in figure.axes[0].lines]

    assert lines(Bound("latency_ms", 12.0), Bound("error", 0.5)) == [
        ([0, 1], [12.0, 12.0]),
        ([0.5, 0.5], [0, 1]),
    ]
    assert lines(Bound("latency_ms", 99.0), Bound("energy_mj", 0.5)) == []


def test_decades_are_drawn_on_a_logarithmic_axis_with_plain_numbers():
    points = np.array([[0.1, 1.0], [0.2, 3000.0]])
    one = FrontSeries("run", points, np.ones((2, 1), int), np.zeros((0, 2)))
    figure = front_figure([one], objectives=("error", "latency_ms"), block_names=NAMES)
    (axes,) = figure.axes
    assert (axes.get_xscale(), axes.get_yscale()) == ("linear", "log")
    shown = [label.get_text() for label in shown_labels(axes.yaxis)]
    assert shown == ["1", "3", "10", "30", "100", "300", "1000", "3000"]


def test_bytes_have_the_unit_that_people_would_take():
    points = np.array([[0.1, 5e5], [0.2, 2.5e6]])
    one = FrontSeries("run", points, np.ones((2, 1), int), np.zeros((0, 2)))
    figure = front_figure([one], objectives=("error", "head_memory_bytes"), block_names=NAMES)
    (axes,) = figure.axes
    assert axes.get_ylabel() == "head memory (MB)"
    shown = [float(label.get_text()) for label in shown_labels(axes.yaxis)]
    assert len(shown) > 2
    assert min(shown) >= 0.3
    assert max(shown) <= 2.7


@pytest.mark.slow
@pytest.mark.parametrize(
    ("low", "high"),
    [(1e-300, 1e-290), (1e290, 1e300), (1, 1.0000001), (-5, 1e9), (1e-12, 1e12), (0, 0)],
)
def test_nothing_overlaps_at_any_scale(low, high):
    middle = low / 2 + high / 2
    points = np.array([[low, high], [high, low], [middle, middle]])
    one = FrontSeries("run", points, np.ones((3, 1), int), np.zeros((0, 2)))
    figure = front_figure([one], objectives=("f1", "head_memory_bytes"), block_names=NAMES)
    assert faults_of(figure) == []
    assert axes_without_ticks(figure) == []


@pytest.mark.slow
@pytest.mark.parametrize("n_obj", [1, 2, 6])
@pytest.mark.parametrize("n_runs", [2, 12])
def test_nothing_overlaps_with_any_number_of_runs(n_runs, n_obj):
    runs = [series(n_obj, label=f"{LONG}{place}") for place in range(n_runs)]
    objectives = tuple(f"objective_{place}" for place in range(n_obj))
    curves = convergence(
        [run.evaluated for run in runs],
        is_within=[np.ones(30, bool)] * n_runs,
        objectives=objectives,
    )
    figure = front_figure(
        runs, objectives=objectives, block_names=NAMES, convergence=curves, title=LONG
    )
    assert faults_of(figure) == []
    assert len(labels_of(figure)) == n_runs + (4 if n_obj > 1 else 0)
