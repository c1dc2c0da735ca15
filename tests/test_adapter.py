"""Plain pymoo problems as problems of evonasc."""

import numpy as np
import pytest
from pymoo.core.problem import ElementwiseProblem, Problem

from evonasc.errors import ConfigError, EvaluationError, GenomeError
from evonasc.problems.adapter import IntegerSpace, PymooProblem
from evonasc.runs.exact_front import exact_front
from evonasc.search.archive import Archive, BudgetSpent
from evonasc.search.config import SearchConfig
from evonasc.search.nsga2 import nsga2


class Steps(Problem):
    """Sum, and what it lacks to 9; two variables from -2 to 3, one from 0 to 3."""

    def __init__(self, **kwargs):
        limits = {"xl": np.array([-2, -2, 0]), "xu": np.array([3, 3, 3]), "vtype": int}
        super().__init__(**{"n_var": 3, "n_obj": 2, **limits, **kwargs})

    def _evaluate(self, x, out, *args, **kwargs):
        out["F"] = np.stack([x.sum(axis=1), 9 - x.sum(axis=1)], axis=1)


class OneByOne(ElementwiseProblem):
    def __init__(self):
        super().__init__(n_var=1, n_obj=1, xl=5, xu=9, vtype=int)

    def _evaluate(self, x, out, *args, **kwargs):
        out["F"] = (x[0] - 7) ** 2


def test_genes_stand_for_the_variables():
    problem = PymooProblem(Steps(), objectives=("sum", "lack"))
    genes = np.array([[0, 0, 0, 0], [5, 4, 3, 0]])  # -2 -2 0, and 3 2 3
    assert {key: values.tolist() for key, values in problem.columns(genes).items()} == {
        "sum": [-4.0, 8.0],
        "lack": [13.0, 1.0],
    }
    assert problem.designs.space.to_text(genes[:, :3]) == ["-2 -2 0", "3 2 3"]
    read = problem.designs.space.from_text(["-2 -2 0", "3 2 3"])
    np.testing.assert_array_equal(read, genes[:, :3])


def test_the_true_front_is_known_where_designs_can_be_listed():
    problem = PymooProblem(OneByOne())
    front = exact_front(problem)
    assert front.n_designs == 5
    assert front.points.tolist() == [[0.0]]
    assert problem.designs.space.to_text(front.genes[:, :1]) == ["7"]
    assert IntegerSpace(np.zeros(9, dtype=int), np.full(9, 9)).networks() is None


def test_an_evolutionary_search_finds_the_front():
    archive = Archive(PymooProblem(Steps()), budget=100)
    with pytest.raises(BudgetSpent):
        nsga2(archive, SearchConfig(budget=100, seed=1))
    # every sum from -4 to 9 is a point of the front
    assert len(np.unique(archive.objectives()[archive.front_rows()], axis=0)) >= 12


@pytest.mark.parametrize(
    ("problem", "message"),
    [
        (Steps(n_ieq_constr=1), "must have no constraints"),
        (Steps(vtype=float), "must have integer variables"),
        (Steps(xl=np.full(3, 0.5)), "whole, finite xl and xu"),
        (Steps(xl=None, xu=None), "whole, finite xl and xu"),
    ],
)
def test_what_cannot_be_searched_is_refused(problem, message):
    with pytest.raises(ConfigError, match=message):
        PymooProblem(problem)


def test_other_numbers_of_objectives_are_refused():
    with pytest.raises(ConfigError, match="must name 2, got sum"):
        PymooProblem(Steps(), objectives=("sum",))


def test_an_evaluation_that_fails_is_one_line_that_names_the_place():
    class Failing(Steps):
        def _evaluate(self, x, out, *args, **kwargs):
            raise KeyError("weight")

    place = r"of shape \(2, 3\): KeyError: 'weight' \(test_adapter\.py, line \d+\)"
    with pytest.raises(EvaluationError, match=place):
        PymooProblem(Failing()).columns(np.zeros((2, 4), dtype=int))


def test_an_answer_of_another_shape_is_refused():
    class Short(Steps):
        def evaluate(self, *args, **kwargs):
            return np.zeros((1, 2))

    with pytest.raises(EvaluationError, match=r"Short must give objectives of shape \(2, 2\)"):
        PymooProblem(Short()).columns(np.zeros((2, 4), dtype=int))


@pytest.mark.parametrize("text", ["1 2", "a b c", "9 0 0"])
def test_texts_that_name_no_design_are_refused(text):
    with pytest.raises(GenomeError):
        PymooProblem(Steps()).designs.space.from_text([text])
