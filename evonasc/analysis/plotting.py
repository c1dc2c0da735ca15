"""Figures of fronts. The one door to matplotlib and seaborn; both take a second to import."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")  # figures go to files; a machine without a screen must do

import matplotlib.pyplot as plt
import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from evonasc.arrays import FloatArray, IntArray
from evonasc.files import write_output

mpl.rcdefaults()  # no matplotlibrc of the current folder: it could start LaTeX

#: Axis labels of the columns.
LABELS = {
    "energy_mj": "device energy (mJ)",
    "error": "error (supernet scale)",
    "head_memory_bytes": "head memory (bytes)",
    "head_ms": "head time (ms)",
    "latency_ms": "latency (ms)",
    "latency_p95_ms": "latency of 95 % of inputs (ms)",
    "miss_probability": "inputs after the deadline (share)",
    "payload_bytes": "payload (bytes)",
}
_MARKERS = ("o", "s", "D", "^", "v", "P", "X")


@dataclass(frozen=True)
class FrontSeries:
    """One front to draw."""

    #: For the legend.
    label: str
    #: ``(n, n_obj)`` objectives of the front.
    points: FloatArray
    #: ``(n,)`` split points of the front.
    cuts: IntArray
    #: ``(m, n_obj)`` everything evaluated, drawn faint; may be empty.
    evaluated: FloatArray


def front_figure(
    series: Sequence[FrontSeries],
    *,
    objectives: tuple[str, ...],
    block_names: tuple[str, ...],
    true_front: FloatArray | None = None,
    title: str = "",
) -> Figure:
    """Draw fronts, one panel for each pair of objectives; colour is the cut.

    Args:
        series: Fronts, told apart by marker.
        objectives: Names of the columns of the points; one objective is drawn against its rank.
        block_names: Of the space, to name the cuts.
        true_front: Drawn behind, where known.
        title: Above the figure.
    """
    sns.set_theme(style="whitegrid", context="notebook")
    pairs = [(i, j) for j in range(1, len(objectives)) for i in range(j)]
    n_columns = min(len(pairs), 3) or 1
    n_rows = -(-len(pairs) // n_columns) or 1
    size = (8.0, 5.2) if len(pairs) <= 1 else (4.6 * n_columns, 4.0 * n_rows)
    figure, grid = plt.subplots(n_rows, n_columns, figsize=size, squeeze=False)
    cuts = sorted({int(cut) for one in series for cut in one.cuts})
    colours = cut_colours(cuts)
    for place, axes in enumerate(grid.flat):
        if place >= max(len(pairs), 1):
            axes.set_visible(False)
            continue
        x, y = pairs[place] if pairs else (0, 0)
        _draw_pair(axes, series, x=x, y=y, colours=colours, true_front=true_front)
        axes.set_xlabel(LABELS.get(objectives[x], objectives[x]))
        axes.set_ylabel(LABELS.get(objectives[y], objectives[y]))
    _legend(figure, grid[0, 0], series, colours, block_names, has_truth=true_front is not None)
    if title:
        figure.suptitle(plain_text(title), fontsize="medium")
    figure.tight_layout()
    return figure


def _draw_pair(
    axes: Axes,
    series: Sequence[FrontSeries],
    *,
    x: int,
    y: int,
    colours: dict[int, tuple[float, float, float]],
    true_front: FloatArray | None,
) -> None:
    """Draw one pair of objectives."""
    if true_front is not None:
        order = np.lexsort((true_front[:, y], true_front[:, x]))
        sorted_front = true_front[order]
        is_line = true_front.shape[1] == 2  # a front of more objectives is no line in two of them
        axes.plot(
            sorted_front[:, x],
            sorted_front[:, y],
            color="0.55",
            linewidth=1.2 if is_line else 0,
            drawstyle="steps-post",
            marker="o",
            markersize=9 if len(sorted_front) < 200 else 4,
            markerfacecolor="none",
            markeredgecolor="0.55",
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
        sns.scatterplot(
            x=one.points[:, x],
            y=one.points[:, y],
            hue=one.cuts,
            palette={cut: colours[cut] for cut in set(one.cuts.tolist())},
            marker=marker,
            s=42,
            edgecolor="black",
            linewidth=0.4,
            legend=False,
            zorder=2,
            ax=axes,
        )
    shown = np.concatenate([one.points for one in series])
    for limits, column in ((axes.set_xlim, x), (axes.set_ylim, y)):
        low, high = shown[:, column].min(), shown[:, column].max()
        margin = 0.06 * (high - low) or 0.05 * abs(high) or 1.0
        limits(low - margin, high + margin)


def _legend(
    figure: Figure,
    axes: Axes,
    series: Sequence[FrontSeries],
    colours: dict[int, tuple[float, float, float]],
    block_names: tuple[str, ...],
    *,
    has_truth: bool,
) -> None:
    """Explain colours, markers and what lies behind."""

    def dot(label: str, **style: object) -> Line2D:
        return Line2D([], [], linestyle="", label=label, **style)  # type: ignore[arg-type]

    handles = [
        dot(cut_name(cut, block_names), marker="o", color=colour) for cut, colour in colours.items()
    ]
    if len(series) > 1:
        handles += [
            dot(plain_text(one.label), marker=marker, color="0.3")
            for one, marker in zip(series, _MARKERS * len(series), strict=False)
        ]
    if has_truth:
        handles.append(
            dot("true front", marker="o", markersize=9, markerfacecolor="none", color="0.55")
        )
    if any(len(one.evaluated) for one in series):
        handles.append(dot("evaluated", marker=".", color="0.8"))
    axes.legend(handles=handles, loc="best", fontsize="small", title="cut after", framealpha=0.9)


def cut_colours(cuts: Sequence[int]) -> dict[int, tuple[float, float, float]]:
    """Return a colour for each cut."""
    name = "colorblind" if len(cuts) <= 10 else "viridis"  # the first repeats after ten
    return dict(zip(cuts, sns.color_palette(name, len(cuts)), strict=True))


def cut_name(cut: int, block_names: tuple[str, ...]) -> str:
    """Return a cut in words: the block it follows."""
    if cut == 0:
        return "0 (raw input)" if block_names else "nothing to cut"
    return f"{cut} ({block_names[cut - 1]})" if cut < len(block_names) else f"{cut} (all local)"


@dataclass(frozen=True)
class Picture:
    """A figure as a notebook shows it, whatever drew it."""

    #: PNG file.
    png: bytes = field(repr=False)

    def _repr_png_(self) -> bytes:
        """Hand the picture to the notebook."""
        return self.png


def picture(figure: Figure) -> Picture:
    """Return a figure for the end of a notebook cell, and close it."""
    buffer = io.BytesIO()
    figure.savefig(buffer, dpi=110, format="png")
    plt.close(figure)
    return Picture(buffer.getvalue())


def save_figure(figure: Figure, stem: Path, *, may_replace: bool = False) -> list[Path]:
    """Write ``stem.png`` and ``stem.svg``, each atomically, and close the figure.

    The same figure gives the same bytes.

    Raises:
        ConfigError: A file cannot be written, or is there and may not be replaced.
    """
    paths = []
    for suffix, metadata in ((".png", None), (".svg", {"Date": None})):
        buffer = io.BytesIO()
        with mpl.rc_context({"svg.hashsalt": "evonasc"}):  # else random ids
            figure.savefig(buffer, dpi=150, format=suffix[1:], metadata=metadata)
        path = stem.with_name(f"{stem.name.removesuffix('.png').removesuffix('.svg')}{suffix}")
        write_output(path, buffer.getvalue(), may_replace=may_replace)
        paths.append(path)
    plt.close(figure)
    return paths


def plain_text(text: str) -> str:
    """Return a user's text so that matplotlib reads no formula and hides no label in it."""
    escaped = text.replace("$", r"\$")
    return f" {escaped}" if escaped.startswith("_") else escaped
