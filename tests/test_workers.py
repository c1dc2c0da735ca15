"""Worker processes end with their parent, leave Ctrl-C to it, and are missed in one line."""

import os
import signal
import subprocess
import sys
import time

import pytest

from evonasc.workers import in_workers

#: A problem whose every evaluation takes a while.
SLOW = """
import time
from evonasc.problems.toy import Staircase

class Slow(Staircase):
    def columns(self, genes):
        time.sleep(0.05 * len(genes))
        return super().columns(genes)
"""
WORDS = (
    *("compare", "--problem", "slow_for_workers:Slow", "--algos", "random", "--seeds", "40"),
    *("--budget", "40", "--jobs", "2", "--no-plot", "--out", "c"),
)


@pytest.fixture
def started(tmp_path):
    """Start a comparison of about a minute, in a session of its own; wait for its first trial."""
    (tmp_path / "slow_for_workers.py").write_text(SLOW)
    command = [sys.executable, "-m", "evonasc", *WORDS]
    process = subprocess.Popen(
        command, cwd=tmp_path, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    deadline = time.monotonic() + 120
    while not list(tmp_path.rglob("*.npz")):
        assert time.monotonic() < deadline
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.1)
    yield process
    for member in members(process.pid):
        os.kill(member, signal.SIGKILL)
    process.wait()
    process.stderr.close()


def members(session):
    """Return the processes of a session that are alive."""
    listed = subprocess.run(
        ["ps", "-e", "-o", "pid=,sess=,stat="], capture_output=True, text=True, check=True
    ).stdout.split("\n")
    rows = [line.split() for line in listed if line.strip()]
    return [int(pid) for pid, sess, state in rows if int(sess) == session and state[0] != "Z"]


def said(process):
    """Return the lines on standard error but those of progress, which a slow machine sees."""
    return [line for line in process.stderr.read().splitlines() if "comparing" not in line]


def gone_within(seconds, session):
    deadline = time.monotonic() + seconds
    while members(session):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


@pytest.mark.slow
def test_workers_end_with_a_parent_that_is_killed(started):
    assert len(members(started.pid)) >= 3
    os.kill(started.pid, signal.SIGKILL)
    assert gone_within(5, started.pid)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_interrupted_in_a_terminal_all_end_in_one_line(name, started):
    number = getattr(signal, name)
    if name == "SIGINT":
        os.killpg(started.pid, number)  # as Ctrl-C does
    else:
        os.kill(started.pid, number)
    assert started.wait(timeout=20) == 128 + number
    assert gone_within(5, started.pid)
    assert said(started) == ["evonasc: interrupted."]


@pytest.mark.slow
def test_a_worker_that_is_killed_is_told_in_one_line_and_the_work_goes_on(started, tmp_path):
    # the largest beside the parent: another is the one that tracks what they share
    listed = subprocess.run(
        ["ps", "-e", "-o", "pid=,sess=,rss="], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    rows = [tuple(map(int, line.split())) for line in listed]
    others = [(size, pid) for pid, sess, size in rows if sess == started.pid != pid]
    _, victim = max(others)
    os.kill(victim, signal.SIGKILL)
    assert started.wait(timeout=20) == 2
    (line,) = said(started)
    assert line.startswith("evonasc: error: A worker process was killed")
    assert list(tmp_path.rglob("*.npz"))
    assert gone_within(5, started.pid)


def _double(value):
    return 2 * value


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_answers_come_in_order(n_jobs):
    arguments = [(value,) for value in range(7)]
    assert list(in_workers(_double, arguments, n_jobs=n_jobs)) == [0, 2, 4, 6, 8, 10, 12]
    unordered = in_workers(_double, arguments, n_jobs=n_jobs, is_ordered=False)
    assert sorted(unordered) == [0, 2, 4, 6, 8, 10, 12]
