"""Names of users: escaped for terminals, cut for space, made into names of files."""

import unicodedata

import pytest

from evonasc.names import file_name, from_cell, shortened, to_cell, visible


def test_what_shows_nothing_of_itself_is_escaped():
    hostile = "a\x1b[2Jb\x07\x9b31m\r\n\t\u202e\u2028\u200b\ud800z"
    assert visible(hostile) == (r"a\x1b[2Jb\x07\x9b31m\r\n\t\u202e\u2028\u200b\ud800z")
    assert visible(visible(hostile)) == visible(hostile)
    assert visible("a\nb\tc", keeps="\n") == "a\nb\\tc"


def test_scripts_of_the_world_stay():
    for text in ("Gerät", "スマホ", "телефон", "a b", "\N{NO-BREAK SPACE}", "🙂"):
        assert visible(text) == text


def test_no_control_character_of_all_there_are_is_left():
    everything = "".join(map(chr, range(0x11000)))
    left = {unicodedata.category(character) for character in visible(everything)}
    assert not left & {"Cc", "Cf", "Cn", "Cs", "Zl", "Zp"}


@pytest.mark.parametrize("most", range(1, 30))
def test_a_cut_name_has_both_ends(most):
    name = "abcdefghijklmnopqrstuvwxyz"
    cut = shortened(name, most=most)
    assert len(cut) == min(most, len(name))
    head, _, tail = cut.partition("…")
    assert name.startswith(head)
    assert name.endswith(tail)
    assert most >= 26 or 0 <= len(head) - len(tail) <= 1


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("raspi4-edgegpu-10mbps", "raspi4-edgegpu-10mbps"),
        ("a (trace t.csv, memory <= 1.5 MB)", "a-trace-t.csv-memory-1.5-MB"),
        ("a/b", "a-b"),
        ("../../etc", "etc"),
        ("..", "unnamed"),
        ("", "unnamed"),
        ("a\0\nb", "a-b"),
    ],
)
def test_names_of_files_are_safe(text, name):
    assert file_name(text) == name


def test_long_names_of_files_are_cut_and_told_apart():
    names = {file_name("a" * 300 + end) for end in ("", "b", "c/" * 100)}
    assert len(names) == 3
    assert max(map(len, names)) <= 100


FORMULAS = ["=1+1", "+cmd", "-3 4", "@SUM(A1)", "\t=1", "\r=1", "-", "=", "--1", "'quoted", "'=1"]
HARMLESS = ["", "nsga2", "-3", "+1.5e3", "-inf", "3|s1|3s3", "a=b"]


@pytest.mark.parametrize("text", FORMULAS)
def test_no_text_is_a_formula_in_a_spreadsheet(text):
    assert to_cell(text) == f"'{text}"
    assert from_cell(to_cell(text)) == text


@pytest.mark.parametrize("text", HARMLESS)
def test_numbers_and_plain_texts_stay(text):
    assert to_cell(text) == text == from_cell(text)
