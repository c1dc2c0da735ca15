"""Figures of a comparison show every contender, seed and the reference."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from figure_boxes import faults_of

from evonasc.analysis.comparison_figures import attainment_figure, hypervolume_figure
from evonasc.analysis.indicators import Reference

REFERENCE = Reference(np.array([[0.1, 9.0], [0.5, 2.0]]), is_exact=True)
FRONTS = {
    "nsga2": [np.array([[0.1, 9.0]]), np.array([[0.2, 8.0], [0.5, 2.0]])],
    "random_$x$": [np.array([[0.4, 4.0]]), np.array([[0.3, 5.0]])],
}


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def test_a_panel_has_the_reference_each_seed_and_the_median():
    figure = attainment_figure(FRONTS, REFERENCE, objectives=("error", "latency_ms"), title="here")
    panels = [axes for axes in figure.axes if axes.get_visible()]
    assert [axes.get_title() for axes in panels] == ["nsga2", r"random_\$x\$"]
    for axes in panels:
        reference, *seeds, middle = axes.get_lines()
        assert reference.get_linestyle() == "--"
        assert len(seeds) == 2
        assert middle.get_linewidth() > seeds[0].get_linewidth()
    # (0.2, 8) and (0.5, 2) are of one seed only; with two seeds half are enough
    corners = set(zip(*panels[0].get_lines()[-1].get_data(), strict=True))
    assert {(0.1, 9.0), (0.2, 8.0), (0.5, 2.0)} <= corners
    assert "exact front" in figure.get_suptitle()
    assert faults_of(figure) == []
    assert panels[0].get_xlim()[0] < 0.1
    assert panels[0].get_xlim()[1] > 0.5


def test_a_best_known_front_is_called_so_and_more_objectives_are_refused():
    known = Reference(REFERENCE.points, is_exact=False)
    figure = attainment_figure(FRONTS, known, objectives=("error", "latency_ms"), title="")
    assert "best known front" in figure.get_suptitle()
    with pytest.raises(ValueError, match="must be two"):
        attainment_figure(FRONTS, known, objectives=("a", "b", "c"), title="")


def test_curves_are_medians_over_seeds():
    counts = np.array([10, 20, 30])
    curves = {
        "nsga2": np.array([[0.5, 0.8, 0.9], [0.6, 0.9, 1.0], [0.7, 0.95, 1.0]]),
        "random": np.array([[0.4, 0.5, 0.6]] * 3),
    }
    figure = hypervolume_figure(curves, counts=counts, title="here")
    (axes,) = figure.axes
    drawn = [line.get_ydata() for line in axes.get_lines() if len(line.get_ydata()) == 3]
    np.testing.assert_allclose(drawn, [[0.6, 0.9, 1.0], [0.4, 0.5, 0.6]])
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["nsga2", "random"]
    assert faults_of(figure) == []
    assert axes.get_ylim()[0] < 0.6  # the weakest is still seen at the end


@pytest.mark.slow
@pytest.mark.parametrize("n", [1, 2, 7, 13])
def test_nothing_overlaps_however_many_there_are_and_however_they_are_called(n):
    names = [f"{'nsga2+a_long_variation_of_it' * 3}_{place}" for place in range(n)]
    fronts = dict.fromkeys(names, FRONTS["nsga2"])
    title = "raspi4-edgegpu-10mbps (head titan_rtx, trace t.csv, memory <= 1.5 MB)" * 3
    objectives = ("error", "latency_p95_ms")
    figure = attainment_figure(fronts, REFERENCE, objectives=objectives, title=title)
    assert faults_of(figure) == []
    curves = {name: np.array([[0.5, 0.8, 0.9]] * 3) for name in names}
    figure = hypervolume_figure(curves, counts=np.array([10, 20, 30]), title=title)
    assert faults_of(figure) == []
