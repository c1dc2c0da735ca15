"""Figures of searches that train weights: loss and accuracy, step by step."""

from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
import seaborn as sns
from matplotlib.figure import Figure

from evonasc.analysis.figure_layout import LegendBlock, arrange
from evonasc.analysis.plotting import plain_text
from evonasc.arrays import FloatArray
from evonasc.errors import ConfigError


@dataclass(frozen=True)
class Curve:
    """One search."""

    #: For the legend.
    label: str
    #: ``(n,)`` steps, rising.
    steps: FloatArray
    #: ``(n,)`` losses on the images the search learns from, nats; NaN where there is none.
    loss: FloatArray
    #: ``(n,)`` share of them classified right; NaN where there is none.
    accuracy: FloatArray


def curve_figure(curves: Sequence[Curve], *, window: int = 25, title: str = "") -> Figure:
    """Draw loss and accuracy side by side: single steps faint, their moving mean strong.

    Args:
        curves: One at least.
        window: Steps of the moving mean.
        title: Above the figure.

    Raises:
        ConfigError: No curve, or a window below 1.
    """
    if not curves:
        raise ConfigError("A figure of curves needs at least one curve.")
    sns.set_theme(style="whitegrid", context="notebook")
    figure, axes = plt.subplots(1, 2, figsize=(10.0, 4.2))
    panels = ((axes[0], "loss", "loss (nats)"), (axes[1], "accuracy", "share classified right"))
    colours = sns.color_palette("colorblind", len(curves))
    for panel, name, label in panels:
        for curve, colour in zip(curves, colours, strict=True):
            values = curve.loss if name == "loss" else curve.accuracy
            panel.plot(  # a dot a step: as pixels also in the SVG
                curve.steps, values, ".", color=colour, alpha=0.18, markersize=3, rasterized=True
            )
            panel.plot(
                curve.steps,
                moving_mean(values, window),
                color=colour,
                label=plain_text(curve.label),
                lw=2,
            )
        panel.set_xlabel("forward passes on the second half")
        panel.set_ylabel(label)
    axes[1].set_ylim(0, 1)
    handles, _ = axes[0].get_legend_handles_labels()
    arrange(figure, title=title, legends=[LegendBlock("", handles)])
    return figure


def moving_mean(values: FloatArray, window: int) -> FloatArray:
    """Return the mean of the last ``window`` values at each place, fewer at the start, ``(n,)``.

    Values that are NaN count for nothing; where all of a window are, so is the mean.

    Raises:
        ConfigError: A window below 1.
    """
    if window < 1:
        raise ConfigError(f"window must be at least 1, got {window}.")
    is_there = ~np.isnan(values)
    sums = np.concatenate([[0.0], np.cumsum(np.where(is_there, values, 0.0))])
    counts = np.concatenate([[0], np.cumsum(is_there)])
    last = np.arange(1, len(values) + 1)
    first = np.maximum(last - window, 0)
    n = counts[last] - counts[first]
    total = sums[last] - sums[first]
    mean: FloatArray = np.divide(total, n, out=np.full(len(values), np.nan), where=n > 0)
    return mean
