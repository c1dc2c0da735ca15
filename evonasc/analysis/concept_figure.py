"""One picture of split computing: a network in two parts, and what is sent at each cut."""

import matplotlib.pyplot as plt
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, Rectangle

from evonasc.analysis.figure_layout import arrange
from evonasc.analysis.plotting import cut_name, plain_text
from evonasc.arrays import FloatArray

# The palette's colours of head, uplink and tail, as evonasc.analysis.network_figure has them.
_HEAD, _UPLINK, _TAIL = 9, 7, 4

_Colour = tuple[float, float, float]


def concept_figure(
    *, block_names: tuple[str, ...], payload_bytes: FloatArray, split_point: int
) -> Figure:
    """Draw device, uplink and server above, the payload of every cut below.

    Args:
        block_names: One name a block, from the input on.
        payload_bytes: ``(n_blocks + 1,)`` array, bytes sent for one input when that many blocks run
            on the device.
        split_point: The cut that is drawn, blocks on the device; something on either side.

    Raises:
        ValueError: As many payloads as cuts are not given, or nothing is left on one side.
    """
    n = len(block_names)
    if payload_bytes.shape != (n + 1,):
        raise ValueError(
            f"payload_bytes must have shape (n_blocks + 1,) = ({n + 1},), "
            f"got {payload_bytes.shape}. Give one payload a cut."
        )
    if not 0 < split_point < n:
        raise ValueError(
            f"split_point must lie between 0 and n_blocks = {n}, got {split_point}. "
            "Leave a block on either side."
        )
    sns.set_theme(style="ticks", context="notebook")
    colours = sns.color_palette("colorblind")
    figure, (upper, lower) = plt.subplots(2, 1, figsize=(10.5, 6.4), height_ratios=[1.25, 1])
    _draw_machines(upper, block_names, split_point, colours)
    _draw_payloads(lower, block_names, payload_bytes, split_point, colours)
    arrange(figure)
    return figure


def _draw_machines(
    axes: Axes, names: tuple[str, ...], split_point: int, colours: list[_Colour]
) -> None:
    """Draw the blocks in the machines that compute them, and the parts of the latency."""
    # one block is one unit wide; the uplink takes as much as five
    n, gap = len(names), 5.0
    machines = (
        ("device: head", 0.0, names[:split_point], colours[_HEAD]),
        ("server: tail", split_point + gap, names[split_point:], colours[_TAIL]),
    )
    for label, left, blocks, colour in machines:
        axes.add_patch(
            FancyBboxPatch(
                (left - 0.05, -0.1),
                len(blocks) + 0.1,
                1.2,
                boxstyle="round,pad=0.12",
                facecolor=(*colour, 0.12),
                edgecolor=colour,
                linewidth=1.8,
            )
        )
        axes.text(left + len(blocks) / 2, 1.4, label, ha="center", va="bottom", fontweight="bold")
        for place, name in enumerate(blocks):
            axes.add_patch(
                Rectangle(
                    (left + place + 0.1, 0), 0.8, 1, facecolor=(*colour, 0.4), edgecolor=colour
                )
            )
            axes.text(
                left + place + 0.5,
                0.5,
                plain_text(name),
                rotation=90,
                ha="center",
                va="center",
                size=8,
            )
    total = n + gap
    for start, end, words in (
        (-2.3, -0.3, "input"),
        (split_point + 0.35, split_point + gap - 0.35, "uplink: payload"),
        (total + 0.3, total + 2.3, "answer"),
    ):
        axes.annotate(
            "", (end, 0.5), (start, 0.5), arrowprops={"arrowstyle": "-|>", "lw": 2, "color": "0.3"}
        )
        axes.text((start + end) / 2, 0.64, words, ha="center", va="bottom", fontsize="small")
    parts = (
        (0.0, float(split_point), "head_ms", colours[_HEAD]),
        (float(split_point), gap, "uplink_ms", colours[_UPLINK]),
        (split_point + gap, float(n - split_point), "tail_ms", colours[_TAIL]),
    )
    for left, width, words, colour in parts:
        axes.add_patch(
            Rectangle((left, -0.85), width, 0.38, facecolor=(*colour, 0.55), edgecolor="white")
        )
        axes.text(left + width / 2, -0.66, words, ha="center", va="center", fontsize="small")
    axes.text(total + 0.3, -0.66, "= latency_ms", va="center", fontsize="small")
    axes.set_xlim(-2.6, total + 3.4)
    axes.set_ylim(-1.0, 1.8)
    axes.set_axis_off()


def _draw_payloads(
    axes: Axes,
    names: tuple[str, ...],
    payload_bytes: FloatArray,
    split_point: int,
    colours: list[_Colour],
) -> None:
    """Draw what crosses the uplink at each cut; the cut drawn above stands out."""
    n = len(names)
    for cut, size in enumerate((payload_bytes / 1000).tolist()):
        chosen = cut == split_point
        axes.bar(cut, size, width=0.8, color=colours[_UPLINK] if chosen else "0.8")
    axes.set_xticks(range(n + 1))
    axes.set_xlim(-0.8, n + 0.8)
    axes.annotate(
        plain_text(f"cut after {cut_name(split_point, names)}"),
        (split_point, payload_bytes[split_point] / 1000),
        (split_point + 0.8, 1.12 * payload_bytes.max() / 1000),
        fontsize="small",
        va="center",
        arrowprops={"arrowstyle": "-", "color": "0.4"},
    )
    axes.set_ylim(0, 1.25 * payload_bytes.max() / 1000)
    axes.set_xlabel(
        "split point: blocks on the device (0: the raw input is sent; last: nothing is)"
    )
    axes.set_ylabel("payload (kB)")
    sns.despine(ax=axes)
