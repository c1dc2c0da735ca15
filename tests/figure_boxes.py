"""What a figure takes, measured as matplotlib draws it: which texts, legends and panels touch."""

from itertools import combinations

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.legend import Legend

from evonasc.analysis.figure_layout import shown_labels

#: Pixels that may be shared: glyphs of rounded boxes.
SLACK = 1.0


def boxes_of(figure):
    """Return the boxes of all texts and panels by a word on each; texts of legends in theirs."""
    FigureCanvasAgg(figure)
    figure.draw_without_rendering()
    found = []
    if figure._suptitle is not None and figure._suptitle.get_text():
        found.append(("title", figure._suptitle.get_window_extent()))
    for place, axes in enumerate(figure.axes):
        if not axes.get_visible():
            continue
        found.append((f"panel {place}", axes.get_window_extent()))
        texts = [axes.title, axes.xaxis.label, axes.yaxis.label]
        texts += [axes.xaxis.offsetText, axes.yaxis.offsetText]
        texts += [*shown_labels(axes.xaxis), *shown_labels(axes.yaxis)]
        found += [
            (f"{text.get_text()!r} of panel {place}", text.get_window_extent())
            for text in texts
            if text.get_visible() and text.get_text()
        ]
    for legend in figure.legends:
        assert isinstance(legend, Legend)
        found.append(("legend", legend.get_window_extent()))
    return found


def faults_of(figure):
    """Return what overlaps, or lies outside of the figure, in words."""
    found = boxes_of(figure)
    whole = figure.bbox
    faults = [
        f"{word} runs off the figure"
        for word, box in found
        if box.x0 < -SLACK
        or box.y0 < -SLACK
        or box.x1 > whole.width + SLACK
        or box.y1 > whole.height + SLACK
    ]
    for (word, box), (other_word, other) in combinations(found, 2):
        across = min(box.x1, other.x1) - max(box.x0, other.x0)
        up = min(box.y1, other.y1) - max(box.y0, other.y0)
        if across > SLACK and up > SLACK:
            faults.append(f"{word} and {other_word} overlap by {across:.0f} x {up:.0f}")
    for legend in figure.legends:  # its entries lie side by side
        texts = [text for text in legend.get_texts() if text.get_text()]
        for one, other in combinations([text.get_window_extent() for text in texts], 2):
            across = min(one.x1, other.x1) - max(one.x0, other.x0)
            if across > SLACK and min(one.y1, other.y1) - max(one.y0, other.y0) > SLACK:
                faults.append("entries of a legend overlap")
    return faults


def axes_without_ticks(figure):
    """Return the axes of which fewer than two ticks have labels."""
    figure.draw_without_rendering()
    return [
        axis
        for axes in figure.axes
        if axes.get_visible()
        for axis in (axes.xaxis, axes.yaxis)
        if len(shown_labels(axis)) < 2
    ]
