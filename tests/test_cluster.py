"""Evaluating on the workers of a dask scheduler: real processes over TCP on loopback."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from test_parallel import PROBLEM, tables

from evonasc.cli import main

ROOT = Path(__file__).parents[1]
pytest.importorskip("distributed", reason="extra evonasc[dask]")


def started(command, *, until, log):
    """Start a program and wait until it has written a pattern; return it and what matched."""
    with log.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            stdout=file,
            stderr=subprocess.STDOUT,
            cwd=log.parent,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{log.parent}"},
        )
    for _ in range(600):
        found = re.search(until, log.read_text())
        if found:
            return process, found.group(0)
        assert process.poll() is None, log.read_text()
        time.sleep(0.1)
    raise AssertionError(log.read_text())


@pytest.fixture
def scheduler(tmp_path, monkeypatch):
    """Start a scheduler and two workers as the documents say; return its address."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    command = ["distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0"]
    begun = []
    try:
        process, address = started(
            [*command, "--no-dashboard"], until=r"tcp://127\.0\.0\.1:\d+", log=tmp_path / "s.log"
        )
        begun.append(process)
        worker = ["distributed.cli.dask_worker", address, "--nthreads", "1", "--nworkers", "2"]
        process, _ = started(
            [*worker, "--no-dashboard", "--local-directory", str(tmp_path / "dask")],
            until=r"(?s)Registered to.*Registered to",
            log=tmp_path / "w.log",
        )
        begun.append(process)
        yield address
    finally:
        for process in reversed(begun):
            os.killpg(process.pid, signal.SIGKILL)  # workers that were killed end slowly
            process.wait(timeout=30)


@pytest.mark.slow
def test_a_search_and_a_comparison_are_those_of_one_process(scheduler, tmp_path, monkeypatch):
    (tmp_path / "problem_for_dask.py").write_text(PROBLEM.format(here=str(tmp_path), kills="once"))
    words = ["run", "--problem", "problem_for_dask:Slow", "--budget", "150", "--pop-size", "30"]
    assert main([*words, "--quiet", "--no-plot", "--out", "one"]) == 0
    before = set(tmp_path.glob("pid-*"))
    (tmp_path / "armed").touch()  # the first worker that evaluates is killed
    backend = ["--backend", "dask", "--scheduler", scheduler]
    assert main([*words, "--quiet", "--no-plot", "--out", "two", *backend]) == 0
    assert (tmp_path / "killed").exists()
    assert len(set(tmp_path.glob("pid-*")) - before) >= 2
    assert tables(tmp_path / "one") == tables(tmp_path / "two")

    compared = ["compare", "--problem", "toy", "--algos", "nsga2,random", "--seeds", "3"]
    compared += ["--budget", "60", "--quiet", "--no-plot", "--out"]
    assert main([*compared, "alone"]) == 0
    assert main([*compared, "spread", *backend]) == 0
    for name in ("indicators.csv", "summary.csv", "pairs.csv"):
        if (tmp_path / "alone" / name).exists():
            alone, spread = ((tmp_path / one / name).read_text() for one in ("alone", "spread"))
            assert without_seconds(alone) == without_seconds(spread)
    assert sorted(path.name for path in (tmp_path / "alone").rglob("*.npz")) == sorted(
        path.name for path in (tmp_path / "spread").rglob("*.npz")
    )


def without_seconds(text):
    """Return a table without its times."""
    rows = [line.split(",") for line in text.splitlines()]
    kept = [place for place, name in enumerate(rows[0]) if "seconds" not in name]
    return [[row[place] for place in kept] for row in rows]


@pytest.mark.slow
def test_who_ends_every_worker_is_recorded_as_failed(scheduler, tmp_path):
    problem = PROBLEM.format(here=str(tmp_path), kills="always")
    (tmp_path / "problem_that_kills_dask.py").write_text(problem)
    words = ["run", "--problem", "problem_that_kills_dask:Slow", "--budget", "40"]
    (tmp_path / "armed").touch()
    backend = ["--backend", "dask", "--scheduler", scheduler]
    out = ["--quiet", "--no-plot", "--out", "two"]
    assert main([*words, "--pop-size", "40", "--seed", "2", *out, *backend]) == 0
    reasons = (tmp_path / "two" / "failed.csv").read_text()
    assert "the worker process was killed each time" in reasons


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--backend", "slurm"], "Unknown backend 'slurm'"),
        (["--backend", "dask"], "must come with --scheduler tcp://HOST:PORT and without --jobs"),
        (["--scheduler", "tcp://h:1"], "--scheduler must come with --backend dask"),
        (
            ["--backend", "dask", "--scheduler", "tcp://127.0.0.1:9", "--jobs", "2"],
            "without --jobs",
        ),
        (["--backend", "dask", "--scheduler", "nowhere"], "--scheduler must be the address"),
    ],
)
@pytest.mark.parametrize("command", ["run", "compare"])
def test_what_does_not_go_together_is_refused(
    command, words, message, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr("evonasc.cluster._PATIENCE_S", 1)
    given = [command, "--problem", "toy", "--out", str(tmp_path / "r"), *words]
    assert main(given) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert signal.getsignal(signal.SIGINT) is not None
