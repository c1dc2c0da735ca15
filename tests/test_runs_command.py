"""``evonasc runs``, and runs as tables of pandas."""

import numpy as np
import pytest

from evonasc.cli import main
from evonasc.runs.config import RunConfig
from evonasc.runs.finished import load_run
from evonasc.runs.prepare import prepare
from evonasc.runs.run import run
from evonasc.runs.writer import RunWriter
from evonasc.search.config import SearchConfig

RUN = ["run", "--problem", "toy", "--no-plot", "--quiet"]


@pytest.fixture
def root(tmp_path, monkeypatch):
    """Return a folder of runs: complete, deeper down, begun and damaged."""
    monkeypatch.chdir(tmp_path)
    assert main([*RUN, "--budget", "60", "--out", "runs/a"]) == 0
    assert main([*RUN, "--budget", "90", "--seed", "7", "--out", "runs/deep/b"]) == 0
    with RunWriter(tmp_path / "runs" / "c", prepare(RunConfig(problem="toy"))):
        pass
    (tmp_path / "runs" / "d").mkdir()
    (tmp_path / "runs" / "d" / "config.json").write_text("{")
    return tmp_path / "runs"


def test_runs_are_listed_with_their_state(root, capsys):
    assert main(["runs"]) == 0
    said = capsys.readouterr().out
    lines = {line.split()[0]: line for line in said.splitlines()}
    assert "nsga2 seed 0, toy" in lines["runs/a"]
    assert "complete" in lines["runs/a"]
    assert "60 of 60" in lines["runs/a"]
    least = load_run(root / "a").columns["error"].min()
    assert f"error {least:.4g}" in lines["runs/a"]
    assert "seed 7" in lines["runs/deep/b"]
    assert "killed" in lines["runs/c"]
    assert "damaged" in lines["runs/d"]
    assert "4 runs, " in said
    assert main(["runs", "list", "runs/deep"]) == 0
    assert "1 run, " in capsys.readouterr().out


def test_where_there_are_none_it_says_so(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["runs"]) == 2
    assert "runs holds no runs" in capsys.readouterr().err


def test_runs_are_removed_after_asking(root, monkeypatch, capsys):
    assert main(["runs", "remove", "runs/a"]) == 2
    assert "nobody can be asked. Add --yes" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    for answer, is_there in (("", True), ("n", True), ("y", False)):
        monkeypatch.setattr("builtins.input", lambda question, answer=answer: answer)
        assert main(["runs", "remove", "runs/a"]) == (1 if is_there else 0)
        assert (root / "a").exists() == is_there
    assert main(["runs", "remove", "runs/deep/b", "runs/c", "--yes"]) == 0
    assert not (root / "c").exists()


def test_what_is_no_run_or_goes_on_is_not_removed(root, capsys):
    (root / "e").mkdir()
    assert main(["runs", "remove", "runs/a", "runs/e", "--yes"]) == 2
    assert "runs/e is no run folder" in capsys.readouterr().err
    assert (root / "a").exists()
    prepared = prepare(RunConfig(problem="toy"))
    with RunWriter(root / "f", prepared):
        assert main(["runs", "remove", "runs/f", "--yes"]) == 2
        assert "must not be removed while its run goes on" in capsys.readouterr().err


def test_a_result_is_a_frame(tmp_path):
    config = RunConfig(problem="toy", search=SearchConfig(budget=70))
    result = run(config)
    frame = result.frame()
    assert list(frame.columns) == [
        *("network", "split_point", "payload_bits", "error", "latency_ms", "is_on_front")
    ]
    assert frame.index.tolist() == list(range(1, 71))
    assert np.flatnonzero(frame.is_on_front).tolist() == sorted(result.front_rows.tolist())
    out = tmp_path / "r"
    assert main([*RUN, "--budget", "70", "--out", str(out)]) == 0
    front = load_run(out).frame()
    whole = frame[frame.is_on_front].drop(columns="is_on_front").sort_values("error")
    np.testing.assert_array_equal(front.index, whole.index)
    for name in whole.columns:
        np.testing.assert_array_equal(front[name], whole[name])
