"""A phase diagram: which cut is best at which rate and error, and how long that design takes."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, ListedColormap, LogNorm
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from evonasc.analysis.column_words import axis_label
from evonasc.analysis.figure_layout import LegendBlock, arrange, readable_log
from evonasc.analysis.plotting import cut_colours, cut_name
from evonasc.analysis.rate_sweep import LinkParts, best_rows, front_at
from evonasc.arrays import FloatArray, IntArray
from evonasc.bounds import Bound

#: Cells of the diagram along each axis, at least.
_N_LEVELS = 240


def phase_figure(
    parts: LinkParts,
    cuts: IntArray,
    *,
    rates: FloatArray,
    block_names: tuple[str, ...],
    bounds: Sequence[Bound] = (),
    policy: tuple[float, Sequence[float]] | None = None,
    title: str = "",
) -> Figure:
    """Draw the cut and the latency of the fastest design, over rate and error.

    Args:
        parts: Of the designs.
        cuts: ``(n,)`` their split points.
        rates: ``(n_rates,)`` rising, Mbit/s.
        block_names: Of the space, to name the cuts.
        bounds: What designs keep to at a rate, or count for nothing there; at the greatest rate
            one does.
        policy: Error of one network and the rates at which its best cut changes, to mark.
        title: Above the figure.
    """
    sns.set_theme(style="ticks", context="notebook")
    low, high = _error_range(parts, rates, bounds)
    levels = np.linspace(low, high, _N_LEVELS)
    best = best_rows(parts, rates, levels, bounds)
    latency = np.array(
        [parts.latency_ms(float(rate))[best[:, place]] for place, rate in enumerate(rates)]
    ).T
    figure, (left, right) = plt.subplots(1, 2, figsize=(12, 5.0), sharey=True, layout="constrained")
    is_known = best >= 0
    handles = _draw_cuts(
        left, rates, levels, np.ma.masked_where(~is_known, cuts[best]), block_names
    )
    mesh = right.pcolormesh(
        rates,
        levels,
        np.ma.masked_where(~is_known, latency),
        cmap="viridis_r",
        norm=LogNorm(),
        shading="nearest",
        rasterized=True,
    )
    bar = figure.colorbar(mesh, ax=right, label=axis_label("latency_ms"))
    readable_log(bar.ax.yaxis)
    none = (
        " (white: none within the bounds)" if bounds and not is_known[levels >= low].all() else ""
    )
    for axes, name in ((left, f"cut of the fastest design{none}"), (right, "its latency")):
        axes.set_xscale("log")
        axes.set_xlabel("uplink rate (Mbit/s)")
        readable_log(axes.xaxis)
        axes.set_title(name, fontsize="medium")
        if policy is not None:
            error, changes = policy
            axes.axhline(error, color="black", linewidth=1.2, linestyle="--")
            axes.plot(changes, [error] * len(changes), "o", color="black", markersize=6)
    left.set_ylim(low - 0.03 * (high - low), high)
    left.set_ylabel("at most this error")
    arrange(figure, title=title, legends=[LegendBlock("cut after", handles)])
    return figure


def _error_range(
    parts: LinkParts, rates: FloatArray, bounds: Sequence[Bound]
) -> tuple[float, float]:
    """Return the errors between which the fastest design changes at some rate."""
    ends = [
        front_at(parts, float(rate), ("error", "latency_ms"), bounds)
        for rate in (rates[0], rates[-1])
    ]
    errors = parts.fixed["error"][np.concatenate(ends)]
    low, high = float(errors.min()), float(errors.max())
    margin = 0.04 * (high - low) or 0.01
    return low, high + margin


def _draw_cuts(
    axes: Axes,
    rates: FloatArray,
    levels: FloatArray,
    cuts: "np.ma.MaskedArray[tuple[int, int], np.dtype[np.int64]]",
    block_names: tuple[str, ...],
) -> list[Patch]:
    """Draw the cuts in colours of their own, and return what names them."""
    present = np.unique(cuts.compressed())
    colours = cut_colours(present.tolist(), n_blocks=len(block_names))
    places = np.searchsorted(present, cuts.filled(present[0] if len(present) else 0))
    axes.pcolormesh(
        rates,
        levels,
        np.ma.masked_where(np.ma.getmaskarray(cuts), places),
        cmap=ListedColormap(list(colours.values()) or ["white"]),
        norm=BoundaryNorm(np.arange(len(present) + 1) - 0.5, max(len(present), 1)),
        shading="nearest",
        rasterized=True,
    )
    return [
        Patch(color=colour, label=cut_name(cut, block_names)) for cut, colour in colours.items()
    ]
