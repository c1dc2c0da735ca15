"""``evonasc compare`` from the command line."""

import csv
import subprocess
import sys
import time
from pathlib import Path

import pytest

from evonasc.cli import main

ROOT = Path(__file__).parents[1]
TOY = ["compare", "--problem", "toy", "--algos", "nsga2,random", "--budget", "20,40"]


@pytest.mark.slow
def test_a_comparison_leaves_tables_figures_and_every_trial(tmp_path, capsys):
    folder = tmp_path / "out"
    assert main([*TOY, "--seeds", "3", "--out", str(folder)]) == 0
    out = capsys.readouterr().out
    assert "3 seeds" in out
    assert "too few for any p below 0.05" in out
    assert "exact front of 25 points" in out
    (name,) = [path.name for path in (folder / "trials").iterdir()]
    assert {path.name for path in folder.iterdir() if path.is_file()} == {
        "comparison.json",
        "pairs.csv",
        "report.md",
        "summary.csv",
        "tables.tex",
        "trials.csv",
        *(
            f"{kind}-{name}.{end}"
            for kind in ("fronts", "hypervolume")
            for end in ("pdf", "png", "svg")
        ),
    }
    with (folder / "summary.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["budget"], row["contender"]) for row in rows] == [
        ("20", "nsga2"),
        ("20", "random"),
        ("40", "nsga2"),
        ("40", "random"),
    ]
    assert len(list((folder / "trials").rglob("*.npz"))) == 12
    tables = [(folder / name).read_bytes() for name in ("summary.csv", "pairs.csv")]
    assert main([*TOY, "--seeds", "3", "--out", str(folder), "--no-plot", "--quiet"]) == 0
    assert capsys.readouterr().out == ""
    assert [(folder / name).read_bytes() for name in ("summary.csv", "pairs.csv")] == tables


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (["--seeds", "0"], "seeds must be at least 1, got 0"),
        (["--algos", "nsga2,nasq"], "Did you mean 'nasc'"),
        (["--algos", " , "], "algos must name at least one"),
        (["--budget", "20,many"], "budget must be whole numbers, comma-separated, got '20,many'"),
        (["--scenario", "moon"], "--scenario is not read by the problem"),
        (["--problem", "split-nas", "--scenario", "moon"], "moon"),
        (["--jobs", "0"], "jobs must be at least 1, got 0"),
        (["--jobs", "100000"], "jobs must be at most"),
    ],
)
def test_bad_input_gets_one_line_and_exit_code_2(tmp_path, capsys, changed, message):
    assert main([*TOY, "--out", str(tmp_path / "out"), *changed]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert message in error


def test_the_folder_of_another_comparison_is_refused(tmp_path, capsys):
    command = [*TOY, "--seeds", "1", "--out", str(tmp_path / "out"), "--no-plot"]
    assert main(command) == 0
    assert main([*command, "--pop-size", "30"]) == 2
    assert "belongs to another comparison" in capsys.readouterr().err


def test_bounds_are_in_every_table_of_a_comparison(tmp_path, capsys):
    words = ["compare", "--problem", "toy", "--algos", "nsga2,random", "--seeds", "2"]
    words += ["--budget", "60", "--max", "latency=9ms", "--out", str(tmp_path), "--no-plot"]
    assert main(words) == 0
    assert "2 seeds, latency_ms <= 9" in capsys.readouterr().out
    assert (
        "Bounds: latency_ms <= 9. Only designs within count" in (tmp_path / "report.md").read_text()
    )
    assert r"of designs with latency\_ms $\leq$ 9" in (tmp_path / "tables.tex").read_text()
    assert main([*words[:-1], "--max-latency-ms", "9", "--max", "p95=3"]) == 2
    assert "Unknown column 'p95'" in capsys.readouterr().err


@pytest.mark.slow
def test_a_killed_comparison_goes_on_to_the_same_tables(tmp_path):
    """What has ended is kept; what was under way is searched again."""
    words = ["compare", "--problem", "toy", "--algos", "random,nsga2", "--seeds", "8"]
    words += ["--budget", "100,300", "--quiet", "--out"]
    cut, whole = tmp_path / "cut", tmp_path / "whole"
    process = subprocess.Popen([sys.executable, "-m", "evonasc", *words, str(cut)], cwd=ROOT)
    try:
        while len(list(cut.rglob("*.npz"))) < 5 and process.poll() is None:
            time.sleep(0.01)
    finally:
        process.kill()
        process.wait()
    kept = {path: path.stat().st_mtime_ns for path in cut.rglob("*.npz")}
    assert 5 <= len(kept) < 32
    for folder in (cut, whole):
        assert main([*words, str(folder)]) == 0
    assert all(path.stat().st_mtime_ns == then for path, then in kept.items())
    assert (cut / "pairs.csv").read_bytes() == (whole / "pairs.csv").read_bytes()
    one, other = (untimed(folder / "summary.csv") for folder in (cut, whole))
    assert one == other
    assert untimed(cut / "trials.csv") == untimed(whole / "trials.csv")
    assert len(list(whole.rglob("*.npz"))) == 32


def untimed(path):
    """Return the rows of a table without the times that searches took."""
    with path.open() as file:
        rows = list(csv.DictReader(file))
    return [{name: row[name] for name in row if "seconds" not in name} for row in rows]
