"""Figures of a comparison: fronts of all seeds, and hypervolume against evaluations."""

import math
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evonasc.analysis.column_words import axis_label
from evonasc.analysis.figure_layout import LegendBlock, arrange
from evonasc.analysis.indicators import Reference
from evonasc.analysis.plotting import plain_text
from evonasc.arrays import FloatArray, IntArray
from evonasc.front import median_attainment

#: Seeds a panel draws faintly, at most; the attainment is that of all.
_MOST_SEEDS = 31


def attainment_figure(
    fronts: Mapping[str, Sequence[FloatArray]],
    reference: Reference,
    *,
    objectives: tuple[str, ...],
    title: str,
) -> Figure:
    """Draw the fronts of each contender in a panel: seeds faint, median attainment bold.

    Args:
        fronts: Contender -> ``(n, 2)`` fronts, one a seed; without a median where one is empty.
        reference: Drawn behind.
        objectives: The two columns.
        title: Above the figure.

    Raises:
        ValueError: Not two objectives.
    """
    if len(objectives) != 2:
        raise ValueError(f"objectives must be two to draw attainment, got {objectives}.")
    sns.set_theme(style="whitegrid", context="notebook")
    n_columns = min(3, math.ceil(math.sqrt(len(fronts))))
    n_rows = -(-len(fronts) // n_columns)
    figure, grid = plt.subplots(
        n_rows,
        n_columns,
        figsize=(max(4.4 * n_columns, 6.0), 3.7 * n_rows),
        squeeze=False,
        sharex=True,
        sharey=True,
    )
    palette = sns.color_palette("colorblind", len(fronts))
    low, high = reference.points.min(axis=0), reference.points.max(axis=0)
    margin = 0.15 * np.where(high > low, high - low, 1.0)
    for place, axes in enumerate(grid.flat):
        if place >= len(fronts):
            axes.set_visible(False)
            continue
        name = list(fronts)[place]
        _steps(axes, reference.points, color="0.35", linewidth=1.0, linestyle="--", zorder=2)
        for points in fronts[name][:_MOST_SEEDS]:
            _steps(axes, points, color=palette[place], linewidth=0.7, alpha=0.25, zorder=1)
        if all(len(points) for points in fronts[name]):  # no median of what was not found
            middle = median_attainment(fronts[name])
            _steps(axes, middle, color=palette[place], linewidth=2.4, zorder=3)
        axes.set_title(plain_text(name), fontsize="medium")
        axes.set_xlim(low[0] - margin[0], high[0] + margin[0])
        axes.set_ylim(max(low[1] - margin[1], 0.0), high[1] + margin[1])
        if place + n_columns >= len(fronts):
            axes.set_xlabel(plain_text(axis_label(objectives[0])))
            axes.tick_params(labelbottom=True)
        if place % n_columns == 0:
            axes.set_ylabel(plain_text(axis_label(objectives[1])))
    what = "exact front" if reference.is_exact else "best known front"
    arrange(
        figure,
        title=title,
        note=f"bold: attained by half of the seeds; faint: each seed; dashed: {what}",
    )
    return figure


def hypervolume_figure(curves: Mapping[str, FloatArray], *, counts: IntArray, title: str) -> Figure:
    """Draw the share of hypervolume against evaluations: median over seeds, band the quartiles.

    Args:
        curves: Contender -> ``(n_seeds, n_counts)`` shares.
        counts: ``(n_counts,)`` evaluations.
        title: Above the figure.
    """
    sns.set_theme(style="whitegrid", context="notebook")
    table = pd.concat(
        [
            pd.DataFrame(
                {
                    "distinct designs evaluated": np.tile(counts, len(shares)),
                    "share of the hypervolume": shares.ravel(),
                    "algorithm": plain_text(name),
                }
            )
            for name, shares in curves.items()
        ],
        ignore_index=True,
    )
    figure, axes = plt.subplots(figsize=(8.0, 4.8))
    sns.lineplot(
        table,
        x="distinct designs evaluated",
        y="share of the hypervolume",
        hue="algorithm",
        style="algorithm",
        estimator="median",
        errorbar=("pi", 50),
        palette="colorblind",
        ax=axes,
    )
    ends = [float(np.median(shares[:, -1])) for shares in curves.values()]
    starts = [float(np.median(shares[:, len(counts) // 8])) for shares in curves.values()]
    bottom = min(max(starts), min(ends)) - 0.05  # room for the weakest at the end
    top = max(float(shares.max()) for shares in curves.values())  # above 1: a noisy objective
    axes.set_ylim(max(0.0, bottom), max(1.0, top) + 0.005)
    axes.set_xlim(0, counts[-1])
    axes.axhline(1.0, color="0.4", linewidth=1.0, linestyle="--")
    handles, _ = axes.get_legend_handles_labels()
    legend = axes.get_legend()
    if legend is not None:
        legend.remove()
    arrange(figure, title=title, legends=[LegendBlock("", handles)])
    return figure


def _steps(axes: Axes, points: FloatArray, **style: object) -> None:
    """Draw what a front of two minimised objectives attains, its ends drawn out."""
    order = np.argsort(points[:, 0], kind="stable")
    x, y = points[order, 0], points[order, 1]
    far_x, far_y = x[-1] + 10 * max(np.ptp(x), 1.0), y[0] + 10 * max(np.ptp(y), 1.0)
    axes.plot(
        [x[0], *x, far_x],
        [far_y, *y, y[-1]],
        drawstyle="steps-post",
        **style,  # type: ignore[arg-type]
    )
