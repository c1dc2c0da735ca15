"""Objectives of other packages: functions ``(genes, designs, columns)``."""

import sys

import numpy as np
import pytest

from evonasc.cost.scenario import Scenario
from evonasc.errors import PluginError, UnknownNameError
from evonasc.problems import SplitNasProblem
from evonasc.problems.objective_table import OBJECTIVES, ForeignColumn, is_foreign

HERE = "test_objective_table"


def cut_depth(genes, designs, columns):
    """The split point, and a thousandth of the error."""
    return designs.split_point(genes) + columns["error"] / 1000


def spoil_genes(genes, designs, columns):
    genes[:] = 0
    return columns["error"]


def spoil_columns(genes, designs, columns):
    columns["error"][:] = 0
    return columns["error"]


def one_too_few(genes, designs, columns):
    return columns["error"][1:]


def words(genes, designs, columns):
    return np.array(["much"] * len(genes))


def add_a_column(genes, designs, columns):
    columns["error"] = np.zeros(len(genes))
    columns["mine"] = np.zeros(len(genes))
    return columns["error"]


@pytest.fixture(autouse=True)
def _here(monkeypatch):
    """Let the functions above be found by name."""
    monkeypatch.setitem(sys.modules, HERE, sys.modules[__name__])


@pytest.fixture
def problem_of(nas201, table_errors):
    def make(function, *others):
        objectives = ("error", *others, f"{HERE}:{function.__name__}")
        return SplitNasProblem(nas201, Scenario(), table_errors, objectives=objectives)

    return make


def test_it_sees_canonical_designs_their_space_and_the_columns(problem_of):
    problem = problem_of(cut_depth)
    # a dead edge, and a cut behind cells that compute nothing: the first such cut is 7
    genes = np.array([[3, 0, 0, 3, 0, 0, 5], [0, 0, 0, 1, 0, 0, 9]])
    columns = problem.checked_columns(genes)
    expected = [5, 7] + columns["error"] / 1000
    np.testing.assert_array_equal(columns[f"{HERE}:cut_depth"], expected)
    np.testing.assert_array_equal(problem.evaluate(genes)[:, 1], expected)


@pytest.mark.parametrize("function", [spoil_genes, spoil_columns])
def test_it_can_change_nothing(problem_of, function):
    with pytest.raises(PluginError, match="calling it ended in ValueError: .* is read-only"):
        problem_of(function).columns(np.array([[0, 0, 0, 3, 0, 0, 5]]))


def test_what_it_does_to_its_dictionary_stays_there(problem_of):
    columns = problem_of(add_a_column).columns(np.array([[0, 0, 0, 3, 0, 0, 5]]))
    assert columns["error"][0] > 0
    assert "mine" not in columns
    assert columns[f"{HERE}:add_a_column"][0] == 0


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (one_too_few, r"must give an array of shape \(2,\)"),
        (words, "must give numbers, got <U4"),
    ],
)
def test_what_is_no_number_a_design_says_whose_it_is(problem_of, function, message):
    genes = np.array([[0, 0, 0, 3, 0, 0, 5], [0, 0, 0, 3, 0, 0, 6]])
    with pytest.raises(PluginError, match=f"{HERE}:{function.__name__}.*{message}"):
        problem_of(function).columns(genes)


def test_others_come_after_all_that_is_built_in(problem_of):
    problem = problem_of(cut_depth, "energy_mj")
    columns = problem.columns(np.array([[0, 0, 0, 3, 0, 0, 5]]))
    assert list(columns)[-2:] == ["energy_mj", f"{HERE}:cut_depth"]
    assert problem.provenance()[-1].startswith(f"{HERE}:cut_depth: computed by ")


def test_its_name_is_resolved_once(problem_of, monkeypatch):
    problem = problem_of(cut_depth)
    monkeypatch.delitem(sys.modules, HERE)
    monkeypatch.setattr("evonasc.plugins.importlib.import_module", None)
    assert len(problem.columns(np.array([[0, 0, 0, 3, 0, 0, 5]]))[f"{HERE}:cut_depth"]) == 1


def test_what_is_no_function_is_refused_before_the_search():
    with pytest.raises(PluginError, match="it must be callable, got str"):
        ForeignColumn(f"{HERE}:HERE")


def test_built_in_and_foreign_are_told_apart():
    assert not any(is_foreign(name) for name in OBJECTIVES)
    assert not is_foreign("nothing")
    assert is_foreign("anybody:anything")
    with pytest.raises(UnknownNameError, match="objective 'eror'. Did you mean 'error'"):
        ForeignColumn("eror")
