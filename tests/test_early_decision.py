"""Stopping early: only what is clearly dominated, and it never reaches the front."""

import numpy as np
import pytest

from evonasc.cost.scenario import Scenario
from evonasc.nasbench201.cells import N_CELLS, canonical_connected_cells, cell_number
from evonasc.nasbench201.space import NasBench201
from evonasc.problems import SplitNasProblem
from evonasc.search.archive import Archive
from evonasc.supernet.calibration import LossToError
from evonasc.supernet.early_decision import best_rivals, is_clearly_worse, lower_bound, race
from evonasc.supernet.live import LiveError

CELLS = canonical_connected_cells()[[5, 900, 2500, 5000]]
N_IMAGES = 40


class MadeUpLosses:
    """Losses of networks as a test wants them, ten images a batch, and who asked for them."""

    ends, n_images, n_passes = [10, 20, 30, 40], N_IMAGES, 0

    def __init__(self, table):
        self._table, self.done = table, np.zeros(N_CELLS, dtype=int)

    def compute(self, cells, *, n_batches=4):
        numbers = np.unique(cell_number(cells))
        self.done[numbers] = np.maximum(self.done[numbers], n_batches)

    def seen(self, number, *, n_images):
        assert 10 * self.done[number] >= n_images, "asked for what was not computed"
        return self._table[number, :n_images]

    def mean(self, numbers):
        assert (self.done[numbers] == 4).all(), "asked for what was not computed"
        return self._table[numbers].mean(axis=1)

    def save(self):
        pass


def made_up(means, *, noise=0.05):
    """Return losses of CELLS with those means; images differ far more than networks."""
    rng = np.random.default_rng(0)
    table = np.full((N_CELLS, N_IMAGES), np.nan)
    hardness = rng.exponential(2.0, N_IMAGES)
    rows = cell_number(CELLS[: len(means)])
    each = np.array(means)[:, None] + hardness - hardness.mean()
    table[rows] = each + noise * rng.standard_normal(each.shape)
    return MadeUpLosses(table)


def test_the_bound_is_that_of_sampling_without_replacement():
    # mean 2, standard deviation sqrt(2), half of the images unseen: 1.414 * sqrt(0.5 / 2) = 0.7071,
    # and 99.95 % of a normal distribution lie below 3.2905
    bound = lower_bound(np.array([1.0, 3.0]), n_images=4)
    assert bound == pytest.approx(2 - 3.2905 * 0.70711, abs=1e-4)
    assert lower_bound(np.array([1.0, 3.0]), n_images=2) == 2  # nothing is unknown any more


def test_few_are_wrongly_called_worse():
    rng = np.random.default_rng(0)
    calls = 0
    for _ in range(4000):
        differences = rng.standard_normal(400)
        differences -= differences.mean() + 1e-9  # a hair better on all images
        calls += is_clearly_worse(differences[:100], np.zeros(100), n_images=400)
    assert calls <= 10  # 2 are expected at 99.95 %
    assert not is_clearly_worse(np.array([5.0]), np.array([0.0]), n_images=4)


def test_the_rival_is_the_best_of_those_that_are_no_worse_otherwise():
    rng = np.random.default_rng(0)
    others, rival_others = rng.integers(9, size=(30, 2)) * 1.0, rng.integers(3, 9, (20, 2)) * 1.0
    loss = rng.random(20)
    rivals, has_rival = best_rivals(others, rival_others=rival_others, rival_loss=loss)
    assert 0 < has_rival.sum() < 30
    for row in range(30):
        fine = [r for r in range(20) if all(rival_others[r] <= others[row])]
        assert has_rival[row] == bool(fine)
        if fine:
            assert rivals[row] == min(fine, key=lambda r: loss[r])
    assert not best_rivals(others, rival_others=others[:0], rival_loss=loss[:0])[1].any()


def test_what_is_clearly_dominated_stops_at_once_above_its_rival():
    losses = made_up([1.0, 2.0, 1.5])
    verdict = race(
        losses,
        CELLS[1:3],
        np.array([[7.0], [6.0]]),
        rival_cells=CELLS[:1],
        rival_others=np.array([[7.0]]),
    )
    assert verdict.n_images.tolist() == [10, N_IMAGES]  # the second is faster than the rival
    rival, fast = losses.mean(cell_number(CELLS[[0, 2]]))
    assert verdict.rival_loss.tolist() == [rival, -np.inf]
    assert verdict.loss[1] == fast
    assert verdict.loss[0] == pytest.approx(rival + 1.0, abs=0.1)
    assert losses.done[cell_number(CELLS[1:3])].tolist() == [1, 4]


def test_what_is_close_runs_to_the_end_and_what_is_better_too():
    losses = made_up([1.0, 1.001, 0.5])
    verdict = race(
        losses,
        CELLS[1:3],
        np.full((2, 1), 9.0),
        rival_cells=CELLS[:1],
        rival_others=np.array([[7.0]]),
    )
    assert verdict.n_images.tolist() == [N_IMAGES, N_IMAGES]
    np.testing.assert_array_equal(verdict.loss, losses.mean(cell_number(CELLS[1:3])))


def test_a_network_runs_on_as_long_as_one_of_its_cuts_needs_it():
    losses = made_up([1.0, 2.0])
    verdict = race(
        losses,
        CELLS[[1, 1]],
        np.array([[9.0], [6.0]]),
        rival_cells=CELLS[:1],
        rival_others=np.array([[7.0]]),
    )
    assert verdict.n_images.tolist() == [N_IMAGES, N_IMAGES]


def test_a_network_that_is_known_is_not_stopped():
    losses = made_up([1.0, 2.0])
    verdict = race(
        losses,
        CELLS[[1]],
        np.array([[9.0]]),
        rival_cells=CELLS[:2],
        rival_others=np.array([[7.0], [5.0]]),
    )
    assert verdict.n_images.tolist() == [N_IMAGES]
    np.testing.assert_array_equal(verdict.loss, losses.mean(cell_number(CELLS[[1]])))


@pytest.fixture(scope="module")
def everything():
    """Losses of all networks, paired by image, and a problem with and without early decision."""
    rng = np.random.default_rng(3)
    cells = canonical_connected_cells()
    table = np.full((N_CELLS, N_IMAGES), np.nan)
    means = rng.uniform(0.5, 2.5, len(cells))[:, None]
    noise = 0.4 * rng.standard_normal((len(cells), N_IMAGES))
    table[cell_number(cells)] = means + rng.exponential(2.0, N_IMAGES) + noise
    trained = type("Trained", (), {"training": {"data": "made up"}})

    def problem(decides_early, scenario=Scenario()):  # noqa: B008  # frozen
        live = LiveError(
            trained,
            MadeUpLosses(table),
            None,
            loss_to_error=LossToError((2.0, 5.0), (0.2, 0.9)),
            decides_early=decides_early,
        )
        return SplitNasProblem(NasBench201(), scenario, live)

    return problem


def searched(problem, n_batches=12):
    archive = Archive(problem, budget=None)
    rng = np.random.default_rng(5)
    for _ in range(n_batches):
        archive.evaluate(problem.designs.sample(20, rng=rng))
    return archive


def test_the_front_is_that_of_complete_measurements(everything):
    early, full = searched(everything(True)), searched(everything(False))
    n_images = early.columns()["n_images"]
    assert (n_images < N_IMAGES).mean() > 0.3
    assert (n_images[:20] == N_IMAGES).all()  # nothing to be dominated by
    assert (n_images[early.front_rows()] == N_IMAGES).all()
    np.testing.assert_array_equal(early.front_rows(), full.front_rows())
    np.testing.assert_array_equal(
        early.objectives()[early.front_rows()], full.objectives()[full.front_rows()]
    )
    assert (full.columns()["n_images"] == N_IMAGES).all()


def test_every_stopped_design_is_dominated_by_one_measured_before_it(everything):
    archive = searched(everything(True))
    points, n_images = archive.objectives(), archive.columns()["n_images"]
    for row in np.flatnonzero(n_images < N_IMAGES):
        before = points[:row][n_images[:row] == N_IMAGES]
        assert ((before[:, 0] < points[row, 0]) & (before[:, 1] <= points[row, 1])).any()


def test_the_result_depends_on_nothing_that_was_run_before(everything):
    problem = everything(True)
    problem.checked_columns(problem.designs.sample(300, rng=np.random.default_rng(8)))
    first, second = searched(problem), searched(everything(True))
    for name, values in first.columns().items():
        np.testing.assert_array_equal(values, second.columns()[name])


def test_nothing_is_stopped_where_the_payload_changes_the_error(everything):
    assert everything(True).decides_early
    assert not everything(True, Scenario(packet_loss=0.2, retransmit=False)).decides_early
