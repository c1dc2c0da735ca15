"""What a run asks of others' code, and what is left of it however it ends."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from evonasc.cli import main
from evonasc.errors import ConfigError
from evonasc.files import is_locked
from evonasc.runs import writer as writing
from evonasc.runs.config import RunConfig
from evonasc.runs.finished import load_run
from evonasc.runs.folder import read_summary
from evonasc.runs.prepare import prepare
from evonasc.runs.writer import RunWriter
from evonasc.search.config import SearchConfig
from evonasc.search.evaluation import evaluate

#: A problem of 1,024 designs that counts what it is asked for, and may do something at a count.
COUNTED = """
import os, signal
import numpy as np
from pymoo.core.problem import Problem

CALLS = []

class Counted(Problem):
    def __init__(self):
        super().__init__(n_var=5, n_obj=2, xl=0, xu=3, vtype=int)

    def _evaluate(self, x, out, *args, **kwargs):
        before, now = len(CALLS), len(CALLS) + len(x)
        CALLS.extend(x.tolist())
        if before < {at} <= now:
            {then}
        total = x.sum(axis=1)
        out["F"] = np.column_stack([total, 15.0 - total + (x[:, 0] == 2)])
"""


@pytest.fixture
def problem(tmp_path, monkeypatch):
    """Write the problem; return its name and the list of what it was asked for."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EVONASC_TRUST_CODE", "1")
    monkeypatch.setattr(sys, "path", [*sys.path])

    def made(at=10**9, then="pass"):
        name = f"counted_{tmp_path.name}".replace("-", "_")
        sys.modules.pop(name, None)
        (tmp_path / f"{name}.py").write_text(COUNTED.format(at=at, then=then))
        return f"{name}:Counted", lambda: len(sys.modules[name].CALLS)

    return made


RUN = ("run", "--budget", "50", "--no-plot", "--quiet", "--out", "r", "--problem")


def test_the_budget_is_what_code_of_others_is_asked_for(problem, capsys):
    name, count = problem()
    assert main([*RUN, name]) == 0
    assert count() == 50
    for words in (["show", "r"], ["pick", "r"], ["report", "r"], ["plot", "r"]):
        assert main(words) == 0, capsys.readouterr().err
    assert count() == 50
    words = ["--algos", "nsga2,random", "--seeds", "2", "--budget", "40", "--no-plot", "--quiet"]
    assert main(["compare", "--problem", name, *words, "--out", "c"]) == 0
    assert count() == 50 + 2 * 2 * 40


def test_every_design_is_evaluated_where_that_is_asked_for(problem):
    name, count = problem()
    assert main([*RUN, name, "--exact"]) == 0
    assert count() == 50 + 1024
    assert read_summary(Path("r"))["exact"]["n_points"] == 16


@pytest.mark.parametrize("then", ["raise KeyboardInterrupt", "x = x / 0 * np.nan"])
def test_what_was_searched_is_kept_if_the_enumeration_ends_early(then, problem, capsys):
    name, count = problem(at=400, then=then)
    words = [word for word in RUN if word != "--quiet"]
    assert main([*words, name, "--exact"]) == 0
    assert count() < 1074
    summary = read_summary(Path("r"))
    assert (summary["status"], summary["n_evaluated"], summary["exact"]) == ("complete", 50, None)
    assert len(load_run("r").rows) == summary["n_front"] > 0
    said = " ".join(capsys.readouterr().out.split())
    assert "No exact front: " in said


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
def test_signals_end_a_search_with_a_front(name, code, problem, capsys):
    problem_name, count = problem(at=30, then=f"os.kill(os.getpid(), signal.{name})")
    before = signal.getsignal(getattr(signal, name))
    assert main([*RUN, problem_name]) == code
    assert count() == 40  # the batch in hand is finished
    summary = read_summary(Path("r"))
    assert (summary["status"], summary["n_evaluated"]) == ("interrupted", 40)
    assert len(load_run("r").rows) == summary["n_front"]
    assert signal.getsignal(getattr(signal, name)) == before


ALGORITHMS = """
import os, signal
import numpy as np

def stopped(archive, config):
    os.kill(os.getpid(), signal.SIGINT)
    yield archive.problem.designs.sample(5, rng=np.random.default_rng(0))

def idle(archive, config):
    yield from ()
"""


@pytest.mark.parametrize(("algorithm", "code"), [("stopped", 130), ("idle", 2)])
def test_a_search_of_nothing_leaves_nothing(algorithm, code, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "algos_of_nothing.py").write_text(ALGORITHMS)
    words = ["run", "--problem", "toy", "--algo", f"algos_of_nothing:{algorithm}"]
    assert main([*words, "--out", "deep/down"]) == code
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "deep").exists()


def test_two_runs_do_not_write_into_one_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "require_empty", lambda folder: None)  # both looked before
    prepared = prepare(RunConfig(problem="toy", search=SearchConfig(budget=20)))
    with RunWriter(tmp_path / "r", prepared):
        kept = {path.name: path.read_bytes() for path in (tmp_path / "r").iterdir()}
        with pytest.raises(ConfigError, match="is being written by another run"):
            RunWriter(tmp_path / "r", prepared)
        assert {path.name: path.read_bytes() for path in (tmp_path / "r").iterdir()} == kept


def test_a_run_says_whether_somebody_is_at_it(tmp_path):
    folder = tmp_path / "r"
    prepared = prepare(RunConfig(problem="toy", search=SearchConfig(budget=20)))
    with RunWriter(folder, prepared) as writer:
        genes = prepared.problem.designs.sample(5, rng=np.random.default_rng(0))
        writer.add(genes, evaluate(prepared.problem, genes))
        assert is_locked(folder / "run.lock")
        assert read_summary(folder)["status"] == "running"
    summary = read_summary(folder)
    assert (summary["status"], summary["n_evaluated"]) == ("killed", 5)


@pytest.mark.slow
def test_a_killed_run_is_shown_picked_from_drawn_and_reported(problem, capsys):
    name, _ = problem(at=70, then="os.kill(os.getpid(), signal.SIGKILL)")
    words = [*RUN, name, "--budget", "200"]
    environment = {**os.environ, "PYTHONPATH": ""}
    done = subprocess.run([sys.executable, "-m", "evonasc", *words], env=environment, check=False)
    assert done.returncode == -signal.SIGKILL
    for command in (["show", "r"], ["pick", "r"], ["plot", "r"], ["report", "r"]):
        assert main(command) == 0, capsys.readouterr().err
    said = " ".join(capsys.readouterr().out.split())
    assert "ended before it was complete" in said
    assert "60 distinct designs" in said


def test_a_run_records_what_it_rests_on(problem, tmp_path):
    name, _ = problem()
    assert main([*RUN, name]) == 0
    record = json.loads((tmp_path / "r" / "run.json").read_text())
    (label,) = record["inputs"]
    assert label == f"problem {name}"
    assert len(record["inputs"][label]) == 64
    assert {"evonasc", "python", "numpy", "pymoo"} <= set(record["versions"])


READERS = (["show", "r"], ["pick", "r"], ["plot", "r"], ["report", "r"])


def test_a_run_is_read_without_its_code_and_none_of_it_runs(problem, tmp_path, monkeypatch, capsys):
    name, _ = problem()
    module = name.partition(":")[0]
    assert main([*RUN, name]) == 0
    shown = []
    sys.modules.pop(module)
    monkeypatch.delenv("EVONASC_TRUST_CODE")
    for gone in (False, True):
        if gone:
            (tmp_path / f"{module}.py").unlink()
        capsys.readouterr()
        for words in READERS:
            assert main(words) == 0, capsys.readouterr().err
        shown.append(capsys.readouterr().out)
        assert main(["explain", "r", "1"]) == 2  # which would evaluate designs
        assert "asks to import" in capsys.readouterr().err
        assert module not in sys.modules
    assert shown[0].replace("Wrote", "Replaced") == shown[1]
    assert len(load_run("r").rows) == read_summary(Path("r"))["n_front"]


def test_a_run_is_read_though_its_inputs_moved(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_text("time_s,mbps\n0,4\n1,8\n2,6\n")
    Path("box.toml").write_text(
        'name = "box"\ndescription = "a box"\nmacs_per_ms = 2e6\nbytes_per_ms = 1e6\n'
        "power_mw = 3000\n"
    )
    words = ["--head-hardware", "box.toml", "--link", "trace:t.csv", "--no-plot", "--quiet"]
    objectives = "error,latency_p95_ms,energy_mj"
    assert main(["run", "--budget", "60", *words, "--objectives", objectives, "--out", "r"]) == 0
    for name in ("t.csv", "box.toml"):
        Path(name).unlink()
    for command in READERS:
        assert main(command) == 0, capsys.readouterr().err
    capsys.readouterr()
    assert main(["explain", "r", "1"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
