"""Characters of any script in figures: by a font that has them, or by their escapes."""

from xml.etree import ElementTree

import matplotlib.pyplot as plt
import pytest
from matplotlib.font_manager import findfont, get_font

from evonasc.analysis.figure_fonts import font_with, use_fonts_at_hand
from evonasc.analysis.plotting import save_figure


@pytest.fixture
def figure():
    yield plt.figure(figsize=(2, 1))
    plt.close("all")


def has(family, character):
    return ord(character) in get_font(findfont(family)).get_charmap()


def test_a_font_that_has_the_character_is_found():
    assert not has("DejaVu Sans", "Ⓐ")  # else this says nothing
    family = font_with("Ⓐ")
    assert family is not None
    assert has(family, "Ⓐ")


def test_a_text_keeps_its_own_font_for_the_rest(figure, tmp_path, recwarn):
    text = figure.text(0.1, 0.5, "Ж and Ⓐ")
    use_fonts_at_hand(figure)
    assert text.get_text() == "Ж and Ⓐ"
    first, *others = text.get_fontfamily()
    assert has(first, "Ж")
    assert others == [font_with("Ⓐ")]
    save_figure(figure, tmp_path / "f")
    assert list(recwarn) == []


def test_what_no_font_has_is_an_escape(figure, tmp_path, recwarn):
    text = figure.text(0.1, 0.5, "x \U000e0041\u4e9c y")  # a tag, and maybe no CJK font
    use_fonts_at_hand(figure)
    assert r"\U000e0041" in text.get_text()
    assert (r"\u4e9c" in text.get_text()) == (font_with("亜") is None)
    save_figure(figure, tmp_path / "f")
    assert list(recwarn) == []


def test_no_figure_holds_a_control_character_however_it_was_drawn(figure, tmp_path):
    text = figure.text(0.1, 0.5, "a\x1b[2J\ufffe\nb")
    (_, svg, _) = save_figure(figure, tmp_path / "f")
    assert text.get_text() == "a\\x1b[2J\\ufffe\nb"
    assert "x1b[2J" in svg.read_text()
    ElementTree.fromstring(svg.read_bytes())


def test_plain_texts_are_left_alone(figure):
    text = figure.text(0.1, 0.5, "latency (ms)")
    before = text.get_fontfamily()
    use_fonts_at_hand(figure)
    assert text.get_fontfamily() == before
