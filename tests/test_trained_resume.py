"""Searches that train weights go on from a file, to the bit, wherever they were stopped."""

import shutil

import numpy as np
import pytest

from evonasc.cli import main
from evonasc.errors import ConfigError, DataFileError
from evonasc.runs.folder import TRAINING_FILE
from evonasc.search import weight_sharing
from evonasc.search.algorithms import algorithm
from evonasc.search.config import SearchConfig
from evonasc.search.search import Search
from tests.test_nasc_cotrain import tiny_problem

NAMES = ("gdas", "nasc-cotrain")


class StopAt:
    """Asks to stop the n-th time that it is asked."""

    def __init__(self, n):
        self.left = n

    def __call__(self):
        self.left -= 1
        return self.left < 0


def searched(name, *, file=None, stop_at=10**9, **options):
    problem = tiny_problem()
    if file is not None:
        problem.error_source.keep_in(file)
    config = SearchConfig(algorithm=name, budget=60, n_thresholds=3, **options)
    should_stop = StopAt(stop_at)
    search = Search(problem, config, algorithm=algorithm(name), should_stop=should_stop)
    return search.run()


def assert_same(one, other):
    np.testing.assert_array_equal(one.archive.genes(), other.archive.genes())
    for column, values in one.archive.columns().items():
        np.testing.assert_array_equal(values, other.archive.columns()[column], err_msg=column)
    assert one.archive.answers == other.archive.answers
    assert one.archive.n_passes == other.archive.n_passes
    assert one.archive.n_requested == other.archive.n_requested
    assert one.status == other.status


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_search_that_was_stopped_ends_as_one_that_was_not(name, tmp_path):
    """Before the first step, in each of the three thresholds, after the training."""
    whole, n_stopped = searched(name), 0
    for stop_at in (1, 2, 3, 9, 14, 22, 29, 32, 57, 62):
        file = tmp_path / str(stop_at)
        n_stopped += searched(name, file=file, stop_at=stop_at).status == "interrupted"
        assert_same(searched(name, file=file), whole)
    assert n_stopped >= 6


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_it_may_be_stopped_again_and_again(name, tmp_path):
    for _ in range(30):
        ended = searched(name, file=tmp_path / "kept", stop_at=6)
        if ended.status != "interrupted":
            break
    # Each time some steps further; the closing evaluations take one go.
    assert_same(searched(name, file=tmp_path / "kept"), searched(name))


@pytest.mark.slow
def test_what_is_trained_is_not_trained_again(tmp_path, monkeypatch):
    file = tmp_path / "kept"
    whole = searched("nasc-cotrain", file=file)
    steps = []
    monkeypatch.setattr(
        "evonasc.search.nasc_cotrain.CotrainedAsng.step", lambda *a, **k: steps.append(a)
    )
    assert_same(searched("nasc-cotrain", file=file), whole)
    assert steps == []


@pytest.mark.slow
def test_a_file_of_another_search_is_refused(tmp_path):
    file = tmp_path / "kept"
    searched("nasc-cotrain", file=file, stop_at=5)
    with pytest.raises(ConfigError, match="belongs to another run: search differ"):
        searched("nasc-cotrain", file=file, alpha=2.0)
    with pytest.raises(ConfigError, match="belongs to another run"):
        searched("gdas", file=file)


@pytest.mark.slow
def test_a_damaged_file_is_refused_in_one_line(tmp_path):
    file = tmp_path / "kept"
    searched("nasc-cotrain", file=file, stop_at=5)
    content = file.read_bytes()
    for damage in (content[:-5], content[:100], b"", content[:-200] + bytes(200)):
        file.write_bytes(damage)
        with pytest.raises(DataFileError) as refused:
            searched("nasc-cotrain", file=file)
        assert "\n" not in str(refused.value)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_state_that_does_not_fit_is_refused_by_name(name, tmp_path):
    """The checksum is right, and still it is none of this search."""
    file = tmp_path / "kept"
    searched(name, file=file, stop_at=5)
    source = tiny_problem().error_source
    settings = source._settings({**vars(SearchConfig(algorithm=name, budget=60, n_thresholds=3))})
    source.keep_in(file)
    kept = source._file.read(settings)
    for victim in sorted(kept):
        source._file.write({k: v for k, v in kept.items() if k != victim}, settings)
        with pytest.raises(DataFileError, match="is damaged .*trains from its seed again"):
            searched(name, file=file)


class KilledError(BaseException):
    """As if the process were gone: nothing that handles errors handles it."""


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_resume_goes_on_with_the_training_of_a_run(name, tmp_path, monkeypatch, capsys):
    def run(*arguments):
        return main([*arguments, "--quiet", "--no-plot"])

    command = ["run", "--algo", name, "--data", "digits", "--budget", "30", "--n-thresholds", "2"]
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    assert run(*command, "--out", str(whole)) == 0
    kind = {"gdas": "gdas.RelaxedSearch", "nasc-cotrain": "nasc_cotrain.CotrainedAsng"}[name]
    module, _, class_name = kind.partition(".")
    learner = getattr(__import__(f"evonasc.search.{module}", fromlist=["x"]), class_name)
    plain, n_steps = learner.step, []

    def dying(self, step, goal_ms, *, progress):
        n_steps.append(step)
        if len(n_steps) == 6:
            raise KilledError
        return plain(self, step, goal_ms, progress=progress)

    monkeypatch.setattr(weight_sharing, "KEPT_EVERY_S", 0.0)
    monkeypatch.setattr(learner, "step", dying)
    with pytest.raises(KilledError):
        run(*command, "--out", str(cut))
    assert (cut / TRAINING_FILE).exists()
    shutil.copytree(cut, tmp_path / "copy")
    assert run("resume", str(cut)) == 0
    assert n_steps[5:7] == [6, 6]  # the step that was not done is the first one
    for file in ("evaluations.csv", "front.csv", "answers.csv"):
        assert (cut / file).read_bytes() == (whole / file).read_bytes(), file
    # without the file it trains from its seed again, and ends the same
    (tmp_path / "copy" / TRAINING_FILE).unlink()
    assert run("resume", str(tmp_path / "copy")) == 0
    assert (tmp_path / "copy" / "front.csv").read_bytes() == (whole / "front.csv").read_bytes()


def test_other_searches_keep_no_such_file(tmp_path):
    assert (
        main(["run", "--budget", "20", "--out", str(tmp_path / "a"), "--quiet", "--no-plot"]) == 0
    )
    assert not (tmp_path / "a" / TRAINING_FILE).exists()
