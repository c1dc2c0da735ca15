"""Errors that differ by less than their noise are ties for a search; columns stay exact."""

import numpy as np
import pytest

from evonasc.cost.scenario import Scenario
from evonasc.errors import ConfigError
from evonasc.problems import SplitNasProblem, Staircase
from evonasc.problems.coarse_error import (
    CoarseErrorProblem,
    coarse,
    coarse_objectives,
    require_resolution,
)


@pytest.fixture
def problem_of(nas201, table_errors):
    def make(resolution):
        inner = SplitNasProblem(nas201, Scenario(), table_errors)
        return CoarseErrorProblem(inner, resolution=resolution) if resolution else inner

    return make


def test_errors_are_rounded_down_to_multiples():
    # 0.3 / 0.1 is 2.9999999999999996 in binary, and yet three tenths
    errors = np.array([0.0, 0.049, 0.05, 0.1499, 0.3, 1.0])
    found = coarse(errors, resolution=0.05)
    np.testing.assert_allclose(found, [0.0, 0.0, 0.05, 0.1, 0.3, 1.0])
    assert coarse(np.array([0.3]), resolution=0.1)[0] == pytest.approx(0.3)


def test_without_a_resolution_nothing_is_touched(rng):
    errors = rng.uniform(size=50)
    np.testing.assert_array_equal(coarse(errors, resolution=0), errors)
    names, table = ("latency_ms", "head_ms"), rng.uniform(size=(5, 2))
    columns = dict(zip(names, table.T, strict=True))
    found = coarse_objectives(columns, objectives=names, resolution=0.1)
    np.testing.assert_array_equal(found, table)


def test_only_the_objective_error_is_rounded_wherever_it_stands():
    columns = {"error": np.array([0.123, 0.456]), "latency_ms": np.array([3.17, 4.18])}
    found = coarse_objectives(columns, objectives=("latency_ms", "error"), resolution=0.1)
    np.testing.assert_allclose(found, [[3.17, 0.1], [4.18, 0.4]])
    assert columns["error"][0] == 0.123  # not changed in place


def test_columns_keep_the_exact_error(problem_of, rng):
    exact, rounded = problem_of(0.0), problem_of(0.05)
    genes = exact.designs.sample(30, rng=rng)
    np.testing.assert_array_equal(rounded.columns(genes)["error"], exact.columns(genes)["error"])
    objectives = rounded.objective_values(rounded.columns(genes))
    steps = objectives[:, 0] / 0.05
    np.testing.assert_allclose(steps, np.rint(steps), atol=1e-9)
    assert (np.abs(objectives[:, 0] - exact.columns(genes)["error"]) > 1e-6).any()
    np.testing.assert_array_equal(objectives[:, 1], exact.columns(genes)["latency_ms"])


def test_all_else_is_that_of_the_problem(problem_of, rng):
    exact, rounded = problem_of(0.0), problem_of(0.05)
    genes = exact.designs.sample(30, rng=rng)
    np.testing.assert_array_equal(rounded.latency_ms(genes), exact.latency_ms(genes))
    assert rounded.objectives == exact.objectives
    assert rounded.cut_free_columns == exact.cut_free_columns == {"error"}
    assert rounded.provenance()[:-1] == exact.provenance()
    assert "rounded down to multiples of 0.05" in rounded.provenance()[-1]


def test_objectives_of_stored_columns_are_those_of_the_problem(problem_of, rng):
    problem = problem_of(0.05)
    columns = problem.columns(problem.designs.sample(30, rng=rng))
    np.testing.assert_array_equal(
        coarse_objectives(columns, objectives=problem.objectives, resolution=0.05),
        problem.objective_values(columns),
    )


@pytest.mark.parametrize("resolution", [-0.1, 1.0, float("nan")])
def test_a_resolution_that_is_no_fraction_is_refused(resolution):
    with pytest.raises(ConfigError, match=r"must be a fraction in \[0, 1\), got"):
        CoarseErrorProblem(Staircase(), resolution=resolution)


def test_a_resolution_of_what_is_not_searched_is_refused():
    with pytest.raises(ConfigError, match="objective error, got head_ms. Leave out --error-resol"):
        require_resolution(0.1, objectives=("head_ms",))
    require_resolution(0.0, objectives=("head_ms",))
