"""What all figures share: colours of cuts, texts, files. matplotlib takes a second to import."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")  # figures go to files; a machine without a screen must do

import matplotlib.pyplot as plt
import seaborn as sns
from matplotlib.figure import Figure

from evonasc.analysis.figure_fonts import use_fonts_at_hand
from evonasc.errors import ConfigError
from evonasc.files import write_output
from evonasc.names import visible

#: Suffixes of the files of a figure, and what keeps the date out of them.
_NO_DATES: dict[str, dict[str, None] | None] = {
    ".png": None,
    ".svg": {"Date": None},
    ".pdf": {"CreationDate": None},
}
#: Colours of the palette that no two of are alike to anybody.
_N_DISTINCT = 10

mpl.rcdefaults()  # no matplotlibrc of the current folder: it could start LaTeX


def cut_colours(cuts: Sequence[int], *, n_blocks: int) -> dict[int, tuple[float, float, float]]:
    """Return the colour of each cut: the same in all figures of networks of so many blocks."""
    if n_blocks < _N_DISTINCT:
        palette = sns.color_palette("colorblind", n_blocks + 1)
    else:  # hues from blue to red in the order of the blocks, light and dark in turn
        palette = [
            sns.husl_palette(1, h=0.7 - 0.75 * cut / (n_blocks + 1), s=0.9, l=lightness)[0]
            for cut, lightness in zip(range(n_blocks + 1), cycle((0.72, 0.45)), strict=False)
        ]
    return {cut: palette[cut] for cut in cuts}


def cut_name(cut: int, block_names: tuple[str, ...]) -> str:
    """Return a cut in words: the block it follows."""
    if cut == 0:
        return "0 (raw input)"
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
    use_fonts_at_hand(figure)
    buffer = io.BytesIO()
    figure.savefig(buffer, dpi=110, format="png")
    plt.close(figure)
    return Picture(buffer.getvalue())


def save_figure(figure: Figure, stem: Path, *, may_replace: bool = False) -> list[Path]:
    """Write ``stem.png``, ``stem.svg`` and ``stem.pdf``, each atomically, and close the figure.

    The same figure gives the same bytes.

    Raises:
        ConfigError: A file cannot be written, or is there and may not be replaced.
    """
    if stem.name in ("", ".."):
        raise ConfigError("--out must name a figure, not the folder that it is for.")
    use_fonts_at_hand(figure)
    paths, name = [], stem.name
    for suffix in _NO_DATES:
        name = name.removesuffix(suffix)
    for suffix, metadata in _NO_DATES.items():
        buffer = io.BytesIO()
        with mpl.rc_context({"svg.hashsalt": "evonasc"}):  # else random ids
            figure.savefig(buffer, dpi=150, format=suffix[1:], metadata=metadata)
        path = stem.with_name(f"{name}{suffix}")
        write_output(path, buffer.getvalue(), may_replace=may_replace)
        paths.append(path)
    plt.close(figure)
    return paths


def plain_text(text: str) -> str:
    """Return a user's text so that matplotlib reads no formula and hides no label in it.

    What shows nothing of itself is escaped, see :func:`evonasc.names.visible`; lines stay lines.
    """
    escaped = visible(text, keeps="\n").replace("$", r"\$")
    return f" {escaped}" if escaped.startswith("_") else escaped
