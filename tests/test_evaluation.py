"""A design that fails takes nothing else with it."""

import sys

import numpy as np
import pytest

from evonasc.cli import main
from evonasc.errors import ConfigError, EvaluationError
from evonasc.problems import Staircase
from evonasc.runs.config import RunConfig
from evonasc.runs.prepare import Prepared
from evonasc.runs.run import run_prepared
from evonasc.search.algorithms import own_algorithms
from evonasc.search.config import SearchConfig
from evonasc.search.evaluation import evaluate
from evonasc.search.search import Search

ALL = [name for name, one in own_algorithms().items() if not (one.trains or one.enumerates)]


class Failing(Staircase):
    """Fails in one of four ways where the first gene is 4 and so is the second."""

    def __init__(self, kind, *, share=1):
        super().__init__()
        self.kind, self.share, self.asked = kind, share, []

    def is_bad(self, genes):
        return (genes[:, 0] == 4) & (genes[:, 1] >= 5 - self.share)

    def latency_ms(self, genes):
        """Predicted without an evaluation."""
        return super().columns(genes)["latency_ms"]

    def columns(self, genes):
        self.asked.append(len(genes))
        columns = super().columns(genes)
        bad = self.is_bad(genes)
        if not bad.any():
            return columns
        if self.kind == "raises":
            raise ZeroDivisionError(f"no luck\nwith {int(bad.sum())}")
        if self.kind == "nan":
            columns["error"] = np.where(bad, np.nan, columns["error"])
        if self.kind == "inf":
            columns["latency_ms"] = np.where(bad, np.inf, columns["latency_ms"])
        if self.kind == "shape":
            columns["error"] = columns["error"][:-1]
        return columns


REASONS = {
    "raises": "ZeroDivisionError: no luck with 1",
    "nan": "error must be finite, got nan",
    "inf": "latency_ms must be finite, got inf",
    "shape": "error must have shape (n,) = (1,), got (0,).",
}
SIX = np.array([[4, 4, 0, 0, 0, 0, 1], [1, 0, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 0, 1]])


@pytest.mark.parametrize("kind", REASONS)
def test_each_kind_of_failure_is_found_out_and_named(kind):
    found = evaluate(Failing(kind), SIX)
    assert found.failures == {0: REASONS[kind]}
    whole = Staircase().columns(SIX[1:])
    for name, values in found.columns.items():
        assert np.isnan(values[0])
        np.testing.assert_array_equal(values[1:], whole[name])


def test_a_problem_that_cannot_evaluate_anything_says_so_at_once():
    problem = Staircase()
    problem.columns = lambda genes: (_ for _ in ()).throw(ConfigError("no such file"))
    with pytest.raises(ConfigError, match="no such file"):
        evaluate(problem, SIX)


@pytest.mark.parametrize("kind", ["raises", "nan"])
@pytest.mark.parametrize("name", ALL)
def test_every_algorithm_goes_on_past_failures(name, kind):
    problem = Failing(kind, share=3)
    config = SearchConfig(algorithm=name, budget=150, pop_size=10, seed=1)
    search = Search(problem, config).run()
    archive = search.archive
    failed = problem.is_bad(archive.genes())
    np.testing.assert_array_equal(archive.is_failed(), failed)
    assert len(archive) == 150
    assert not failed[archive.front_rows()].any()
    assert np.isinf(archive.objectives()[failed]).all()
    again = Search(Failing(kind, share=3), config).run().archive
    np.testing.assert_array_equal(again.genes(), archive.genes())


def test_failed_designs_are_no_part_of_the_result_and_are_listed():
    problem = Failing("raises", share=3)
    result = run_prepared(Prepared.of(problem, RunConfig(problem="toy")))
    assert result.failures
    assert len(result.genes) + len(result.failures) == 2000
    assert not problem.is_bad(result.genes).any()
    assert problem.is_bad(np.array([one.genes for one in result.failures])).all()
    assert {one.reason for one in result.failures} == {REASONS["raises"]}
    front = result.columns["error"][result.front_rows]
    assert (np.diff(front) > 0).all()
    np.testing.assert_array_equal(result.front[:, 0], front)


def test_strict_stops_at_the_first_and_keeps_what_was_before():
    told = []
    search = Search(Failing("raises", share=3), SearchConfig(budget=500, pop_size=10))
    with pytest.raises(EvaluationError, match=r"design \[4, .* failed: ZeroDivisionError"):
        search.run(is_strict=True, on_new=lambda genes, found: told.append(len(genes)))
    assert sum(told) == len(search.archive) > 0


def test_where_nothing_works_the_search_ends():
    problem = Failing("raises")
    problem.is_bad = lambda genes: np.ones(len(genes), dtype=bool)
    with pytest.raises(EvaluationError, match="All of the first 20 designs failed"):
        Search(problem, SearchConfig(budget=500)).run()
    with pytest.raises(EvaluationError, match="All 3 designs failed, the first: ZeroDivision"):
        run_prepared(Prepared.of(problem, RunConfig(search=SearchConfig(budget=3))))


def test_the_first_designs_may_fail():
    search = Search(Staircase(), SearchConfig(budget=30, pop_size=6))
    for generation in range(99):
        genes = search.ask()
        if len(genes) == 0:
            break
        values = Staircase().columns(genes)
        if generation == 0:
            values = dict.fromkeys(values, np.full(len(genes), np.nan))
        search.tell(values)
    assert search.status == "complete"
    assert len(search.archive.failures) == 6
    assert len(search.front) > 0


BROKEN = """
import numpy as np
from evonasc.problems import Staircase

class Broken(Staircase):
    def columns(self, genes):
        if len(genes) > 1:
            raise ValueError("one at a time")
        if genes[0, 0] >= {least}:
            raise ZeroDivisionError(f"gene {genes[0, 0]}")
        return super().columns(genes)
"""


@pytest.mark.parametrize(("least", "words"), [(3, "WARNING: "), (5, "")])
def test_a_run_says_what_failed_and_keeps_the_rest(least, words, tmp_path, monkeypatch, capsys):
    name = f"problem_that_fails_from_{least}"
    (tmp_path / f"{name}.py").write_text(BROKEN.replace("{least}", str(least)))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    run = ["run", "--problem", f"{name}:Broken", "--budget", "100", "--no-plot", "--out", "r"]
    assert main(run) == 0
    said = " ".join(capsys.readouterr().out.split())
    failed = (tmp_path / "r" / "failed.csv").exists()
    assert failed == (least == 3)
    monkeypatch.setenv("EVONASC_TRUST_CODE", "1")
    assert main(["show", "r"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    for text in (said, shown):
        assert ("evaluations failed (failed.csv), more than a tenth" in text) == failed
        assert ("ZeroDivisionError: gene " in text) == failed
        assert words in text
    assert main([*run[:-1], "s", "--strict"]) == (2 if failed else 0)
    if failed:
        assert "failed: ZeroDivisionError: gene" in " ".join(capsys.readouterr().err.split())
