"""``evonasc explain`` through main([...])."""

import csv
import json
import shutil

import pytest

from evonasc.cli import main


@pytest.fixture
def run(small_run, tmp_path):
    return shutil.copytree(small_run, tmp_path / "run")


def first_id(run):
    with (run / "front.csv").open(newline="") as file:
        return next(csv.DictReader(file))["id"]


@pytest.mark.slow
def test_the_figure_lies_in_the_run_folder(run, capsys):
    number = first_id(run)
    assert main(["explain", str(run), number]) == 0
    assert f"design-{number}.png" in capsys.readouterr().out.replace("\n", "")
    assert (run / f"design-{number}.png").stat().st_size > 10_000
    assert (run / f"design-{number}.svg").exists()


def test_the_table_says_what_each_change_gains_and_costs(run, capsys):
    assert main(["explain", str(run), first_id(run), "--no-plot", "--rows", "3"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    # the first of the front has its least error, though not that of all designs
    assert "changes of one gene give another design:" in out
    assert "against the front" in out
    assert " -> " in out
    assert "3 of " in out
    assert not list(run.glob("design-*"))


def test_any_evaluated_design_can_be_explained(run, capsys):
    for number in ("1", "300"):
        assert main(["explain", str(run), number, "--no-plot"]) == 0
        assert f"Design {number} of" in capsys.readouterr().out


def test_a_width_that_is_a_gene_is_among_the_changes(tmp_path, capsys):
    out = str(tmp_path / "r")
    words = ["--payload-bits", "8,32", "--objectives", "error,latency_ms,payload_bytes"]
    assert main(["run", "--budget", "60", "--no-plot", "--quiet", "--out", out, *words]) == 0
    with (tmp_path / "r" / "evaluations.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["payload_bits"] == "32"]
    assert main(["explain", out, rows[0]["id"], "--no-plot", "--rows", "99"]) == 0
    assert "bits: 32 -> 8" in capsys.readouterr().out


@pytest.mark.parametrize("number", ["0", "301", "-1"])
def test_an_unknown_id_is_one_line(run, number, capsys):
    assert main(["explain", str(run), "--no-plot", "--", number]) == 2
    captured = capsys.readouterr()
    assert f"ID must be one of the run's, 1 to 300, got {number}" in captured.err
    assert captured.out == ""


def test_runs_that_cannot_be_explained_are_refused(run, tmp_path, capsys):
    assert main(["explain", str(tmp_path / "none"), "1"]) == 2
    assert "is no run folder" in capsys.readouterr().err
    config = json.loads((run / "config.json").read_text())
    config["scenario"]["uplink_mbps"] = 11.0  # no longer what the numbers were computed with
    (run / "config.json").write_text(json.dumps(config))
    with (run / "evaluations.csv").open(newline="") as file:
        sent = [row["id"] for row in csv.DictReader(file) if float(row["payload_bytes"]) > 0]
    assert main(["explain", str(run), sent[0]]) == 2
    assert "latency_ms of design" in capsys.readouterr().err


def test_a_toy_design_has_changes_too(tmp_path, capsys):
    out = str(tmp_path / "toy")
    run = ["run", "--problem", "toy", "--budget", "50", "--no-plot", "--quiet", "--out", out]
    assert main(run) == 0
    assert main(["explain", out, "3", "--no-plot"]) == 0
    assert "gene " in capsys.readouterr().out
