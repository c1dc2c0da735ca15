"""What reaches a terminal: no control character of anybody, and a line now and then."""

import io
import json
import re
import time
import unicodedata
import xml.etree.ElementTree as ET

import pytest
from rich.console import Group
from rich.table import Table
from rich.text import Text

from evonasc.cli import console, heartbeat, main

HOSTILE = "a\x1b[2J\x07\x9b31m\u202eb\ufffe"
SHOWN = r"a\x1b[2J\x07\x9b31m\u202eb\ufffe"
SLOW_LINE = re.compile(r"^(\S.*): (\d+ % \(\d+ of \d+\)|\d+ done), .*(a second|each)")


def controls(text):
    """Return what shows nothing of itself, but for the ends of lines."""
    unseen = ("Cc", "Cf", "Cn", "Cs", "Zl", "Zp")
    return {one for one in text if one != "\n" and unicodedata.category(one) in unseen}


def scenario_file(tmp_path, name):
    path = tmp_path / "mine.toml"
    path.write_text(f"name = {json.dumps(name, ensure_ascii=False)}\n", encoding="utf-8")
    return str(path)


def test_no_renderable_moves_the_cursor(capsys):
    table = Table(title=HOSTILE)
    table.add_column(HOSTILE)
    table.add_row(HOSTILE)
    # rich itself takes a bell out of its texts
    for part in (HOSTILE, table, Group(Text(HOSTILE), HOSTILE)):
        console.output().print(part)
        said = capsys.readouterr().out
        assert SHOWN in said
        assert not controls(said)


def test_words_in_brackets_are_no_markup_in_a_bar(monkeypatch):
    terminal = io.StringIO()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("FORCE_COLOR", "1")
    with console.progress() as bar:
        bar.add_task("[red]x", total=2, note="[blink]" + HOSTILE)
        bar.refresh()
    assert "[red]x" in terminal.getvalue()
    assert "\x07" not in terminal.getvalue()


@pytest.mark.parametrize(
    "words",
    [
        ["show", HOSTILE],
        ["run", "--scenario", HOSTILE],
        ["run", "--problem", HOSTILE],
        ["run", "--head-hardware", HOSTILE],
        ["run", "--objectives", HOSTILE],
        ["run", "--max", f"{HOSTILE}=1"],
        ["plot", f"no\n{HOSTILE}"],
        ["exact", "--space", HOSTILE],
        ["compare", "--algos", HOSTILE, "--out", "x"],
    ],
    ids=lambda words: " ".join(words[:2]).encode("unicode_escape").decode(),
)
def test_errors_are_one_line_without_controls(words, capsys):
    assert main(words) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert not controls(error)
    assert r"a\x1b[2J" in error or r"a\\x1b[2J" in error


def test_what_the_parser_says_has_none_either(capsys):
    with pytest.raises(SystemExit):
        main(["run", "--seed", HOSTILE])
    with pytest.raises(SystemExit):
        main(["run", HOSTILE])
    assert not controls(capsys.readouterr().err)


def test_a_scenarios_name_is_shown_by_its_escapes_everywhere(tmp_path, capsys):
    out = tmp_path / "r"
    words = ["--scenario", scenario_file(tmp_path, HOSTILE), "--budget", "40"]
    assert main(["run", *words, "--no-plot", "--out", str(out)]) == 0
    assert main(["show", str(out)]) == 0
    assert main(["exact", "--scenario", words[1], "--rows", "2"]) == 0
    said = capsys.readouterr()
    assert SHOWN in said.out
    assert not controls(said.out + said.err)


@pytest.mark.parametrize(
    "name",
    [
        HOSTILE + "スマホ→語 Ⓐ -- <b>&\"' ]]> $x_",
        pytest.param("\U0001f600 é", marks=pytest.mark.slow),
        pytest.param("]]>", marks=pytest.mark.slow),
    ],
)
def test_figures_of_any_name_are_valid_and_silent(name, tmp_path, capfd, recwarn):
    out = tmp_path / "r"
    words = ["--scenario", scenario_file(tmp_path, name), "--budget", "40", "--quiet"]
    assert main(["run", *words, "--out", str(out)]) == 0
    ET.fromstring((out / "front.svg").read_bytes())
    assert capfd.readouterr().err == ""
    assert [str(one.message) for one in recwarn] == []


def test_names_that_would_be_formulas_are_text_in_spreadsheets(tmp_path, capsys):
    words = ["compare", "--problem", "toy", "--algos", "nsga2,random", "--budget", "20"]
    assert main([*words, "--seeds", "2", "--no-plot", "--quiet", "--out", str(tmp_path / "c")]) == 0
    summary = (tmp_path / "c" / "summary.csv").read_text()
    assert not re.search(r"(^|,)[=@+]", summary, flags=re.M)


# Off a terminal


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(heartbeat, "_PAUSE_S", 0.02)


def test_lines_say_share_rate_and_time_left(quick, capsys):
    with heartbeat.lines_now_and_then("run"), console.counter("scoring") as count:
        count(3, 12)
        time.sleep(0.1)
    lines = capsys.readouterr().err.splitlines()
    assert lines
    for line in lines:
        assert re.match(r"scoring: 25 % \(3 of 12\), .*(a second|each), .* left$", line)


def test_work_that_tells_nothing_is_said_to_go_on(quick, capsys):
    with heartbeat.lines_now_and_then("explain"):
        time.sleep(0.1)
    lines = capsys.readouterr().err.splitlines()
    assert lines
    assert all(line.startswith("explain: at work for ") for line in lines)


def test_nothing_is_said_in_the_first_seconds_or_if_quiet(quick, capsys, monkeypatch):
    with heartbeat.lines_now_and_then("run", quiet=True):
        time.sleep(0.1)
    monkeypatch.setattr(heartbeat, "_PAUSE_S", 10.0)
    with heartbeat.lines_now_and_then("run"):
        time.sleep(0.05)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("words", "what"),
    [
        ("run --budget 400 --no-plot --out r", "nsga2"),
        ("compare --problem toy --algos random --budget 300 --seeds 8 --no-plot --out c", "compar"),
        ("exact --problem toy", "exact"),
    ],
)
def test_commands_tell_how_far_they_are(words, what, quick, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert main(words.split()) == 0
    lines = capsys.readouterr().err.splitlines()
    assert lines
    assert all(SLOW_LINE.match(line) or "at work" in line for line in lines)
    assert any(line.startswith(what) for line in lines)
