"""The payload figure: where the payload harms, the fastest cut is not always the best."""

from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from evonasc.analysis.figure_layout import LegendBlock, arrange, readable_log
from evonasc.analysis.plotting import cut_colours, cut_name, plain_text
from evonasc.arrays import FloatArray, IntArray


@dataclass(frozen=True)
class PayloadPanel:
    """Two fronts of one scenario."""

    #: Above the panel.
    title: str
    #: ``(n, 2)`` error and latency, ms, of the exact front over networks and cuts.
    front: FloatArray
    #: ``(n,)`` the cut of each of its designs.
    cuts: IntArray
    #: ``(m, 2)`` the same of the front where every network is cut where that is fastest.
    fastest: FloatArray


def payload_figure(
    panels: Sequence[PayloadPanel], *, block_names: tuple[str, ...], title: str
) -> Figure:
    """Draw the exact front, coloured by cut, before the front of fastest cuts, panel by panel.

    Args:
        panels: Side by side, on the same axes.
        block_names: Of the space, to name the cuts.
        title: Above the figure.

    Raises:
        ValueError: No panels.
    """
    if not panels:
        raise ValueError("panels must hold at least one, got none.")
    sns.set_theme(style="whitegrid", context="notebook")
    cuts = sorted({int(cut) for panel in panels for cut in panel.cuts})
    colours = cut_colours(cuts, n_blocks=len(block_names))
    size = (4.8 * len(panels) + 0.6, 4.6)
    figure, grid = plt.subplots(1, len(panels), figsize=size, squeeze=False, sharex=True)
    for axes, panel in zip(grid[0], panels, strict=True):
        _draw(axes, panel, colours)
    grid[0, 0].set_ylabel("latency (ms)")
    handles = [
        Line2D([], [], linestyle="", marker="o", color=colour, label=cut_name(cut, block_names))
        for cut, colour in colours.items()
    ]
    line = Line2D([], [], color="0.45", linestyle="--", label="every network at its fastest cut")
    blocks = [LegendBlock("cut after", handles), LegendBlock("", [line])]
    arrange(figure, title=title, legends=blocks)
    return figure


def _draw(axes: Axes, panel: PayloadPanel, colours: dict[int, tuple[float, float, float]]) -> None:
    """Draw one scenario."""
    by_error = panel.fastest[np.argsort(panel.fastest[:, 0])]
    axes.plot(
        by_error[:, 0],
        by_error[:, 1],
        color="0.45",
        linestyle="--",
        linewidth=1.4,
        drawstyle="steps-post",
        zorder=1,
    )
    axes.scatter(
        panel.front[:, 0],
        panel.front[:, 1],
        c=[colours[cut] for cut in panel.cuts.tolist()],
        s=46,
        edgecolors="black",
        linewidths=0.4,
        zorder=2,
    )
    axes.set_yscale("log")
    readable_log(axes.yaxis)
    axes.set_xlabel("error")
    axes.set_title(plain_text(panel.title), fontsize="small")
