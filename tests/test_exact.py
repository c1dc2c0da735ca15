"""Enumeration against brute force, and the command that shows it."""

import csv
import itertools
import time

import numpy as np
import pytest

from evonasc.cli import main
from evonasc.cost.scenario import Scenario
from evonasc.nasbench201 import BENCHMARK
from evonasc.problems import SplitNasProblem
from evonasc.runs.config import RunConfig
from evonasc.runs.exact_front import exact_front
from evonasc.runs.prepare import prepare

COSTS = ("latency_ms", "energy_mj", "payload_bytes", "head_ms", "head_memory_bytes")
FEW = Scenario(payload_bits=(4, 8), min_split=7, max_head_memory_bytes=300_000)


def dominated_by_any(points, others):
    """Tell for each point whether another one is nowhere worse and somewhere better."""
    is_worse = np.zeros(len(points), dtype=bool)
    for other in others:
        is_worse |= (points >= other).all(axis=1) & (points > other).any(axis=1)
    return is_worse


@pytest.mark.parametrize("n_obj", [2, 3, 4])
def test_the_front_is_what_no_other_valid_design_dominates(n_obj, nasbench, table_errors):
    names = ("error", "latency_ms", "energy_mj", "head_memory_bytes")[:n_obj]
    problem = SplitNasProblem(BENCHMARK, FEW, table_errors, objectives=names)
    truth = exact_front(problem)
    # every network, cut and width, spelled once, asked for one by one
    widths, cuts = np.meshgrid(range(2), range(20))
    networks = nasbench.networks()
    genes = np.concatenate(
        [
            np.column_stack([networks, np.full((len(networks), 2), (cut, width))])
            for cut, width in zip(cuts.ravel(), widths.ravel(), strict=True)
        ]
    )
    genes = np.unique(problem.designs.canonical(genes[problem.designs.is_valid(genes)]), axis=0)
    points = problem.objective_values(problem.columns(genes))
    assert truth.n_designs == len(genes)
    best = ~dominated_by_any(points, truth.points)
    np.testing.assert_array_equal(np.unique(truth.genes, axis=0), np.unique(genes[best], axis=0))
    assert not dominated_by_any(truth.points, truth.points).any()
    assert len(truth.genes) > n_obj


@pytest.mark.slow
def test_any_front_of_four_objectives_takes_less_than_half_a_second():
    """Of processor time, the predictors read before; one width, 103,041 designs."""
    exact_front(prepare(RunConfig()).problem)
    for names in itertools.combinations(("error", *COSTS), 4):
        problem = prepare(RunConfig(objectives=names)).problem
        started = time.process_time()
        exact_front(problem)
        assert time.process_time() - started < 0.5, names


# The command


def test_the_command_shows_the_front(capsys):
    assert main(["exact", "--rows", "4", "--uplink-mbps", "20"]) == 0
    shown = capsys.readouterr().out
    assert "of 103041 valid designs" in shown
    assert "4 of " in shown
    assert "raspi4-edgegpu-10mbps (20 Mbit/s)" in shown
    assert "HW-NAS-Bench" not in shown
    assert main(["exact", "--rows", "4", "--uplink-mbps", "20", "--provenance"]) == 0
    assert "HW-NAS-Bench" in capsys.readouterr().out


def test_the_command_writes_every_design_on_the_front(tmp_path, capsys):
    out = tmp_path / "out"
    names = "error,latency_ms,payload_bytes,energy_mj"
    assert main(["exact", "--objectives", names, "--no-plot", "--out", str(out)]) == 0
    assert "Written to" in capsys.readouterr().out
    assert [path.name for path in out.iterdir()] == ["front.csv"]
    truth = exact_front(prepare(RunConfig(objectives=tuple(names.split(",")))).problem)
    with (out / "front.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    points = [[float(row[name]) for name in names.split(",")] for row in rows]
    np.testing.assert_allclose(points, truth.points)
    assert main(["exact", "--out", str(out)]) == 2
    assert "must be empty" in capsys.readouterr().err


@pytest.mark.slow
def test_the_command_draws_the_front(tmp_path):
    assert main(["exact", "--problem", "toy", "--out", str(tmp_path / "out")]) == 0
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"front.csv", "front.pdf", "front.png", "front.svg"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--scenario", "raspi"], "Unknown scenario 'raspi'"),
        (["--objectives", "error,speed"], "Unknown objective 'speed'"),
        (["--max-payload-bytes", "1", "--min-split", "0", "--max-head-memory-bytes", "1"], "cut"),
    ],
)
def test_bad_input_is_one_line(arguments, message, capsys):
    assert main(["exact", *arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line
