"""A disk that has no room left: one line, exit code 2, nothing half written, earlier files kept."""

import contextlib
import resource
import shutil

import joblib  # noqa: F401  # first imported without room, it warns
import pytest

from evonasc.cli import heartbeat, main
from evonasc.runs.stored import read_store

RUN = "run --budget 60 --no-plot --quiet"


@contextlib.contextmanager
def room_for(n_bytes):
    """Let no file grow beyond so many bytes; Python gets an error, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("full")
    assert main([*RUN.split(), "--out", str(folder / "r")]) == 0
    return folder


@pytest.fixture
def place(finished, tmp_path, monkeypatch):
    shutil.copytree(finished, tmp_path / "here")
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setattr(heartbeat, "_PAUSE_S", 600.0)  # a slow machine would tell how far it is
    return tmp_path / "here"


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.slow
@pytest.mark.parametrize("n_bytes", [0, 100, 3000])
@pytest.mark.parametrize(
    "command",
    [
        f"{RUN} --out o",
        f"{RUN} --algo nasc --out deep/o",
        "exact --problem toy --out o",
        "compare --problem toy --algos random --seeds 1 --budget 30 --quiet --out o",
        "plot r",
        "plot r --out o",
        "report r",
        "report r --out o.html",
        "explain r 5",
        "sweep r --uplink-mbps 1:100:5",
        "hardware table raspi4 --out o.csv",
        "supernet errors --out o.csv",
        "supernet train --data digits --epochs 1 --size channels=4 --out o",
    ],
)
def test_every_command_says_it_in_one_line_and_leaves_no_half_file(command, n_bytes, place, capsys):
    before = contents(place)
    with room_for(n_bytes):
        code = main(command.split())
    error = capsys.readouterr().err
    assert code == 2
    (line,) = [one for one in error.splitlines() if "Warning" not in one and "warn" not in one]
    assert line.startswith("evonasc: error: Cannot write ")
    after = contents(place)
    assert {path: after[path] for path in before} == before
    for path in after.keys() - before.keys():  # what is new is whole
        assert not path.name.startswith(".")
        assert path.suffix != ".csv" or after[path][-1:] in (b"\n", b"")


def test_rows_of_a_search_that_fit_are_kept_whole(place, capsys):
    with room_for(60_000):
        assert main([*RUN.replace("60", "900").split(), "--out", "o"]) == 2
    capsys.readouterr()
    n_rows = len(read_store(place / "o" / "run.sqlite"))
    assert n_rows % 20 == 0
    assert n_rows > 0
    assert main(["show", "o"]) == 0
    assert f"{n_rows} distinct designs" in " ".join(capsys.readouterr().out.split())
