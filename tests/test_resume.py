"""A run that is gone on with ends as it would have without an interruption, to the bit."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from evonasc.cli import main
from evonasc.errors import ConfigError, DataFileError
from evonasc.runs.config import RunConfig
from evonasc.runs.folder import read_summary
from evonasc.runs.prepare import prepare
from evonasc.runs.resume import prepare_again, replaying
from evonasc.runs.run import run_prepared
from evonasc.runs.stored import read_store
from evonasc.runs.writer import RunWriter
from evonasc.search.algorithms import own_algorithms
from evonasc.search.config import SearchConfig
from evonasc.search.search import StopSearch

ROOT = Path(__file__).parents[1]
NAMES = [name for name, one in own_algorithms().items() if not (one.trains or one.enumerates)]
TABLES = ("evaluations.csv", "front.csv")
QUIET = ("--quiet", "--no-plot")


def tables(folder):
    names = [name for name in (*TABLES, "answers.csv") if (folder / name).exists()]
    return {name: (folder / name).read_bytes() for name in names}


def cut_short(folder, words, *, after):
    """Search into a folder as the command does, and let the process die after some batches."""
    prepared = prepare(config_of(words))
    n_batches = 0

    def stop(archive, generation):
        nonlocal n_batches
        n_batches = generation
        if generation == after:
            raise StopSearch

    with RunWriter(folder, prepared) as writer:
        run_prepared(prepared, on_new=writer.add, on_batch=stop)
    assert n_batches == after
    return len(read_store(folder / "run.sqlite"))


def config_of(options):
    return RunConfig(problem="toy", search=SearchConfig(**options))


def words_of(options):
    spelled = {"algorithm": "--algo", "budget": "--budget", "pop_size": "--pop-size"}
    return [word for name, value in options.items() for word in (spelled[name], str(value))]


@pytest.mark.parametrize("name", NAMES)
def test_every_algorithm_goes_on_to_what_it_would_have_been(name, tmp_path):
    options = {"algorithm": name, "budget": 130}
    if own_algorithms()[name].is_evolving:
        options["pop_size"] = 10
    after = 1 if name == "random" else 4  # it asks for a hundred at once
    n_before = cut_short(tmp_path / "cut", options, after=after)
    assert 0 < n_before < 130
    assert read_summary(tmp_path / "cut")["status"] == "killed"
    assert (
        main(["run", "--problem", "toy", *words_of(options), *QUIET, "--out", f"{tmp_path}/w"]) == 0
    )
    assert main(["resume", f"{tmp_path}/cut", *QUIET]) == 0
    assert tables(tmp_path / "cut") == tables(tmp_path / "w")
    assert read_summary(tmp_path / "cut")["n_evaluated"] == 130


def test_a_run_that_was_killed_before_its_first_batch_goes_on(tmp_path):
    with RunWriter(tmp_path / "r", prepare(config_of({"budget": 40}))):
        pass
    assert main(["resume", f"{tmp_path}/r", *QUIET]) == 0
    assert read_summary(tmp_path / "r")["n_evaluated"] == 40


def test_a_finished_run_goes_on_under_a_larger_budget(tmp_path, capsys):
    long, short = tmp_path / "long", tmp_path / "short"
    run = ["run", "--problem", "toy", *QUIET]
    assert main([*run, "--budget", "300", "--out", str(long)]) == 0
    assert main([*run, "--budget", "90", "--out", str(short)]) == 0
    assert main(["resume", str(short), "--budget", "300", *QUIET]) == 0
    assert tables(short) == tables(long)
    assert json.loads((short / "config.json").read_text())["search"]["budget"] == 300
    assert main(["resume", str(short), "--budget", "200", *QUIET]) == 2
    assert "budget must be at least 300" in capsys.readouterr().err
    assert tables(short) == tables(long)


@pytest.mark.parametrize(
    ("options", "budget"), [({"algorithm": "nasc", "budget": 60}, 90), ({"budget": 10}, 90)]
)
def test_a_run_that_would_have_begun_otherwise_cannot_be_made_longer(options, budget, tmp_path):
    cut_short(tmp_path / "r", options, after=1)
    with pytest.raises(ConfigError, match=r"cannot be made longer: with a budget of 90"):
        prepare_again(tmp_path / "r", budget=budget)


def test_a_run_is_told_to_be_gone_on_with(tmp_path, capsys):
    cut_short(tmp_path / "r", {"budget": 60}, after=1)
    assert main(["run", "--problem", "toy", "--out", f"{tmp_path}/r"]) == 2
    assert f"Go on with it by evonasc resume {tmp_path}/r" in capsys.readouterr().err


def test_two_cannot_write_into_one_run(tmp_path, capsys):
    cut_short(tmp_path / "r", {"budget": 60}, after=1)
    prepared = prepare_again(tmp_path / "r")
    with RunWriter(tmp_path / "r", prepared, is_resumed=True):
        assert read_summary(tmp_path / "r")["status"] == "running"
        assert main(["resume", f"{tmp_path}/r", *QUIET]) == 2
        assert "must not be written by two at once" in capsys.readouterr().err
    assert main(["resume", f"{tmp_path}/r", *QUIET]) == 0


def test_what_changed_since_is_refused(tmp_path, monkeypatch):
    cut_short(tmp_path / "r", {"budget": 60}, after=1)
    path = tmp_path / "r" / "run.json"
    summary = json.loads(path.read_text())
    for changed, words in (
        ({"inputs": {"link trace:mine.csv": "0" * 64}}, "link trace:mine.csv changed since"),
        ({"versions": {"evonasc": "0.0.9"}}, "must be gone on with by evonasc 0.0.9"),
    ):
        path.write_text(json.dumps(summary | changed))
        with pytest.raises(ConfigError, match=words):
            prepare_again(tmp_path / "r")
    path.write_text(json.dumps(summary))
    prepare_again(tmp_path / "r")


def test_a_search_that_does_not_go_as_it_went_is_told(tmp_path):
    cut_short(tmp_path / "r", {"budget": 60}, after=2)
    stored = read_store(tmp_path / "r" / "run.sqlite")
    prepared = prepare(config_of({"budget": 60, "seed": 1}))
    with pytest.raises(ConfigError, match="does not go as it went: design 1 is another"):
        run_prepared(prepared, evaluate=replaying(stored))


def test_no_run_no_store_no_resume(tmp_path, capsys):
    with pytest.raises(DataFileError, match="is no run folder"):
        prepare_again(tmp_path)
    cut_short(tmp_path / "r", {"budget": 60}, after=1)
    (tmp_path / "r" / "run.sqlite").unlink()
    assert main(["resume", f"{tmp_path}/r"]) == 2
    assert "must hold run.sqlite to be gone on with" in capsys.readouterr().err


@pytest.mark.parametrize("n_lost", [1, 5000, 9000])
def test_a_store_that_lost_its_end_is_gone_on_with(n_lost, tmp_path):
    options = {"budget": 400}
    cut_short(tmp_path / "r", options, after=12)
    path = tmp_path / "r" / "run.sqlite"
    data = path.read_bytes()
    path.write_bytes(data[: len(data) - n_lost])
    assert main(["resume", f"{tmp_path}/r", *QUIET]) == 0
    run = ["run", "--problem", "toy", "--budget", "400", *QUIET, "--out", f"{tmp_path}/w"]
    assert main(run) == 0
    assert tables(tmp_path / "r") == tables(tmp_path / "w")


def test_a_damaged_last_page_is_gone_on_with_and_kept_aside(tmp_path):
    cut_short(tmp_path / "r", {"budget": 400}, after=12)
    path = tmp_path / "r" / "run.sqlite"
    data = path.read_bytes()
    path.write_bytes(data[:-4096] + b"\xa5" * 4096)
    assert main(["resume", f"{tmp_path}/r", *QUIET]) == 0
    assert (tmp_path / "r" / "run.damaged").read_bytes() == data[:-4096] + b"\xa5" * 4096
    assert len(read_store(path)) == 400


def test_failed_designs_are_not_tried_again(tmp_path):
    """What failed is known, like any other design."""
    prepared = prepare(config_of({"budget": 100}))
    inner, asked = prepared.problem.columns, []

    def columns(genes):
        asked.append(len(genes))
        found = inner(genes)
        found["error"] = np.where(genes[:, 0] == 4, np.nan, found["error"])
        return found

    prepared.problem.columns = columns

    def stop(archive, generation):
        if generation == 3:
            raise StopSearch

    with RunWriter(tmp_path / "r", prepared) as writer:
        run_prepared(prepared, on_new=writer.add, on_batch=stop)
    n_before = sum(asked)
    whole = run_prepared(prepared)
    asked.clear()
    with RunWriter(tmp_path / "r", prepared, is_resumed=True) as writer:
        result = run_prepared(prepared, on_new=writer.add, evaluate=replaying(writer.stored))
        writer.finish(result)
    assert result.failures == whole.failures != ()
    np.testing.assert_array_equal(result.genes, whole.genes)
    assert sum(asked) == 100 - n_before
    rows = (tmp_path / "r" / "failed.csv").read_text().splitlines()
    assert len(rows) == 1 + len(result.failures)
    assert rows[1].endswith('"error must be finite, got nan"')


LIMITED = """
import resource, signal, sys
from evonasc.cli import main
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), int(sys.argv[1])))
sys.exit(main(sys.argv[2:]))
"""


@pytest.mark.parametrize("limit", [60_000, 90_000])
def test_a_full_disk_is_told_and_what_was_written_is_gone_on_with(limit, tmp_path):
    words = ["run", "--problem", "toy", "--budget", "2000", *QUIET, "--out", f"{tmp_path}/r"]
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(limit), *words],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.returncode == 2, done.stderr
    assert done.stderr.count("\n") == 1
    assert "Cannot write" in done.stderr
    assert "Make room" in done.stderr
    n = len(read_store(tmp_path / "r" / "run.sqlite"))
    assert 0 < n < 2000
    assert f"{n} designs evaluated before are kept" in done.stderr
    assert main(["resume", f"{tmp_path}/r", *QUIET]) == 0
    assert main([*words[:-1], f"{tmp_path}/w"]) == 0
    assert tables(tmp_path / "r") == tables(tmp_path / "w")


#: A disk of its own in a mount namespace of its own, filled by a run and then made larger.
SMALL_DISK = """
set -eu
mkdir disk
mount -t tmpfs -o size=256k tmpfs disk
code=0
"$@" --out disk/r 2> told || code=$?
echo "$code" > code
cp -r disk/r full
mount -o remount,size=64m disk
"$1" -m evonasc resume disk/r --quiet --no-plot
cp -r disk/r whole
"""


def test_a_small_disk_that_fills_up_loses_nothing(tmp_path):
    def in_namespace(*command):
        unshare = ["unshare", "--user", "--map-root-user", "--mount", *command]
        return subprocess.run(unshare, capture_output=True, text=True, cwd=tmp_path)

    try:
        may_mount = in_namespace("sh", "-c", "mkdir d && mount -t tmpfs tmpfs d").returncode == 0
    except OSError:
        may_mount = False
    if not may_mount:
        pytest.skip("no disk can be mounted in a user namespace here")
    words = ["run", "--problem", "toy", "--budget", "4000", *QUIET]
    command = [sys.executable, "-m", "evonasc", *words]
    done = in_namespace("sh", "-c", SMALL_DISK, "sh", *command)
    assert done.returncode == 0, done.stderr
    told = (tmp_path / "told").read_text()
    assert (tmp_path / "code").read_text() == "2\n", told
    assert told.count("\n") == 1
    assert "Make room" in told
    n = len(read_store(tmp_path / "full" / "run.sqlite"))
    assert 0 < n < 4000
    assert main([*words, "--out", f"{tmp_path}/w"]) == 0
    assert tables(tmp_path / "whole") == tables(tmp_path / "w")


@pytest.mark.slow
def test_fifty_kills_lose_nothing(tmp_path):
    done = subprocess.run(
        [sys.executable, "benchmarks/kills.py", "--kills", "50", "--seed", str(os.getpid())],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stdout + done.stderr
