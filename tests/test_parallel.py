"""Evaluating in worker processes: the same front, whatever becomes of a worker."""

import sys

import numpy as np
import pytest

from evonasc.cli import main
from evonasc.errors import ConfigError, EvaluationError, WorkerError
from evonasc.problems import Staircase
from evonasc.runs.config import RunConfig
from evonasc.runs.parallel import (
    SpreadEvaluation,
    chunk_sizes,
    evaluate_chunk,
    in_processes,
    on_cluster,
)
from evonasc.runs.prepare import Prepared, prepare
from evonasc.runs.run import run_prepared
from evonasc.search.config import SearchConfig
from evonasc.search.evaluation import Evaluated, evaluate

#: A problem whose designs say who evaluated them, some of which fail or kill their worker.
PROBLEM = """
import os, signal, time
from pathlib import Path

import numpy as np
from evonasc.problems import Staircase

HERE = Path({here!r})

class Slow(Staircase):
    def columns(self, genes):
        (HERE / f"pid-{{os.getpid()}}").touch()
        if {kills!r} == "once" and not (HERE / "killed").exists() and (HERE / "armed").exists():
            (HERE / "killed").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        bad = (genes[:, :3] == 4).all(axis=1)
        if {kills!r} == "always" and bad.any() and (HERE / "armed").exists():
            os.kill(os.getpid(), signal.SIGKILL)
        if bad.any():
            raise ZeroDivisionError("three fours")
        return super().columns(genes)
"""
TABLES = ("evaluations.csv", "front.csv", "failed.csv")


@pytest.fixture
def problem(tmp_path, monkeypatch, request):
    """Return the name of a problem in a folder of its own, and that folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setenv("EVONASC_TRUST_CODE", "1")

    def make(kills=""):
        module = f"problem_for_workers_{kills or 'none'}_{tmp_path.name}"
        (tmp_path / f"{module}.py").write_text(PROBLEM.format(here=str(tmp_path), kills=kills))
        return f"{module}:Slow"

    return make


def run(name, out, *more):
    words = ["run", "--problem", name, "--budget", "150", "--pop-size", "30", "--quiet"]
    return main([*words, "--no-plot", "--out", out, *more])


def tables(folder):
    return [(folder / name).read_bytes() for name in TABLES]


def test_any_number_of_workers_gives_the_same_tables(problem, tmp_path):
    name = problem()
    assert run(name, "one") == 0
    pids = set(tmp_path.glob("pid-*"))
    assert run(name, "two", "--jobs", "2") == 0
    assert len(set(tmp_path.glob("pid-*")) - pids) == 2
    assert run(name, "three", "--jobs", "3") == 0
    assert tables(tmp_path / "one") == tables(tmp_path / "two") == tables(tmp_path / "three")
    assert main(["resume", "two", "--budget", "200", "--jobs", "2", "--quiet", "--no-plot"]) == 0
    assert main(["resume", "one", "--budget", "200", "--quiet", "--no-plot"]) == 0
    assert tables(tmp_path / "one") == tables(tmp_path / "two")


@pytest.mark.slow
def test_a_killed_worker_changes_nothing(problem, tmp_path):
    name = problem("once")
    assert run(name, "one") == 0
    (tmp_path / "armed").touch()
    assert run(name, "two", "--jobs", "2") == 0
    assert (tmp_path / "killed").exists()
    assert tables(tmp_path / "one") == tables(tmp_path / "two")


@pytest.mark.slow
def test_who_kills_each_worker_is_recorded_as_failed(problem, tmp_path):
    name = problem("always")
    assert run(name, "one") == 0
    assert "three fours" in (tmp_path / "one" / "failed.csv").read_text()
    (tmp_path / "armed").touch()
    assert run(name, "two", "--jobs", "2") == 0
    reasons = (tmp_path / "two" / "failed.csv").read_text()
    assert "the worker process was killed each time it was evaluated" in reasons
    assert "three fours" not in reasons


def test_look_ups_stay_here(tmp_path, capsys):
    out = str(tmp_path / "r")
    assert main(["run", "--budget", "40", "--jobs", "2", "--out", out]) == 2
    assert "--jobs must be used where evaluating takes time" in capsys.readouterr().err
    with pytest.raises(ConfigError, match="got one in hand"):
        in_processes(Prepared.of(Staircase(), RunConfig(problem="toy")), n_jobs=2)
    for n_jobs in ("0", "100000"):
        assert main(["run", "--problem", "toy", "--jobs", n_jobs, "--out", out]) == 2
        assert "jobs must be at" in capsys.readouterr().err


def test_chunks_are_put_together_in_the_order_of_the_batch(rng, tmp_path, monkeypatch):
    """Designs of a network stand in one chunk, and failures keep their rows."""
    monkeypatch.chdir(tmp_path)
    config = RunConfig(problem="toy", search=SearchConfig(budget=60))
    prepared, sizes, is_marking = prepare(config), [], True

    def spread(tasks):
        for task in tasks:
            sizes.append(len(task[1]))
            seconds, found = evaluate_chunk(*task)
            marked = {row: str(one) for row, one in enumerate(task[1]) if one[0] == 4}
            yield seconds, Evaluated(found.columns, marked if is_marking else {})

    spreading = SpreadEvaluation(config, spread, n_workers=3, least_chunk_s=0.2, tries_again=True)
    genes = prepared.problem.designs.sample(20, rng=rng)
    found = spreading(prepared.problem, genes)
    assert sizes == [4, 3, 3, 2, 2, 1, 1, 1, 1, 1, 1]
    whole = evaluate(prepared.problem, genes)
    for name, values in whole.columns.items():
        np.testing.assert_array_equal(found.columns[name], values)
    assert found.failures == {row: str(one) for row, one in enumerate(genes) if one[0] == 4}
    sizes.clear()
    spreading(prepared.problem, genes)  # cheap designs are not worth handing over in parts
    assert sizes == [20]
    is_marking = False
    result = run_prepared(prepared, evaluate=spreading)
    np.testing.assert_array_equal(result.genes, run_prepared(prepared).genes)


class LostCluster:
    """Its scheduler ends at the second batch."""

    n_workers, calls = 2, 0

    def map(self, function, tasks):
        self.calls += 1
        if self.calls > 1:
            raise WorkerError("The scheduler was lost.")
        yield from enumerate(function(*task) for task in tasks)


def test_a_lost_scheduler_ends_the_search_and_fails_no_design(problem):
    config = RunConfig(problem=problem(), search=SearchConfig(budget=60))
    told = []
    with pytest.raises(EvaluationError, match="The scheduler was lost"):
        run_prepared(
            prepared := prepare(config),
            evaluate=on_cluster(prepared, LostCluster()),
            on_new=lambda genes, found: told.append(found.failures),
        )
    assert len(told) == 1
    assert not any("killed" in reason for reason in told[0].values())


@pytest.mark.parametrize(
    ("n", "seconds_each", "n_workers", "first", "last"),
    [
        (200, 0.0, 2, 50, 1),  # nothing known yet
        (200, 0.001, 2, 50, 20),  # 20 designs are worth handing over
        (200, 0.0001, 8, 200, 200),
        (50, 0.0005, 8, 40, 10),  # fewer than there are workers
        (3, 10.0, 8, 1, 1),
        (1, 0.0, 8, 1, 1),
    ],
)
def test_chunks_are_large_at_first_and_worth_handing_over(n, seconds_each, n_workers, first, last):
    sizes = chunk_sizes(n, seconds_each=seconds_each, n_workers=n_workers, least_chunk_s=0.02)
    assert (sizes[0], sum(sizes)) == (first, n)
    assert min(sizes) >= min(last, n - sum(sizes[:-1]))
    assert sizes == sorted(sizes, reverse=True)
