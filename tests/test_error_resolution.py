"""Errors that differ by less than their noise are ties: for the search, and for the true front."""

import csv
from dataclasses import replace

import numpy as np
import pytest

from evonasc.cli import main
from evonasc.cost.scenario import SCENARIOS
from evonasc.errors import ConfigError
from evonasc.front import non_dominated
from evonasc.problems import SplitNasProblem
from evonasc.problems.base import coarse_error, searched_values
from evonasc.runs.finished import read_finished
from evonasc.runs.folder import read_config
from evonasc.runs.run import RunConfig, make_problem, run_search
from evonasc.runs.tabulated import tabulated
from evonasc.search.archive import Archive
from evonasc.search.config import SearchConfig
from evonasc.search.exact import exact_front
from evonasc.search.nasc import NascConfig
from evonasc.search.threshold_search import ThresholdSearch

SMALL = RunConfig(accuracy="supernet", search=SearchConfig(budget=200), error_resolution=0.02)


def problem_of(table_errors, nasbench, resolution):
    scenario = SCENARIOS["raspi4-edgegpu-10mbps"]
    return SplitNasProblem(nasbench, scenario, table_errors, error_resolution=resolution)


def test_errors_are_rounded_down_to_multiples():
    # 0.3 / 0.1 is 2.9999999999999996 in binary, and yet three tenths
    errors = np.array([0.0, 0.049, 0.05, 0.1499, 0.3, 1.0])
    found = coarse_error(errors, resolution=0.05)
    np.testing.assert_allclose(found, [0.0, 0.0, 0.05, 0.1, 0.3, 1.0])
    assert coarse_error(np.array([0.3]), resolution=0.1)[0] == pytest.approx(0.3)


def test_without_a_resolution_nothing_is_touched(rng):
    errors = rng.uniform(size=50)
    np.testing.assert_array_equal(coarse_error(errors, resolution=0), errors)
    table = rng.uniform(size=(5, 2))
    found = searched_values(table, objectives=("latency_ms", "head_ms"), error_resolution=0.1)
    np.testing.assert_array_equal(found, table)


def test_only_the_objective_error_is_rounded_wherever_it_stands():
    table = np.array([[3.17, 0.123], [4.18, 0.456]])
    found = searched_values(table, objectives=("latency_ms", "error"), error_resolution=0.1)
    np.testing.assert_allclose(found, [[3.17, 0.1], [4.18, 0.4]])
    assert table[0, 1] == 0.123  # not changed in place


def test_columns_keep_the_exact_error(table_errors, nasbench, rng):
    exact, coarse = (problem_of(table_errors, nasbench, r) for r in (0.0, 0.05))
    genes = exact.designs.sample(30, rng=rng)
    np.testing.assert_array_equal(coarse.columns(genes)["error"], exact.columns(genes)["error"])
    objectives = coarse.objective_values(coarse.columns(genes))
    steps = objectives[:, 0] / 0.05
    np.testing.assert_allclose(steps, np.rint(steps), atol=1e-9)
    assert (np.abs(objectives[:, 0] - exact.columns(genes)["error"]) > 1e-6).any()
    np.testing.assert_array_equal(objectives[:, 1], exact.columns(genes)["latency_ms"])


def test_the_true_front_has_one_point_an_error_step(table_errors, nasbench):
    """Brute force over the exact columns: of each step the fastest, if no lower step is faster."""
    problem = problem_of(table_errors, nasbench, 0.1)
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
    result, plain = run_search(SMALL), run_search(replace(SMALL, error_resolution=0.0))
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


def test_looking_designs_up_keeps_the_resolution(table_errors, nasbench, rng):
    problem = problem_of(table_errors, nasbench, 0.05)
    known = tabulated(problem)
    genes = problem.designs.sample(20, rng=rng)
    np.testing.assert_array_equal(
        known.objective_values(known.columns(genes)),
        problem.objective_values(problem.columns(genes)),
    )


def test_the_resolution_is_part_of_what_a_cached_front_answers(table_errors, nasbench):
    coarse, exact = (problem_of(table_errors, nasbench, r).identity() for r in (0.05, 0.0))
    assert coarse != exact


def test_a_search_under_thresholds_sees_ties_too(table_errors, nasbench):
    losses = []
    for resolution in (0.0, 0.5):
        problem = problem_of(table_errors, nasbench, resolution)
        archive = Archive(problem, budget=None)
        search = ThresholdSearch(archive, NascConfig(), 1e9, None, None)
        genes = problem.designs.canonical(problem.designs.sample(40, rng=np.random.default_rng(1)))
        losses.append(search._losses(genes, np.ones(40, dtype=bool)))
    assert len(np.unique(losses[0])) > 2
    assert set(losses[1]) == {0.0, 0.5}


def test_a_folder_keeps_the_resolution_and_shows_what_was_searched(tmp_path, capsys):
    out = tmp_path / "r"
    command = ["run", "--budget", "120", "--quiet", "--no-plot", "--error-resolution", "0.02"]
    assert main([*command, "--out", str(out)]) == 0
    config = read_config(out)
    assert config.error_resolution == 0.02
    run = read_finished(out)
    np.testing.assert_array_equal(run.points, config.searched(run.points))
    assert (run.columns["error"] > run.points[:, 0]).any()
    rows = list(csv.DictReader((out / "front.csv").read_text().splitlines()))
    np.testing.assert_array_equal([float(row["error"]) for row in rows], run.columns["error"])
    assert main(["explain", str(out), rows[0]["id"]]) == 0
    assert main(["plot", str(out), "--out", str(tmp_path / "f")]) == 0


@pytest.mark.parametrize("resolution", [-0.1, 1.0, float("nan")])
def test_a_resolution_that_is_no_fraction_is_refused(resolution):
    with pytest.raises(ConfigError, match=r"must be a fraction in \[0, 1\), got"):
        RunConfig(error_resolution=resolution)


def test_a_resolution_of_what_is_not_searched_is_refused():
    with pytest.raises(ConfigError, match="must be used with the objective error, got latency_ms"):
        RunConfig(error_resolution=0.1, objectives=("latency_ms", "payload_bytes"))
    with pytest.raises(ConfigError, match="Leave out --error-resolution"):
        make_problem(RunConfig(problem="toy", error_resolution=0.1))
