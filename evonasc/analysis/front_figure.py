"""The figure of fronts: a panel for each two objectives, and how a search came there."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import matplotlib.pyplot as plt
import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from evonasc.analysis.column_words import axis_label
from evonasc.analysis.convergence import Convergence
from evonasc.analysis.figure_layout import LegendBlock, arrange, readable_bytes, readable_log
from evonasc.analysis.plotting import cut_colours, cut_name, plain_text
from evonasc.arrays import FloatArray, IntArray
from evonasc.bounds import Bound

#: Markers and lines of several series.
_MARKERS = ("o", "s", "D", "^", "v", "P", "X")
_STYLES: tuple[Literal["-", "--", "-.", ":"], ...] = ("-", "--", "-.", ":")
#: Pairs of objectives that are drawn, at most, and panels in a row.
_MOST_PAIRS, _IN_A_ROW = 45, 3
#: An axis whose values are positive and span this factor is logarithmic.
_LOG_FROM = 100.0
#: Colour of what has no cut, of what is known of the truth, and of bounds.
_PLAIN, _TRUTH, _BOUND = "#0173b2", "0.55", "0.25"

_Colour = tuple[float, float, float]


@dataclass(frozen=True)
class FrontSeries:
    """One front to draw."""

    #: For the legend.
    label: str
    #: ``(n, n_obj)`` objectives of the front.
    points: FloatArray
    #: ``(n, n_links)`` split points of the front; of no meaning where the space has no blocks.
    cuts: IntArray
    #: ``(m, n_obj)`` everything evaluated, drawn faint; may be empty.
    evaluated: FloatArray


def front_figure(
    series: Sequence[FrontSeries],
    *,
    objectives: tuple[str, ...],
    block_names: tuple[str, ...],
    bounds: Sequence[Bound] = (),
    true_front: FloatArray | None = None,
    convergence: Sequence[Convergence] = (),
    title: str = "",
) -> Figure:
    """Draw fronts, one panel for each pair of objectives; colour is the cut, where there is one.

    Over two links the colour is that of the first cut, the ring around it that of the second.

    Args:
        series: Fronts, told apart by marker.
        objectives: Names of the columns of the points; one alone has no panel of pairs.
        block_names: Of the space, to name the cuts; empty where nothing is cut.
        bounds: Drawn where they are about an objective.
        true_front: Drawn behind, where known.
        convergence: How each series came there, a last panel; of all series or of none.
        title: Above the figure.
    """
    sns.set_theme(style="whitegrid", context="notebook")
    pairs = [(i, j) for j, i in sorted((j, i) for i, j in combinations(range(len(objectives)), 2))]
    left_out, pairs = len(pairs[_MOST_PAIRS:]), pairs[:_MOST_PAIRS]
    if not pairs and not convergence:  # one objective, known only by its best
        pairs = [(0, 0)]
    n_panels = len(pairs) + bool(convergence)
    n_columns = 2 if n_panels == 4 else min(n_panels, _IN_A_ROW)
    n_rows = -(-n_panels // n_columns)
    size = (8.0, 5.2) if n_panels == 1 else (4.6 * n_columns, 3.8 * n_rows)
    figure, grid = plt.subplots(n_rows, n_columns, figsize=size, squeeze=False)
    has_cuts = bool(block_names)
    cuts = sorted({int(cut) for one in series for cut in one.cuts.flat}) if has_cuts else []
    colours = cut_colours(cuts, n_blocks=len(block_names))
    for axes in grid.flat[n_panels:]:
        axes.remove()
    truth = None if true_front is None else np.unique(true_front, axis=0)
    has_bounds = False
    for axes, (x, y) in zip(grid.flat, pairs, strict=False):
        _draw_pair(axes, series, x=x, y=y, colours=colours, true_front=truth)
        has_bounds |= _draw_bounds(axes, bounds, across=objectives[x], up=objectives[y])
        for axis, name in ((axes.xaxis, objectives[x]), (axes.yaxis, objectives[y])):
            axis.set_label_text(plain_text(axis_label(name)))
            if name.endswith("_bytes"):
                readable_bytes(axis)
    if convergence:
        _draw_convergence(grid.flat[len(pairs)], convergence)
    arrange(
        figure,
        title=title,
        note=f"{len(pairs)} of {len(pairs) + left_out} pairs of objectives" if left_out else "",
        legends=[
            *([_cut_legend(series, colours, block_names)] if pairs else []),
            _other_legend(
                series,
                has_points=bool(pairs),
                has_curves=bool(convergence),
                has_truth=truth is not None,
                has_bounds=has_bounds,
                is_bounded=bool(bounds),
            ),
        ],
    )
    return figure


def _draw_pair(
    axes: Axes,
    series: Sequence[FrontSeries],
    *,
    x: int,
    y: int,
    colours: dict[int, _Colour],
    true_front: FloatArray | None,
) -> None:
    """Draw one pair of objectives."""
    if true_front is not None:
        sorted_front = true_front[np.lexsort((true_front[:, y], true_front[:, x]))]
        is_line = true_front.shape[1] == 2  # a front of more objectives is no line in two of them
        axes.plot(
            sorted_front[:, x],
            sorted_front[:, y],
            color=_TRUTH,
            linewidth=1.2 if is_line else 0,
            drawstyle="steps-post",
            marker="o",
            markersize=9 if len(sorted_front) < 200 else 4,
            markerfacecolor="none",
            markeredgecolor=_TRUTH,
            zorder=1,
        )
    for one, marker in zip(series, _MARKERS * len(series), strict=False):
        if len(one.evaluated):
            # Thousands of dots: as pixels also in the SVG, and cut off far from the front.
            axes.scatter(
                one.evaluated[:, x],
                one.evaluated[:, y],
                s=4,
                color="0.8",
                zorder=0,
                rasterized=True,
            )
        has_ring = bool(colours) and one.cuts.shape[1] > 1
        axes.scatter(
            one.points[:, x],
            one.points[:, y],
            c=[colours[cut] for cut in one.cuts[:, 0].tolist()] if colours else _PLAIN,
            edgecolors=[colours[cut] for cut in one.cuts[:, 1].tolist()] if has_ring else "black",
            linewidths=2.0 if has_ring else 0.4,
            marker=marker,
            s=42,
            zorder=2,
        )
    known = [] if true_front is None else [true_front]
    shown = np.concatenate([*(one.points for one in series), *known])
    for limits, axis, values in (
        (axes.set_xlim, axes.xaxis, shown[:, x]),
        (axes.set_ylim, axes.yaxis, shown[:, y]),
    ):
        low, high = float(values.min()), float(values.max())
        if low > 0 and high / low >= _LOG_FROM:
            (axes.set_xscale if axis is axes.xaxis else axes.set_yscale)("log")
            readable_log(axis)
            margin = (high / low) ** 0.06
            limits(low / margin, high * margin)
        else:
            room = 0.06 * (high - low) or 0.05 * abs(high) or 1.0
            limits(low - room, high + room)


def _draw_bounds(axes: Axes, bounds: Sequence[Bound], *, across: str, up: str) -> bool:
    """Draw what bounds two objectives, where that is in view; tell whether any is."""
    lines = [
        draw(bound.at_most, color=_BOUND, linestyle=":", linewidth=1.6)
        for bound in bounds
        for name, (low, high), draw in (
            (across, axes.get_xlim(), axes.axvline),
            (up, axes.get_ylim(), axes.axhline),
        )
        if bound.column == name and low <= bound.at_most <= high
    ]
    return bool(lines)


def _draw_convergence(axes: Axes, curves: Sequence[Convergence]) -> None:
    """Draw how the searches came to their fronts."""
    for curve, style in zip(curves, _STYLES * len(curves), strict=False):
        axes.plot(curve.counts, curve.values, style, color="0.25", drawstyle="steps-post")
    axes.set_xlabel("evaluations")
    axes.set_ylabel(plain_text(curves[0].words))
    axes.set_xlim(left=0)


def _dot(label: str, **style: object) -> Line2D:
    """Return an entry of a legend: a marker."""
    return Line2D([], [], linestyle="", label=label, **style)  # type: ignore[arg-type]


def _cut_legend(
    series: Sequence[FrontSeries], colours: dict[int, _Colour], block_names: tuple[str, ...]
) -> LegendBlock:
    """Explain the colours."""
    n_links = max(one.cuts.shape[1] for one in series)
    handles = [
        _dot(plain_text(cut_name(cut, block_names)), marker="o", color=colour)
        for cut, colour in colours.items()
    ]
    return LegendBlock("cut after" if n_links == 1 else "cut after (ring: the second cut)", handles)


def _other_legend(
    series: Sequence[FrontSeries],
    *,
    has_points: bool,
    has_curves: bool,
    has_truth: bool,
    has_bounds: bool,
    is_bounded: bool,
) -> LegendBlock:
    """Explain markers and what lies behind."""
    handles = []
    if len(series) > 1:
        handles += [
            Line2D(
                [],
                [],
                label=plain_text(one.label),
                marker=_MARKERS[place % len(_MARKERS)] if has_points else "",
                linestyle=_STYLES[place % len(_STYLES)] if has_curves else "",
                color="0.3",
            )
            for place, one in enumerate(series)
        ]
    if has_truth and has_points:
        handles.append(
            _dot("exact front", marker="o", markersize=9, markerfacecolor="none", color=_TRUTH)
        )
    if has_points and any(len(one.evaluated) for one in series):
        words = "evaluated, beyond the bounds too" if is_bounded else "evaluated"
        handles.append(_dot(words, marker=".", color="0.8"))
    if has_bounds:
        handles.append(Line2D([], [], color=_BOUND, linestyle=":", label="bound"))
    return LegendBlock("", handles)
