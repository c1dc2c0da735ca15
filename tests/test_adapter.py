"""Plain pymoo problems as problems of evonasc."""

import numpy as np
import pytest
from pymoo.core.problem import ElementwiseProblem, Problem
from pymoo.core.variable import Binary, Choice, Integer, Real

from evonasc.analysis.compared import compare
from evonasc.analysis.page_data import page_data
from evonasc.cli import main
from evonasc.errors import ConfigError, EvaluationError, GenomeError
from evonasc.problems import Staircase
from evonasc.problems.adapter import PymooProblem
from evonasc.problems.variables import VariableSpace, variables_of
from evonasc.runs.comparison import ComparisonConfig
from evonasc.runs.config import RunConfig
from evonasc.runs.exact_front import exact_front
from evonasc.runs.finished import load_run
from evonasc.search.config import SearchConfig
from evonasc.search.search import Search


class Steps(Problem):
    """Sum, and what it lacks to 9; two variables from -2 to 3, one from 0 to 3."""

    def __init__(self, **kwargs):
        limits = {"xl": np.array([-2, -2, 0]), "xu": np.array([3, 3, 3]), "vtype": int}
        super().__init__(**{"n_var": 3, "n_obj": 2, **limits, **kwargs})

    def _evaluate(self, x, out, *args, **kwargs):
        out["F"] = np.stack([x.sum(axis=1), 9 - x.sum(axis=1)], axis=1)


class Mixed(ElementwiseProblem):
    """Three variables of three kinds, or others; the second objective wants them all large."""

    def __init__(self, **variables):
        three = {
            "size": Integer(bounds=(-1, 3)),
            "is_on": Binary(),
            "tint": Choice(options=["pale red", "blue", 7]),
        }
        super().__init__(vars=variables or three, n_obj=2, n_ieq_constr=1, n_eq_constr=1)

    def _evaluate(self, x, out, *args, **kwargs):
        assert type(x["is_on"]) is bool
        total = x["size"] + 10 * x["is_on"] + 100 * ["pale red", "blue", 7].index(x["tint"])
        out["F"] = [total, -total]
        out["G"] = [x["size"] - 1]  # at most 1
        out["H"] = [x["is_on"] - 1]  # on


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
    many = Steps(n_var=9, xl=np.zeros(9), xu=np.full(9, 9))
    assert VariableSpace(variables_of(many)).networks() is None


def test_an_evolutionary_search_finds_the_front():
    archive = Search(PymooProblem(Steps()), SearchConfig(budget=100, seed=1)).run().archive
    # every sum from -4 to 9 is a point of the front
    assert len(np.unique(archive.objectives()[archive.front_rows()], axis=0)) >= 12


def test_named_variables_of_three_kinds_are_searched():
    problem = PymooProblem(Mixed())
    genes = np.array([[0, 0, 0, 0], [4, 1, 2, 0]])
    texts = problem.designs.space.to_text(genes[:, :3])
    assert texts == ["-1 False pale_red", "3 True 7"]
    np.testing.assert_array_equal(problem.designs.space.from_text(texts), genes[:, :3])
    assert {name: values.tolist() for name, values in problem.columns(genes).items()} == {
        "f1": [-1.0, 213.0],
        "f2": [1.0, -213.0],
        "g1": [-2.0, 2.0],  # size - 1
        "h1": [1.0, 0.0],  # how far from on
    }
    assert problem.designs.space.short_text_key == "design: its variables size, is_on, tint"


def test_constraints_decide_who_is_on_the_front():
    """On, with a size of -1, 0 or 1, in three tints: nine designs, none dominated."""
    front = exact_front(PymooProblem(Mixed()))
    assert front.n_designs == 5 * 2 * 3
    expected = sorted(size + 10 + tint for size in (-1, 0, 1) for tint in (0, 100, 200))
    assert front.points[:, 0].tolist() == expected


def test_constraints_steer_the_search():
    """A sum of eight digits is 36 on average, with a deviation of 8: 60 is three of them away."""

    class Tight(Steps):
        def __init__(self):
            super().__init__(n_var=8, xl=np.zeros(8), xu=np.full(8, 9), n_ieq_constr=1)

        def _evaluate(self, x, out, *args, **kwargs):
            super()._evaluate(x, out)
            out["G"] = 60 - x.sum(axis=1)

    archive = Search(PymooProblem(Tight()), SearchConfig(budget=300, seed=1)).run().archive
    late = archive.columns()["g1"][-100:]
    assert (late <= 0).mean() > 0.2
    assert (archive.columns()["g1"][archive.front_rows()] <= 0).all()


def test_truth_values_by_vtype_reach_the_problem_as_such():
    class Bits(Problem):
        def __init__(self):
            super().__init__(n_var=3, n_obj=1, xl=0, xu=1, vtype=bool)

        def _evaluate(self, x, out, *args, **kwargs):
            assert x.dtype == bool
            out["F"] = (~x).sum(axis=1)

    assert exact_front(PymooProblem(Bits())).points.tolist() == [[0.0]]


def test_objectives_must_differ_from_constraints():
    with pytest.raises(ConfigError, match="must differ from the constraints' columns, got g1, f"):
        PymooProblem(Mixed(), objectives=("g1", "f"))


@pytest.mark.parametrize(
    ("problem", "message"),
    [
        (Steps(vtype=float), "must have integer variables"),
        (Steps(xl=np.full(3, 0.5)), "whole, finite xl and xu"),
        (Steps(xl=None, xu=None), "whole, finite xl and xu"),
        (Steps(xu=np.full(3, 1e300)), "whole, finite xl and xu"),
        (Mixed(x=Real(bounds=(0, 1))), r"got 'x': Real \(0, 1\). Offer a Choice of values"),
        (Mixed(x=Integer(bounds=(0, None))), "got 'x': Integer"),
        (Mixed(x=Integer(bounds=(3, 2))), "got 'x': Integer"),
        (Mixed(x=Choice(options=[])), r"got 'x': Choice \[\]"),
        (Mixed(x=Choice(options=["a b", "a_b"])), "options that differ as text"),
        (Mixed(x=Choice(options=["a", "\x1b"])), "options that differ as text"),
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
            return {"F": np.zeros((1, 2))}

    with pytest.raises(EvaluationError, match=r"Short must give F of shape \(2, 2\)"):
        PymooProblem(Short()).columns(np.zeros((2, 4), dtype=int))


@pytest.mark.parametrize("text", ["1 2", "a b c", "9 0 0"])
def test_texts_that_name_no_design_are_refused(text):
    with pytest.raises(GenomeError):
        PymooProblem(Steps()).designs.space.from_text([text])


@pytest.mark.parametrize("name", ["Mine", "MINE", "made", "made_of"])
def test_a_class_an_object_or_a_function_in_a_file_is_a_problem(
    name, tmp_path, monkeypatch, capsys
):
    (tmp_path / "bits_for_adapter.py").write_text(
        "from pymoo.core.problem import ElementwiseProblem\n"
        "from pymoo.core.variable import Choice, Integer\n"
        "class Mine(ElementwiseProblem):\n"
        "    def __init__(self, n=3, **kwargs):\n"
        "        variables = {f'x{i}': Integer(bounds=(0, 4)) for i in range(n)}\n"
        "        variables['c'] = Choice(options=['a', 'b'])\n"
        "        super().__init__(vars=variables, n_obj=2, n_ieq_constr=1)\n"
        "    def _evaluate(self, x, out, *args, **kwargs):\n"
        "        total = sum(x[f'x{i}'] for i in range(3)) + (x['c'] == 'b')\n"
        "        out['F'] = [total, 12 - total]\n"
        "        out['G'] = [total - 5]\n"
        "MINE = Mine()\n"
        "def made():\n"
        "    return Mine()\n"
        "def made_of(config):\n"
        "    return Mine(n=config.search.seed + 3)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("EVONASC_TRUST_CODE", "1")
    words = ["run", "--problem", f"bits_for_adapter:{name}", "--budget", "60", "--no-plot"]
    assert main([*words, "--exact", "--max", "f2=10", "--out", str(tmp_path / "run")]) == 0
    capsys.readouterr()
    run = load_run(tmp_path / "run")
    assert run.columns["g1"].max() <= 0
    # sums from 2 (f2 = 10) to 5 (g1 = 0)
    assert sorted(set(run.columns["f1"])) == [2, 3, 4, 5]
    assert main(["show", str(tmp_path / "run")]) == 0
    out = capsys.readouterr().out
    assert "within g1 <= 0 and f2 <= 10" in out
    assert " b" in out
    (shown,) = page_data([tmp_path / "run"])["runs"]
    assert shown["curve"]["why_not"] == ""  # today's front is the one the run was set against


def test_a_comparison_of_a_constrained_problem_counts_what_keeps_to_it(tmp_path, monkeypatch):
    (tmp_path / "tight_for_adapter.py").write_text(
        "import numpy as np\n"
        "from pymoo.core.problem import Problem\n"
        "class Tight(Problem):\n"
        "    def __init__(self):\n"
        "        super().__init__(n_var=3, n_obj=2, n_ieq_constr=1, xl=0, xu=4, vtype=int)\n"
        "    def _evaluate(self, x, out, *args, **kwargs):\n"
        "        total = x.sum(axis=1)\n"
        "        out['F'], out['G'] = np.stack([total, -total], axis=1), total - 3\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    config = ComparisonConfig(
        base=RunConfig(problem="tight_for_adapter:Tight"),
        scenarios=(RunConfig.scenario,),
        contenders=("nsga2", "random"),
        budgets=(30,),
        n_seeds=1,
    )
    comparison = compare(config, tmp_path / "comparison")
    (reference,) = comparison.references.values()
    assert reference.points[:, 0].tolist() == [0, 1, 2, 3]
    for trial in comparison.trials.values():
        assert (trial.is_within == (trial.points[:, 0] <= 3)).all()


@pytest.mark.parametrize(
    "name",
    ["id", "network", "split_point", "split_point_2", "payload_bits", "is_feasible", "", "a\x1b"],
)
def test_names_that_tables_use_themselves_are_refused_when_the_problem_is_made(name):
    with pytest.raises(ConfigError, match=r"must not be called|must be printable text, got"):
        PymooProblem(Steps(), objectives=(name, "lack"))


def test_columns_beside_the_objectives_may_not_take_these_names_either():
    class Wide(Staircase):
        def columns(self, genes):
            columns = super().columns(genes)
            return columns | {"id": columns["error"]}

    with pytest.raises(ConfigError, match="must not be called 'id'"):
        Wide().checked_columns(np.array([[0, 0, 0, 0, 0, 0, 1]]))
