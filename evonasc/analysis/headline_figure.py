"""The headline figure: what choosing network and cut together saves, against the uplink's rate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import PercentFormatter

from evonasc.analysis.figure_layout import LegendBlock, arrange, readable_log
from evonasc.analysis.plotting import cut_colours, cut_name, plain_text
from evonasc.arrays import FloatArray, IntArray

_SPAN_ALPHA = 0.22


@dataclass(frozen=True)
class HeadlinePanel:
    """One choice of the network that is compared with, over the rates of the uplink."""

    #: Above the panel.
    title: str
    #: ``(n,)`` rates, Mbit/s, rising.
    uplink_mbps: FloatArray
    #: ``(n,)`` the cut of the fastest design at each rate.
    cuts: IntArray
    #: Baseline, as the legend names it -> ``(n,)`` share of its latency saved by the true optimum.
    exact: Mapping[str, FloatArray]
    #: Baseline -> ``(n_seeds, n)`` share saved by what a search found; a baseline may be missing.
    found: Mapping[str, FloatArray]


def headline_figure(
    panels: Sequence[HeadlinePanel],
    *,
    block_names: tuple[str, ...],
    found_name: str,
    title: str,
) -> Figure:
    """Draw the share of latency saved against the rate, a panel for each choice of network.

    Lines are the true optimum, bands what a search found (all seeds; dashed the median), and the
    ground behind them tells after which block the fastest design is cut.

    Args:
        panels: Side by side, with the same baselines.
        block_names: Of the space, to name the cuts.
        found_name: The search, for the legend.
        title: Above the figure.

    Raises:
        ValueError: Panels with different baselines, or none.
    """
    if not panels or any(list(one.exact) != list(panels[0].exact) for one in panels):
        raise ValueError("panels must be at least one, and have the same baselines.")
    sns.set_theme(style="ticks", context="notebook")
    colours = dict(zip(panels[0].exact, sns.color_palette("dark"), strict=False))
    cuts = sorted({int(cut) for one in panels for cut in one.cuts})
    grounds = cut_colours(cuts, n_blocks=len(block_names))
    figure, grid = plt.subplots(
        1, len(panels), figsize=(5.6 * len(panels) + 0.4, 5.0), squeeze=False, sharey=True
    )
    for axes, panel in zip(grid[0], panels, strict=True):
        _draw(axes, panel, colours, grounds)
    grid[0, 0].set_ylabel("latency saved")
    lines = [
        Line2D([], [], color=colour, linewidth=2, label=plain_text(name))
        for name, colour in colours.items()
    ]
    lines.append(
        Line2D([], [], color="0.3", linestyle="--", linewidth=1.2, label=plain_text(found_name))
    )
    patches = [
        Patch(color=colour, alpha=2 * _SPAN_ALPHA, label=cut_name(cut, block_names))
        for cut, colour in grounds.items()
    ]
    blocks = [LegendBlock("", lines), LegendBlock("cut after", patches)]
    arrange(figure, title=title, legends=blocks)
    return figure


def _draw(
    axes: Axes,
    panel: HeadlinePanel,
    colours: Mapping[str, tuple[float, float, float]],
    grounds: Mapping[int, tuple[float, float, float]],
) -> None:
    """Draw one choice of network."""
    rates = panel.uplink_mbps
    # Between two rates the ground changes half way, as the axis shows it.
    middles = np.sqrt(rates[1:] * rates[:-1])
    edges = np.concatenate([rates[:1], middles, rates[-1:]])
    for place, cut in enumerate(panel.cuts.tolist()):
        axes.axvspan(
            edges[place],
            edges[place + 1],
            color=grounds[cut],
            alpha=_SPAN_ALPHA,
            linewidth=0,
            zorder=0,
        )
    for name, saved in panel.exact.items():
        axes.plot(rates, saved, color=colours[name], linewidth=2, marker="o", markersize=3.5)
    for name, saved in panel.found.items():
        axes.fill_between(
            rates, saved.min(axis=0), saved.max(axis=0), color=colours[name], alpha=0.2, linewidth=0
        )
        axes.plot(rates, np.median(saved, axis=0), color=colours[name], linestyle="--", lw=1.2)
    axes.set_xscale("log")
    axes.set_xlim(rates[0], rates[-1])
    least = min(float(saved.min()) for saved in (*panel.exact.values(), *panel.found.values()))
    axes.set_ylim(bottom=min(0.0, least) - 0.03, top=1.0)
    readable_log(axes.xaxis)
    axes.yaxis.set_major_formatter(PercentFormatter(xmax=1))
    axes.grid(axis="y", color="0.85", linewidth=0.8)
    axes.set_xlabel("uplink rate (Mbit/s)")
    axes.set_title(plain_text(panel.title), fontsize="small")
