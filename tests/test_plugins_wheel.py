"""A real package from elsewhere: built, installed, and used by the command line."""

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

EXAMPLE = Path(__file__).parent / "example_plugin"
ROOT = EXAMPLE.parents[1]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Return a folder with the example installed as a wheel; needs no package index."""
    folder = tmp_path_factory.mktemp("plugin")
    shutil.copytree(EXAMPLE, folder / "source")
    offline = ["--quiet", "--no-deps", "--no-index"]
    build = [sys.executable, "-m", "pip", "wheel", *offline, "--no-build-isolation"]
    subprocess.run([*build, "-w", folder, folder / "source"], check=True)
    (wheel,) = folder.glob("*.whl")
    install = [sys.executable, "-m", "pip", "install", *offline]
    subprocess.run([*install, "--target", folder / "site", wheel], check=True)
    return folder / "site"


@pytest.fixture
def evonasc(site, tmp_path):
    """Return a function that runs the command line where the example is installed."""

    def call(*words, code=0):
        path = os.pathsep.join([str(site), str(ROOT)])
        done = subprocess.run(
            [sys.executable, "-m", "evonasc", *map(str, words)],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": path, "EVONASC_CACHE": str(tmp_path / "cache")},
        )
        assert done.returncode == code, done.stderr
        return " ".join((done.stdout if code in (0, 1) else done.stderr).split())

    return call


def rows_of(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_problem_without_networks_runs_and_its_front_is_right(evonasc, tmp_path):
    out = tmp_path / "bag"
    text = evonasc("run", "--problem", "knapsack", "--budget", 300, "--exact", "--out", out)
    assert "cut after" not in text
    assert (out / "front.png").stat().st_size > 0
    assert json.loads((out / "config.json").read_text())["objectives"] == ["f1", "f2"]
    for row in rows_of(out / "front.csv"):
        packed = np.array(row["network"].split(), dtype=int)
        assert float(row["f1"]) == packed @ [3, 5, 8, 1, 5]
        assert float(row["f2"]) == -(packed @ [4, 7, 9, 2, 6])
    assert json.loads((out / "run.json").read_text())["exact"]["n_found"] > 0
    assert "nsga2 on knapsack" in evonasc("show", out)
    assert "must have the column 'latency_ms'" in evonasc(
        "run", "--problem", "knapsack", "--algo", "nasc", code=2
    )


def test_benchmark_machine_link_objective_and_mutation_work_together(evonasc, tmp_path):
    out = tmp_path / "chain"
    evonasc(
        *("run", "--space", "chain", "--link", "satellite:600"),  # its own scenario and errors
        *("--objectives", "error,latency_ms,cost_cents", "--mutation", "swap-mutation"),
        *("--budget", 80, "--no-plot", "--quiet", "--out", out),
    )
    rows = rows_of(out / "evaluations.csv")
    assert any(row["split_point"] not in ("0", "6") for row in rows)
    for row in rows:
        sent, tail = float(row["payload_bytes"]), float(row["tail_ms"])
        assert float(row["cost_cents"]) == pytest.approx(sent / 1e4 + tail / 10)
        # 600 km up and down at 299.792 km a ms, then 10 Mbit/s
        expected = 1200 / 299.792 + sent * 8 / 1e4 if sent else 0.0
        assert float(row["uplink_ms"]) == pytest.approx(expected)
    everything = next(row for row in rows if row["network"] == "3333" or row["tail_ms"] == "0.0")
    assert float(everything["head_ms"]) > 0
    (line,) = [
        line
        for line in json.loads((out / "run.json").read_text())["provenance"]
        if line.startswith("cost_cents")
    ]
    assert "evonasc-example 1.0" in line
    config = json.loads((out / "config.json").read_text())
    assert config["error"] == {"accuracy": "by-macs"}
    assert config["scenario"]["head_hardware"] == "shelf-box"


def test_a_problem_refuses_what_it_does_not_read(evonasc, tmp_path):
    words = ("run", "--problem", "chain-nas", "--scenario", "shelf", "--no-plot", "--quiet")
    evonasc(*words, "--budget", 40, "--out", tmp_path / "n")
    assert len(rows_of(tmp_path / "n" / "evaluations.csv")) == 40
    message = evonasc(*words, "--space", "chain", "--out", tmp_path / "s", code=2)
    assert "--space is not read by the problem 'chain-nas', which reads --scenario" in message


def test_the_list_has_them_with_their_source_and_a_broken_one_stops_nobody(evonasc, tmp_path):
    text = evonasc("list", "algorithms")
    assert "uniform evonasc-example 1.0 Draw designs uniformly" in text
    assert "broken evonasc-example 1.0 CANNOT BE USED" in text
    assert "shelf-box evonasc-example 1.0 declared" in evonasc("list", "hardware")
    toy = ("run", "--problem", "toy", "--budget", 40, "--no-plot", "--quiet")
    evonasc(*toy, "--algo", "uniform", "--refine-split", "--out", tmp_path / "u")
    for row in rows_of(tmp_path / "u" / "evaluations.csv"):  # the fastest cut of each
        assert float(row["latency_ms"]) == sum(map(int, row["network"]))
    message = evonasc(*toy, "--algo", "uniform", "--pop-size", 9, "--out", tmp_path / "p", code=2)
    assert "got --pop-size 9 with --algo uniform, which does not read it" in message
    message = evonasc(*toy, "--algo", "broken", "--out", tmp_path / "b", code=2)
    assert "evonasc-example 1.0 (evonasc_example.absent:search)" in message
    message = evonasc(*toy, "--algo", "nsga3", "--out", tmp_path / "n", code=2)
    assert "by evonasc (" in message
    assert "by evonasc-example 1.0 (" in message


def test_a_comparison_takes_them(evonasc, tmp_path):
    out, algos = tmp_path / "c", "nsga2+swap-mutation,nsga2+crowded,uniform"
    options = ("--seeds", 2, "--budget", 40, "--no-plot", "--quiet", "--out", out)
    evonasc("compare", "--problem", "knapsack", "--algos", algos, *options)
    names = {row["contender"] for row in rows_of(out / "summary.csv")}
    assert names == set(algos.split(","))


def test_every_part_keeps_its_contract(evonasc, tmp_path):
    names = "uniform shelf shelf-box satellite cost_cents swap-mutation knapsack by-macs crowded"
    for name in names.split():
        assert "All rules hold." in evonasc("check-plugin", name, "--cases", 3)
    scenario = ("--scenario", "shelf", "--cases", 3)
    assert "All rules hold." in evonasc("check-plugin", "chain-nas", *scenario)
    assert "All rules hold." in evonasc("check-plugin", "chain", "--cases", 3)


def test_a_file_in_hand_is_a_problem(evonasc, tmp_path):
    (tmp_path / "mine.py").write_text("from evonasc_example.knapsack import knapsack as mine\n")
    toy = ("--budget", 30, "--no-plot", "--quiet", "--out", tmp_path / "m")
    evonasc("run", "--problem", "mine:mine", *toy)
    assert rows_of(tmp_path / "m" / "front.csv")
