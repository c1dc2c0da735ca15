"""Files that users name: whatever stands there, an answer in one line, at once."""

import io
import json
import os
import shutil
import socket
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest

from evonasc.cli import main
from evonasc.cost.declared_machine import read_declaration
from evonasc.cost.link_trace import read_trace
from evonasc.cost.machine_record import read_record
from evonasc.cost.scenario_table import read_scenario
from evonasc.errors import DataFileError
from evonasc.inputs import MOST_SETTINGS, file_bytes, json_object, toml_file
from evonasc.nasbench201.space import NasBench201
from evonasc.parsing import npz_arrays, npz_bytes
from evonasc.supernet.checkpoint import load_checkpoint
from evonasc.supernet.csv_rows import read_rows
from evonasc.supernet.score_table import read_scores

READERS = {
    "bytes": lambda path: file_bytes(path, kind="file"),
    "machine": read_record,
    "declared": read_declaration,
    "scenario": read_scenario,
    "trace": lambda path: read_trace(str(path)),
    "rows": lambda path: read_rows(path, ("a",), kind="table"),
    "scores": lambda path: read_scores(path, NasBench201()),
    "checkpoint": load_checkpoint,
    "json": lambda path: json_object(path, kind="record"),
}


def pipe(path):
    os.mkfifo(path)


def bound_socket(path):
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


PLACES = {
    "nothing": lambda path: None,
    "a folder": lambda path: path.mkdir(),
    "a pipe": pipe,
    "a socket": bound_socket,
    "a loop": lambda path: path.symlink_to(path),
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "a broken link": lambda path: path.symlink_to("nowhere"),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("reader", READERS)
def test_what_is_no_file_is_refused_at_once(reader, place, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # the path of a socket is short
    PLACES[place](Path("x"))
    with pytest.raises(DataFileError, match="x") as told:
        READERS[reader](Path("x"))
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("name", ["a\0b", "a" * 300, "/proc/nothing", "/proc/self/mem", ""])
@pytest.mark.parametrize("reader", READERS)
def test_names_that_no_file_can_have_are_refused(reader, name):
    with pytest.raises(DataFileError):
        READERS[reader](Path(name))


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    path = tmp_path / "large.toml"
    with path.open("wb") as file:
        file.truncate(2**40)  # takes no room
    with pytest.raises(DataFileError, match=f"must have at most {MOST_SETTINGS} bytes"):
        toml_file(path, kind="scenario")


@pytest.mark.parametrize(
    "content",
    [
        b"a" + b".a" * 30_000 + b" = 1",
        b"[a" + b".a" * 30_000 + b"]",
        b"x = {a" + b".a" * 20_000 + b" = 1}",
        b"a = " + b"[" * 30_000,
    ],
)
def test_settings_nested_without_end_are_refused_at_once(content, tmp_path):
    path = tmp_path / "deep.toml"
    path.write_bytes(content)
    started = time.process_time()
    with pytest.raises(DataFileError, match="nested too deeply"):
        toml_file(path, kind="scenario")
    assert time.process_time() - started < 2


@pytest.mark.slow
def test_an_archive_that_unpacks_to_gigabytes_is_not_unpacked():
    buffer = io.BytesIO()
    header = {"descr": "|u1", "fortran_order": False, "shape": (2**30,)}
    with (
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("a.npy", "w", force_zip64=True) as member,
    ):
        np.lib.format.write_array_header_1_0(member, header)
        for _ in range(64):
            member.write(bytes(2**24))
    with pytest.raises(ValueError, match="must have at most 536870912 bytes"):
        npz_arrays(buffer.getvalue())
    assert npz_arrays(npz_bytes(a=np.arange(3)), most=1000)["a"].tolist() == [0, 1, 2]


@pytest.mark.parametrize("text", ['{"a": NaN}', '{"a": Infinity}', '{"a": 1e999}', "[" * 9999, "{"])
def test_json_that_no_number_stands_in_is_refused(text, tmp_path):
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(DataFileError, match="x.json is no record, or damaged"):
        json_object(path, kind="record")


# Run folders that were edited


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("edited") / "r"
    assert main(["run", "--budget", "60", "--no-plot", "--quiet", "--out", str(folder)]) == 0
    return folder


def edit(name, old, new, count=-1):
    return name, lambda text: text.replace(old, new, count)


EDITS = {
    "a front cut off": ("front.csv", lambda text: text[: len(text) // 2]),
    "a front without a row": ("front.csv", lambda text: text[: text[:-1].rfind("\n") + 1]),
    "an empty front": ("front.csv", lambda text: ""),
    "a long id": edit("front.csv", "\n", "\n" + "9" * 20, 1),
    "a very long id": edit("front.csv", "\n", "\n" + "9" * 5000, 1),
    "a fraction for an id": edit("front.csv", "\n", "\n0.5", 1),
    "versions that are no table": edit("run.json", '"versions": {', '"versions": 3, "x": {'),
    "a setting that is NaN": edit("config.json", '"uplink_mbps": 10.0', '"uplink_mbps": NaN'),
    "a budget of 20 digits": edit("config.json", '"budget": 60', '"budget": ' + "9" * 20),
    "a budget of 5,000 digits": edit("config.json", '"budget": 60', '"budget": ' + "9" * 5000),
    "half a summary": ("run.json", lambda text: text[:100]),
    "a list": ("config.json", lambda text: "[]"),
    "an exact front cut off": ("exact.csv", lambda text: text[: len(text) // 2]),
}
COMMANDS = (["show"], ["pick"], ["plot"], ["report"], ["explain"], ["sweep"])


@pytest.mark.parametrize("which", EDITS)
def test_an_edited_run_is_told_in_one_line_that_names_the_file(which, finished, tmp_path, capsys):
    folder = tmp_path / "r"
    shutil.copytree(finished, folder)
    name, change = EDITS[which]
    before = (folder / name).read_text()
    after = change(before)
    assert after != before
    (folder / name).write_text(after)
    n_refused = 0
    for command, *_ in COMMANDS:
        rest = {"explain": ["1", "--no-plot"], "sweep": ["--uplink-mbps", "1:10:2", "--no-plot"]}
        if command in ("plot",) and name != "exact.csv":
            continue
        code = main([command, str(folder), *rest.get(command, [])])
        error = capsys.readouterr().err
        assert code in (0, 2)
        if code == 2:
            n_refused += 1
            assert error.count("\n") == 1
            assert name in error or "is no run folder" in error
    assert n_refused or name == "exact.csv"
    assert json.loads((finished / "run.json").read_text())["status"] == "complete"


# Values of options


@pytest.mark.parametrize(
    "words",
    [
        ["run", "--seed", "abc"],
        ["run", "--seed", "--"],
        ["run", "--algo", "--"],
        ["run", "--max", "--"],
        ["run", "--uplink-mbps", "--"],
        ["run", "--budget", "1e20"],
        ["compare", "--out", "--"],
        ["exact", "--out", "--"],
        ["run", "--nonsense"],
        ["nonsense"],
        [],
    ],
)
def test_a_mistake_in_the_options_is_one_line(words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "usage" not in error


@pytest.mark.parametrize(
    "words",
    [
        ["run", "--budget", "100000000000000000000"],
        ["run", "--out", "a\0b"],
        ["run", "--out", "a\udc80"],
        ["run", "--out", "a" * 300],
        ["run", "--out", "/proc/evonasc"],
        ["run", "--out", "/dev/null"],
        ["exact", "--out", "/dev/full"],
        ["show", "/proc/self"],
        ["show", "\udc80"],
        ["report", "r", "--title", "\ud800"],
        ["run", "--scenario", "a\0.toml"],
        ["run", "--link", "trace:" + "a" * 5000],
        ["run", "--head-hardware", "b\udc80.toml"],
        ["hardware", "table", "a" * 300 + ".npz", "--out", "t.csv"],
    ],
)
def test_values_that_cannot_be_are_one_line(words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1
    captured.err.encode()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["compare", "--problem", "toy", "--seeds", "9" * 20, "--out", "c"],
            "seeds must be at most",
        ),
        (
            ["supernet", "train", "--data", "digits", "--epochs", "9" * 20, "--out", "t"],
            "epochs must",
        ),
        (["hardware", "plan", "5", "--seed", "-1", "--out", "p.csv"], "seed must lie in"),
    ],
)
def test_numbers_beyond_what_can_be_done_are_refused_at_once(
    words, message, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("out", [".", ".."])
def test_a_figure_must_have_a_name(out, finished, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["plot", str(finished), "--out", out]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
