"""A trial is what one search evaluated; on disk it is whole or refused."""

from dataclasses import replace

import numpy as np
import pytest

from evonasc.errors import ConfigError, DataFileError, UnknownNameError
from evonasc.problems import Staircase
from evonasc.runs.config import RunConfig
from evonasc.runs.prepare import Prepared
from evonasc.runs.trials import contender_config, read_trial, run_trial, write_trial
from evonasc.search.config import SearchConfig
from evonasc.search.search import StopSearch

TOY = RunConfig(problem="toy", search=SearchConfig(budget=120, seed=3))


def searched(name, config, problem=None):
    """Return the trial of a contender on the toy problem, or on another in its place."""
    chosen = Staircase() if problem is None else problem
    return run_trial(Prepared.of(chosen, contender_config(name, config)))


@pytest.fixture(scope="module")
def trial():
    return searched("nasc", TOY)


def test_a_trial_holds_everything_evaluated_and_the_answers(trial):
    problem = Staircase()
    assert len(trial.genes) == 120
    np.testing.assert_array_equal(
        trial.points, problem.objective_values(problem.columns(trial.genes))
    )
    assert trial.n_requested >= 120
    assert len(trial.answers) >= 1
    known = {tuple(point) for point in trial.points.tolist()}
    assert {tuple(point) for point in trial.answers.tolist()} <= known
    assert searched("random", TOY).answers.shape == (0, 2)


def test_half_a_trial_is_none(monkeypatch):
    problem = Staircase()
    monkeypatch.setattr(problem, "columns", interrupted)
    with pytest.raises(StopSearch):
        searched("random", TOY, problem)


def interrupted(genes):
    """Ctrl-C while designs are evaluated."""
    raise KeyboardInterrupt


def test_a_trial_reads_as_it_was_written(trial, tmp_path):
    path = tmp_path / "deep" / "one.npz"
    write_trial(path, trial, digest="abc")
    found = read_trial(path, digest="abc")
    for name in ("genes", "points", "answers"):
        np.testing.assert_array_equal(getattr(found, name), getattr(trial, name))
    assert (found.n_requested, found.seconds) == (trial.n_requested, trial.seconds)


@pytest.mark.parametrize(("largest", "dtype"), [(32767, np.int16), (100_000, np.int64)])
def test_genes_of_any_size_come_back(largest, dtype, trial, tmp_path):
    path, large = tmp_path / "one.npz", trial.genes.copy()
    large[3, 0] = largest
    write_trial(path, replace(trial, genes=large), digest="abc")
    np.testing.assert_array_equal(read_trial(path, digest="abc").genes, large)
    with np.load(path) as file:
        assert file["genes"].dtype == dtype


def test_other_settings_and_damage_are_refused(trial, tmp_path):
    path = tmp_path / "one.npz"
    write_trial(path, trial, digest="abc")
    with pytest.raises(DataFileError, match="belongs to other settings"):
        read_trial(path, digest="xyz")
    content = path.read_bytes()
    for damaged in (b"", content[:-40], b"\x80\x04N.", content[:10] + b"\x00" * 40 + content[50:]):
        path.write_bytes(damaged)
        with pytest.raises(DataFileError, match="is no trial|damaged"):
            read_trial(path, digest="abc")
    write_trial(path, replace(trial, points=trial.points * np.nan), digest="abc")
    with pytest.raises(DataFileError, match="damaged trial"):
        read_trial(path, digest="abc")


def test_any_flipped_byte_is_refused_or_harmless(trial, tmp_path):
    """A damaged trial is computed again, so reading one must raise nothing but DataFileError."""
    path = tmp_path / "one.npz"
    write_trial(path, trial, digest="abc")
    content, n_refused = path.read_bytes(), 0
    for place in range(0, len(content), 7):
        damaged = bytearray(content)
        damaged[place] ^= 0xFF
        path.write_bytes(bytes(damaged))
        try:
            read_trial(path, digest="abc")
        except DataFileError:
            n_refused += 1
    assert n_refused > 0.5 * len(content) / 7


def test_a_trial_that_cannot_be_written_says_so(trial, tmp_path):
    (tmp_path / "trials").write_text("in the way")
    with pytest.raises(ConfigError, match="Cannot write .*one.npz: .*another place"):
        write_trial(tmp_path / "trials" / "one.npz", trial, digest="abc")
    (tmp_path / "two.npz").mkdir()
    with pytest.raises(ConfigError, match="Cannot write .*two.npz: .*another place"):
        write_trial(tmp_path / "two.npz", trial, digest="abc")


def test_contenders_are_algorithms_with_variations():
    refined = contender_config("nsga2+refine", TOY).search
    assert (refined.algorithm, refined.refine_split, refined.seed) == ("nsga2", True, 3)
    assert not contender_config("nasc+cold", TOY).search.is_warm
    assert contender_config("nsga2", TOY).search == replace(TOY.search, algorithm="nsga2")


def test_what_contenders_share_each_takes_as_far_as_it_reads_it():
    wide = replace(TOY, search=SearchConfig(budget=120, seed=3, pop_size=40))
    assert contender_config("nsga2", wide).search.pop_size == 40
    search = contender_config("nasc", wide).search
    assert (search.pop_size, search.budget, search.seed) == (SearchConfig.pop_size, 120, 3)
    assert len(searched("random", wide).genes) == 120


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("nasq", UnknownNameError, "Did you mean 'nasc'"),
        ("nsga2+refined", UnknownNameError, "Did you mean 'refine'"),
        ("nsga2+cold", ConfigError, "'cold' .* must be one of hwnas, nasc, got 'nsga2.cold'"),
        ("exact", ConfigError, "exact is no contender"),
        ("gdas", ConfigError, "gdas is no contender: it trains .* run --algo gdas --data digits"),
    ],
)
def test_contenders_that_make_no_sense_are_refused(name, error, message):
    with pytest.raises(error, match=message):
        contender_config(name, TOY)
