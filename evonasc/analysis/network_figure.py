"""A figure of one design: its network, where that is cut, and where the time goes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib.pyplot as plt
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Rectangle

from evonasc.analysis.figure_layout import arrange
from evonasc.analysis.plotting import plain_text
from evonasc.space.drawing import Drawing

#: Colours of head, uplink and tail; those before are the operations'.
_PARTS = _HEAD, _UPLINK, _TAIL = 9, 7, 4


@dataclass(frozen=True)
class DesignPicture:
    """What the figure shows."""

    #: Above the figure.
    title: str
    #: One name a block.
    block_names: tuple[str, ...]
    #: Blocks on the device.
    cut: int
    #: What is sent, in words.
    payload: str
    #: The network, or the searched part of it; None where the space does not say how to draw it.
    network: Drawing | None
    #: Head, uplink and tail, ms; None where they are not known.
    times_ms: tuple[float, float, float] | None
    #: What the times are.
    times_words: str = "time (ms)"


def design_figure(picture: DesignPicture) -> Figure:
    """Draw a design: network and times side by side where known, the chain of blocks below."""
    sns.set_theme(style="white", context="notebook")
    colours = sns.color_palette("colorblind")
    upper = [
        name
        for name, shown in (("network", picture.network), ("times", picture.times_ms))
        if shown is not None
    ]
    layout: list[Any] = [upper, ["blocks"] * len(upper)] if upper else [["blocks"]]
    figure: Figure
    figure, axes = plt.subplot_mosaic(
        layout, figsize=(11, 6.2 if upper else 2.6), height_ratios=[1.5, 1] if upper else None
    )
    if picture.network is not None:
        _draw_network(axes["network"], picture.network, colours)
    if picture.times_ms is not None:
        _draw_times(axes["times"], picture.times_ms, colours, words=picture.times_words)
    _draw_blocks(axes["blocks"], picture, colours)
    arrange(figure, title=picture.title)
    return figure


def _draw_network(
    axes: Axes, network: Drawing, colours: Sequence[tuple[float, float, float]]
) -> None:
    """Draw nodes and labelled edges; those that do nothing are faint."""
    for edge in network.edges:
        start, end = network.nodes[edge.start], network.nodes[edge.end]
        axes.add_patch(
            FancyArrowPatch(
                (start.x, start.y),
                (end.x, end.y),
                arrowstyle="-|>",
                mutation_scale=16,
                shrinkA=15,
                shrinkB=15,
                linewidth=2.2 if edge.is_live else 1.0,
                linestyle="-" if edge.is_live else ":",
                color=colours[edge.colour % len(colours)] if edge.is_live else (0.75, 0.75, 0.75),
            )
        )
        axes.text(
            start.x + edge.words_at * (end.x - start.x),
            start.y + edge.words_at * (end.y - start.y),
            plain_text(edge.words),
            ha="center",
            va="center",
            fontsize="small",
            color="black" if edge.is_live else "0.6",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5},
        )
    for node in network.nodes:
        axes.plot(node.x, node.y, "o", markersize=24, color="white", markeredgecolor="0.2")
        axes.text(
            node.x, node.y, plain_text(node.label), ha="center", va="center", fontsize="small"
        )
    places = [(node.x, node.y) for node in network.nodes]
    (left, low), (right, high) = (
        tuple(map(least, zip(*places, strict=True))) for least in (min, max)
    )
    axes.set_xlim(left - 0.35, right + 0.35)
    axes.set_ylim(low - 0.35, high + 0.35)
    axes.set_axis_off()
    axes.set_title(plain_text(network.title), fontsize="medium")


def _draw_times(
    axes: Axes,
    times_ms: tuple[float, float, float],
    colours: Sequence[tuple[float, float, float]],
    *,
    words: str,
) -> None:
    """Draw where the time goes, one bar a part, each beginning where the last ends."""
    start, total = 0.0, sum(times_ms)
    for place, duration in enumerate(times_ms):
        colour = colours[_PARTS[place]]
        axes.barh(place, duration, left=start, color=colour, edgecolor=colour, height=0.6)
        start += duration
    names = ("head", "uplink", "tail")
    labels = [f"{name}\n{duration:.2f} ms" for name, duration in zip(names, times_ms, strict=True)]
    axes.set_yticks(range(3), labels)
    axes.invert_yaxis()
    axes.set_xlim(0, 1.05 * total or 1.0)
    axes.set_xlabel(words)
    axes.set_title(f"{total:.2f} ms in all", fontsize="medium")
    sns.despine(ax=axes)


def _draw_blocks(
    axes: Axes, picture: DesignPicture, colours: Sequence[tuple[float, float, float]]
) -> None:
    """Draw the chain of blocks, what runs on the device in the head's colour, and the cut."""
    n, cut = len(picture.block_names), picture.cut
    for block, name in enumerate(picture.block_names):
        colour = colours[_HEAD if block < cut else _TAIL]
        axes.add_patch(
            Rectangle((block + 0.06, 0), 0.88, 1, facecolor=(*colour, 0.35), edgecolor=colour)
        )
        axes.text(
            block + 0.5,
            0.5,
            plain_text(name),
            rotation=90,
            ha="center",
            va="center",
            fontsize="small",
        )
    axes.plot([cut, cut], [-0.12, 1.12], color=colours[_UPLINK], linewidth=3.5)
    side = "left" if cut < 0.25 * n else "right" if cut > 0.75 * n else "center"
    axes.text(cut, 1.2, plain_text(picture.payload), ha=side, va="bottom", fontsize="small")
    for middle, words, is_there in (
        (cut / 2, "on the device", cut > 0),
        ((cut + n) / 2, "on the server", cut < n),
    ):
        if is_there:
            # kept inside the axes where only a block or two lie on one side
            place = min(max(middle, 1.2), n - 1.2)
            axes.text(place, -0.2, words, ha="center", va="top", fontsize="small")
    axes.set_xlim(-0.2, n + 0.2)
    axes.set_ylim(-0.5, 1.6)
    axes.set_axis_off()
