import numpy as np
import pytest

from evonasc.bounds import Bound, is_within
from evonasc.front import hypervolume_share
from evonasc.runs.config import RunConfig
from evonasc.runs.exact_front import exact_front
from evonasc.runs.prepare import prepare
from evonasc.runs.tabulated import tabulated
from evonasc.search import surrogate
from evonasc.search.algorithms import algorithm
from evonasc.search.config import SearchConfig
from evonasc.search.kriging import Kriging
from evonasc.search.search import Search


@pytest.fixture
def model(rng):
    genes = np.unique(rng.integers(4, size=(120, 5)), axis=0)
    rng.shuffle(genes)
    return genes, columns_of(genes)


def columns_of(genes):
    weights = np.array([3.0, -1.0, 0.5, 2.0, 0.1])
    linear = (genes == 2) @ weights
    return np.stack([linear, 5.0 + 100 * (genes[:, 0] == genes[:, 1]) + linear], axis=1)


def test_known_designs_are_what_they_are_and_others_nearer_than_the_mean(model):
    genes, values = model
    known = Kriging(genes[:90], values[:90])
    np.testing.assert_allclose(
        known.optimistic(genes[:90], deviations=0.0), values[:90], atol=0.05 * np.ptp(values)
    )
    found = known.optimistic(genes[90:], deviations=0.0)
    off = np.abs(found - values[90:]).mean(axis=0)
    assert (off < 0.7 * np.abs(values[90:] - values[:90].mean(axis=0)).mean(axis=0)).all()


def test_optimism_lowers_what_is_unsure_and_hardly_what_is_known(model):
    genes, values = model
    known = Kriging(genes[:90], values[:90])
    lower = [
        known.optimistic(rows, deviations=0.0) - known.optimistic(rows, deviations=1.0)
        for rows in (genes[:90], genes[90:])
    ]
    assert (lower[1] > 0).all()
    assert (np.median(lower[0], axis=0) < 0.1 * np.median(lower[1], axis=0)).all()


def test_shift_and_scale_of_a_column_change_nothing(model):
    genes, values = model
    known = Kriging(genes[:90], values[:90]).optimistic(genes[90:], deviations=1.0)
    other = Kriging(genes[:90], 1e3 * values[:90] - 7e4).optimistic(genes[90:], deviations=1.0)
    np.testing.assert_allclose(other, 1e3 * known - 7e4, rtol=1e-6, atol=1e-3)


def test_a_column_of_one_value_and_two_designs_are_models_too():
    genes = np.array([[0, 1], [1, 1]])
    known = Kriging(genes, np.array([[1.0, 3.0], [1.0, 4.0]]))
    assert np.isfinite(known.optimistic(np.array([[0, 0]]), deviations=1.0)).all()


def known_of(values, violation=None):
    values = np.array(values, dtype=float)
    none = surrogate._Known(
        np.zeros((0, 2), dtype=np.int64), np.zeros((0, 2)), np.zeros(0), np.zeros(0, dtype=np.int64)
    )
    genes = np.array([[i, i % 3] for i in range(len(values))])
    return none.joined(genes, values, np.zeros(len(values)) if violation is None else violation)


def test_the_gain_is_the_least_margin_over_the_front(monkeypatch):
    expected = np.array([[0.5, 3.0], [0.5, 0.5], [2.0, 2.0]])
    monkeypatch.setattr(
        surrogate.Kriging, "optimistic", lambda self, genes, *, deviations: expected
    )
    known = known_of([[1.0, 3.0], [3.0, 1.0], [4.0, 4.0]])  # front of range 2 and 2
    gains = surrogate._gains(known, np.zeros((3, 2), dtype=np.int64))
    np.testing.assert_allclose(gains, [0.25, 1.25, 0.5])


def test_failed_designs_are_in_no_model():
    known = known_of([[1.0, 3.0], [np.inf, np.inf], [3.0, 1.0]])
    assert len(known.genes) == 2
    assert np.isfinite(surrogate._gains(known, np.array([[9, 9]]))).all()


def test_what_is_expected_to_miss_bounds_comes_last(monkeypatch):
    expected = np.array([[0.5, 3.0, 0.2], [4.0, 4.0, -0.1], [0.5, 0.5, 0.1]])
    monkeypatch.setattr(
        surrogate.Kriging, "optimistic", lambda self, genes, *, deviations: expected
    )
    known = known_of([[1.0, 3.0], [3.0, 1.0], [0.1, 0.1]], np.array([0.0, 0.0, 2.0]))
    gains = surrogate._gains(known, np.zeros((3, 2), dtype=np.int64))
    assert gains.argsort().tolist() == [0, 2, 1]


def test_the_part_that_finds_more_of_the_front_grows():
    parts = surrogate._Parts()
    assert parts.n_to_choose == 15
    for _ in range(60):
        parts.learn(np.array([False] * 10 + [True] * 10), n_chosen=10)
    assert parts.n_to_choose == 5
    for _ in range(60):
        parts.learn(np.array([True] * 5 + [False] * 15), n_chosen=5)
    assert parts.n_to_choose == 15
    for _ in range(200):
        parts.learn(np.zeros(20, dtype=bool), n_chosen=10)
    assert 5 <= parts.n_to_choose <= 15


@pytest.mark.slow
def test_it_needs_fewer_evaluations_than_the_local_search_without_a_model():
    problem = prepare(RunConfig()).problem
    front, problem = exact_front(problem).points, tabulated(problem)

    def share(name, seed):
        config = SearchConfig(budget=400, seed=seed)
        found = Search(problem, config, algorithm=algorithm(name)).run().archive.objectives()
        return hypervolume_share(found, front=front)

    ahead = [share("surrogate", seed) - share("pls", seed) for seed in range(5)]
    assert np.median(ahead) > 0.002
    assert share("surrogate", 0) == share("surrogate", 0)


@pytest.mark.slow
def test_bounds_steer_it():
    bounds = (Bound("latency_ms", 14.0), Bound("head_ms", 4.0))
    problem = tabulated(prepare(RunConfig(bounds=bounds)).problem)
    config = SearchConfig(budget=300)
    shares = {}
    for name in ("surrogate", "random"):
        archive = Search(problem, config, algorithm=algorithm(name)).run().archive
        shares[name] = is_within(archive.columns(), bounds).mean()
    assert shares["surrogate"] > 2 * shares["random"]
