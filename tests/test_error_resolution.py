"""Errors that differ by less than their noise are ties: for the search, and for the exact front."""

import csv
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from searches import returned

from evonasc.cli import main
from evonasc.cost.scenario_table import named_scenario
from evonasc.front import non_dominated
from evonasc.nasbench201 import BENCHMARK
from evonasc.problems import SplitNasProblem
from evonasc.problems.coarse_error import CoarseErrorProblem
from evonasc.runs.config import ErrorChoice, RunConfig
from evonasc.runs.exact_front import exact_front
from evonasc.runs.finished import load_run
from evonasc.runs.folder import read_config
from evonasc.runs.run import run
from evonasc.runs.tabulated import tabulated
from evonasc.search.config import SearchConfig
from evonasc.search.threshold_search import losses_under

SMALL = RunConfig(
    error=ErrorChoice("supernet"), search=SearchConfig(budget=200), error_resolution=0.02
)


def problem_of(table_errors, resolution):
    scenario = named_scenario("raspi4-edgegpu-10mbps")
    problem = SplitNasProblem(BENCHMARK, scenario, table_errors)
    return CoarseErrorProblem(problem, resolution=resolution) if resolution else problem


def test_the_true_front_has_one_point_an_error_step(table_errors):
    """Brute force over the exact columns: of each step the fastest, if no lower step is faster."""
    problem = problem_of(table_errors, 0.1)
    listed = problem.designs.all_designs()
    columns = problem.columns(listed)
    steps = np.floor(columns["error"] / 0.1)
    fastest = {step: columns["latency_ms"][steps == step].min() for step in np.unique(steps)}
    expected = []
    for step, latency in sorted(fastest.items()):
        if not expected or latency < expected[-1][1]:
            expected.append((step, latency))
    found = np.unique(exact_front(problem).points, axis=0)
    np.testing.assert_allclose(found, np.array(expected) * [0.1, 1])


def test_a_run_and_the_truth_it_is_held_to_have_the_same_resolution():
    result, plain = run(SMALL), run(replace(SMALL, error_resolution=0.0))
    assert len(result.exact.points) < len(plain.exact.points)
    for points in (result.exact.points, result.front):
        steps = points[:, 0] / 0.02
        np.testing.assert_allclose(steps, np.rint(steps), atol=1e-6)
    assert 0 < result.compare_exact().n_found <= result.compare_exact().n_points
    # What is shown is exact, and is a front of the exact numbers too.
    names = ("error", "latency_ms")
    table = np.stack([result.columns[name][result.front_rows] for name in names], axis=1)
    assert (table[:, 0] - result.front[:, 0] > 1e-6).any()
    assert non_dominated(table).all()
    assert any("multiples of 0.02" in line for line in result.provenance)
    assert not any("multiples of" in line for line in plain.provenance)


def test_looking_designs_up_keeps_the_resolution(table_errors, rng):
    problem = problem_of(table_errors, 0.05)
    known = tabulated(problem)
    genes = problem.designs.sample(20, rng=rng)
    np.testing.assert_array_equal(
        known.objective_values(known.columns(genes)),
        problem.objective_values(problem.columns(genes)),
    )


def test_a_search_under_thresholds_sees_ties_too(table_errors):
    losses = []
    for resolution in (0.0, 0.5):
        problem = problem_of(table_errors, resolution)
        genes = problem.designs.canonical(problem.designs.sample(40, rng=np.random.default_rng(1)))
        is_design = np.ones(40, dtype=bool)
        search = partial(losses_under, goal_ms=1e9, genes=genes, is_design=is_design)
        losses.append(returned(search, problem, config=SearchConfig())[0])
    assert len(np.unique(losses[0])) > 2
    assert set(losses[1]) == {0.0, 0.5}


@pytest.mark.slow
def test_a_folder_keeps_the_resolution_and_shows_what_was_searched(tmp_path, capsys):
    out = tmp_path / "r"
    command = ["run", "--budget", "120", "--quiet", "--no-plot", "--error-resolution", "0.02"]
    assert main([*command, "--out", str(out)]) == 0
    config = read_config(out)
    assert config.error_resolution == 0.02
    finished = load_run(out)
    np.testing.assert_array_equal(finished.points, config.compared(finished.columns))
    assert (finished.columns["error"] > finished.points[:, 0]).any()
    rows = list(csv.DictReader((out / "front.csv").read_text().splitlines()))
    np.testing.assert_array_equal([float(row["error"]) for row in rows], finished.columns["error"])
    assert main(["explain", str(out), rows[0]["id"]]) == 0
    assert main(["plot", str(out), "--out", str(tmp_path / "f")]) == 0
