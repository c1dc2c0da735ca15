"""Titles and legends beside what is drawn, never over it: everything is measured first.

A figure is made as large as its panels are; :func:`arrange` then adds what the title and the
legends take, wraps and cuts texts that are too long, and thins ticks that touch.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.text import Text
from matplotlib.ticker import Locator, MaxNLocator, NullLocator
from matplotlib.transforms import Bbox

from evonasc.analysis.figure_fonts import use_fonts_at_hand
from evonasc.analysis.plotting import plain_text
from evonasc.cost.scenario_words import SIZES
from evonasc.names import shortened

#: Room around titles and legends, and between ticks, inches.
_GAP = 0.08
#: Lines of a title, at most; a longer one is cut in the middle.
_MOST_TITLE_LINES = 3
#: Ticks on an axis, at most, and where decades are marked on one that is logarithmic.
_MOST_TICKS = 6
_MARKS = ((1.0, 1.5, 2.0, 3.0, 5.0, 7.0), (1.0, 2.0, 5.0), (1.0, 3.0), (1.0,))


@dataclass(frozen=True)
class LegendBlock:
    """What stands below a figure under a heading of its own."""

    #: Above the block; may be empty.
    heading: str
    #: Artists with the labels to show.
    handles: Sequence[Artist]


def arrange(
    figure: Figure, *, title: str = "", note: str = "", legends: Sequence[LegendBlock] = ()
) -> None:
    """Put a title above and legends below what is drawn, and make the figure higher by them.

    Args:
        figure: With its panels, labels and ticks; it keeps its width.
        title: Of anybody; wrapped, and cut in the middle where it is too long.
        note: On lines of its own below the title.
        legends: From top to bottom; those without handles are left out.
    """
    width, height = figure.get_size_inches()
    figure.set_layout_engine("constrained")
    words = "\n".join(plain_text(part) for part in (title, note) if part)
    heading = figure.suptitle(words, y=1.0, va="top", fontsize="medium")
    heading.set_in_layout(False)
    blocks = [
        _fitting_legend(figure, block, most=width - 2 * _GAP) for block in legends if block.handles
    ]
    use_fonts_at_hand(figure)
    _wrap(heading, most=width - 2 * _GAP)
    above = _inches(heading).height + 2 * _GAP if words else _GAP
    below = [_inches(block).height + _GAP for block in blocks]
    total = height + above + sum(below)
    figure.set_size_inches(width, total)
    heading.set_y(1 - _GAP / total)
    for place, block in enumerate(blocks):
        block.set_loc("lower center")
        block.set_bbox_to_anchor((0.5, (sum(below[place + 1 :]) + _GAP / 2) / total))
    rect = (0.0, sum(below) / total, 1.0, height / total)
    layout = figure.get_layout_engine()
    assert layout is not None
    layout.set(rect=rect)  # type: ignore[call-arg]  # of the constrained one
    _thin_ticks(figure)
    _cut_labels(figure)


def _inches(artist: Artist) -> Bbox:
    """Return the box of an artist, inches."""
    figure = artist.get_figure(root=True)
    assert figure is not None
    box = artist.get_window_extent()
    return Bbox(box.get_points() / figure.dpi)


def _wrap(text: Text, *, most: float) -> None:
    """Break each line of a text into lines of so many inches; cut what takes too many of them."""

    def width_of(words: str) -> float:
        text.set_text(words)
        return _inches(text).width

    wrapped: list[str] = []
    for part in text.get_text().split("\n"):
        lines, letters = _lines(part, width_of, most=most), len(part)
        while len(lines) > _MOST_TITLE_LINES and letters > _MOST_TITLE_LINES:
            letters = int(0.9 * letters)
            lines = _lines(shortened(part, most=letters), width_of, most=most)
        wrapped += lines
    text.set_text("\n".join(wrapped))


def _lines(text: str, width_of: Callable[[str], float], *, most: float) -> list[str]:
    """Break a text between words, and words that are wider than a line anywhere."""
    lines, line = [], ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if width_of(longer) <= most:
            line = longer
            continue
        if line:
            lines.append(line)
        line = word
        while len(line) > 1 and (width := width_of(line)) > most:
            n = max(1, min(len(line) - 1, int(0.95 * len(line) * most / width)))
            lines.append(line[:n])
            line = line[n:]
    return [*lines, line]


def _fitting_legend(figure: Figure, block: LegendBlock, *, most: float) -> Legend:
    """Return a legend of as many columns as fit in so many inches; labels cut where none does."""

    def legend_of(n_columns: int) -> Legend:
        legend = figure.legend(
            handles=list(block.handles),
            title=block.heading or None,
            ncols=n_columns,
            fontsize="small",
            title_fontsize="small",
            frameon=False,
            borderpad=0.1,
            borderaxespad=0.0,
            columnspacing=1.2,
            handletextpad=0.4,
        )
        legend.set_in_layout(False)
        use_fonts_at_hand(figure)
        return legend

    best = legend_of(1)
    while (width := _inches(best).width) > most:
        longest = max(len(str(handle.get_label())) for handle in block.handles)
        for handle in block.handles:
            room = max(4, int(0.9 * longest * most / width))
            handle.set_label(shortened(str(handle.get_label()), most=room))
        best.remove()
        best = legend_of(1)
        if longest <= 4:
            break
    n, fitting = len(block.handles), 1
    while fitting < n:
        wider = legend_of(fitting + 1)
        if _inches(wider).width > most:
            wider.remove()
            break
        best.remove()
        best, fitting = wider, fitting + 1
    balanced = -(-n // -(-n // fitting))  # as many rows, the last one as full as the others
    if balanced < fitting:
        best.remove()
        best = legend_of(balanced)
    return best


class _LogTicks(Locator):
    """Ticks of a logarithmic axis at round numbers, as many as there may be."""

    #: Ticks in view, at most.
    most = _MOST_TICKS + 2

    def __call__(self) -> list[float]:
        """Return the ticks in view."""
        assert self.axis is not None
        return self.tick_values(*self.axis.get_view_interval())

    def tick_values(self, vmin: float, vmax: float) -> list[float]:
        """Return the most ticks that are not too many: 1, 2, 5 of a decade, 1 and 3, decades."""
        low, high = sorted((vmin, vmax))
        first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
        decades = np.arange(first, last + 1)
        choices = [np.outer(10.0**decades, marks).ravel() for marks in _MARKS]
        choices += [10.0 ** decades[::step] for step in range(2, len(decades))]
        in_view = [ticks[(low <= ticks) & (ticks <= high)] for ticks in choices]
        fitting = [ticks for ticks in in_view if 2 <= len(ticks) <= self.most]
        return list(fitting[0] if fitting else MaxNLocator(self.most).tick_values(low, high))


def readable_log(axis: Axis) -> None:
    """Give a logarithmic axis plain numbers, round ones and not too many."""
    axis.set_major_locator(_LogTicks())
    axis.set_major_formatter(_plain_number)
    axis.set_minor_locator(NullLocator())


def _plain_number(value: float, _: object = None) -> str:
    """Write a number as people do: large and small ones by their power of ten."""
    if value == 0 or 1e-3 <= abs(value) < 1e5:
        return f"{value:g}"
    mantissa, _, power = f"{value:.6e}".partition("e")
    times = "" if float(mantissa) == 1 else rf"{float(mantissa):g}\cdot"
    return f"${times}10^{{{int(power)}}}$"


def readable_bytes(axis: Axis) -> None:
    """Give an axis of bytes the unit that people would take, in its label too."""
    largest = max(map(abs, axis.get_view_interval()))
    size, unit = next(((s, u) for s, u in SIZES if largest >= s), (1.0, "bytes"))
    axis.set_major_formatter(lambda value, _: _plain_number(value / size))
    axis.set_label_text(axis.get_label_text().replace("(bytes)", f"({unit})"))


def _thin_ticks(figure: Figure) -> None:
    """Show fewer ticks until no two labels of an axis touch."""
    sides = [
        (axis, side)
        for axes in figure.axes
        if axes.get_visible()
        for side, axis in enumerate((axes.xaxis, axes.yaxis))
    ]
    for step in range(_MOST_TICKS - 1):
        figure.draw_without_rendering()
        touching = [axis for axis, side in sides if _touch(axis, side, gap=_GAP * figure.dpi)]
        for axis in touching:
            locator = axis.get_major_locator()
            if isinstance(locator, _LogTicks):
                locator.most = max(2, locator.most - 2)
            elif isinstance(locator, MaxNLocator):
                locator.set_params(nbins=_MOST_TICKS - 1 - step)
        if not touching:
            break


def _touch(axis: Axis, side: int, *, gap: float) -> bool:
    """Tell whether labels of an axis, 0 across or 1 up, lie nearer than so many pixels."""
    boxes = [label.get_window_extent() for label in shown_labels(axis)]
    ends = np.array(sorted((box.min[side], box.max[side]) for box in boxes))
    least = gap if side == 0 else 0.0
    return bool(len(ends) > 1 and (ends[1:, 0] - ends[:-1, 1] < least).any())


def shown_labels(axis: Axis) -> list[Text]:
    """Return the labels of the ticks that are in view."""
    low, high = sorted(axis.get_view_interval())
    slack = 1e-9 * (high - low)
    return [
        tick.label1
        for tick in axis.get_major_ticks()
        if low - slack <= tick.get_loc() <= high + slack
        and tick.label1.get_visible()
        and tick.label1.get_text()
    ]


def _cut_labels(figure: Figure) -> None:
    """Cut labels and titles of panels that are longer than their panel, as it was drawn last."""
    for axes in figure.axes:
        if not axes.get_visible():
            continue
        box = axes.get_window_extent()
        for text, side in (
            (axes.xaxis.label, 0),
            (axes.yaxis.label, 1),
            (axes.title, 0),
        ):
            room = (box.width, box.height)[side]
            while text.get_text() and len(text.get_text()) > 4:
                extent = text.get_window_extent()
                taken = (extent.width, extent.height)[side]
                if taken <= 1.02 * room:
                    break
                most = min(len(text.get_text()) - 1, int(len(text.get_text()) * room / taken))
                text.set_text(shortened(text.get_text(), most=max(4, most)))
