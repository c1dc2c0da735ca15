"""Fonts that have the characters of a figure's texts, or escapes where no font here has them."""

from functools import cache

from matplotlib.figure import Figure
from matplotlib.font_manager import FontEntry, findfont, fontManager
from matplotlib.ft2font import FT2Font
from matplotlib.text import Text

from evonasc.names import escape, visible

#: Fonts whose glyphs are no characters: boxes for anything, and the alphabets of formulas.
_NO_SCRIPTS = ("last resort", "nonunicode", "size", "cmb10", "cmex10", "cmmi10", "cmsy10", "tex")


def use_fonts_at_hand(figure: Figure) -> None:
    """Give each text a font for every character, and write what no font has as an escape.

    So no text is a row of boxes, and matplotlib has nothing to warn of. Control characters are
    escapes as well: SVG allows none.
    """
    for text in figure.findobj(Text):
        assert isinstance(text, Text)
        text.set_text(visible(text.get_text(), keeps="\n"))
        characters = set(text.get_text())
        if max(map(ord, characters), default=0) < 128:
            continue
        path = findfont(text.get_fontproperties())
        missing = {one for one in characters if ord(one) > 127 and one not in _characters(path)}
        if not missing:
            continue
        families = {one: font_with(one) for one in sorted(missing)}
        found = dict.fromkeys(family for family in families.values() if family is not None)
        text.set_fontfamily([FT2Font(path).family_name, *found])
        for character, family in families.items():
            if family is None:
                text.set_text(text.get_text().replace(character, escape(character)))


@cache
def font_with(character: str) -> str | None:
    """Return the family of an installed font that has a character; None where none has."""
    for font in sorted(fontManager.ttflist, key=_preference):
        is_script = not any(word in font.name.lower() for word in _NO_SCRIPTS)
        if is_script and character in _characters(font.fname):
            return font.name
    return None


def _preference(font: FontEntry) -> tuple[bool, bool, str, str]:
    """Order fonts: upright ones of ordinary weight first, sans serif before others."""
    is_plain = font.style == "normal" and font.weight in (400, "normal", "regular")
    return (not is_plain, "sans" not in font.name.lower(), font.name, font.fname)


@cache
def _characters(path: str) -> frozenset[str]:
    """Return the characters that a font can draw at any size; none where it cannot be read."""
    try:
        font = FT2Font(path)
        return frozenset(map(chr, font.get_charmap())) if font.scalable else frozenset()
    except (OSError, RuntimeError, ValueError):
        return frozenset()
