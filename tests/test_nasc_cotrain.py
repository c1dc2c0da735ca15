from functools import cache, partial

import numpy as np
import pytest
from searches import driven

from evonasc.bounds import Bound
from evonasc.cost.scenario import Scenario
from evonasc.data.datasets import DataSet
from evonasc.data.images import Images
from evonasc.errors import ConfigError
from evonasc.nasbench201 import BENCHMARK
from evonasc.nasbench201.network import SupernetConfig
from evonasc.nasbench201.supernet import FAMILY
from evonasc.problems import SplitNasProblem, Staircase
from evonasc.search.algorithm import Algorithm
from evonasc.search.config import SearchConfig
from evonasc.search.nasc_cotrain import CotrainedAsng, nasc_cotrain
from evonasc.search.search import Search
from evonasc.supernet.cotraining import BatchLoss, SharedWeights
from evonasc.supernet.training import TrainingConfig


def stripes(n, seed):
    """Two classes, stripes across and along, 8 x 8."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(2, size=n)
    across = np.tile(np.arange(8)[:, None] % 4 < 2, (1, 8))
    pixels = np.where(labels[:, None, None], across, across.T)[:, None] * 150
    return Images((pixels + rng.integers(100, size=(n, 3, 8, 8))).astype(np.uint8), labels)


def tiny_weights(*, seed=0):
    config = TrainingConfig(
        supernet=SupernetConfig(channels=4, n_classes=2),
        data="stripes",
        batch_size=8,
        is_bf16=False,
        seed=seed,
    )
    data = DataSet("stripes", 2, stripes(48, 0), stripes(12, 1), stripes(4, 2))
    return SharedWeights(data, config, family=FAMILY)


def tiny_problem(*, seed=0, scenario=None):
    return SplitNasProblem(BENCHMARK, scenario or Scenario(), tiny_weights(seed=seed))


@cache
def searched(*, budget=40, name="nasc-cotrain", scenario=None, within_ms=None, **options):
    """Return the archive, the steps, and whether the budget ended the search."""
    problem = tiny_problem(seed=options.get("seed", 0), scenario=scenario)
    if within_ms is not None:
        problem = problem.within((Bound("latency_ms", within_ms),))
    logs = []
    config = SearchConfig(algorithm=name, budget=budget, **options)
    from evonasc.search.gdas import gdas

    search = {"nasc-cotrain": nasc_cotrain, "gdas": gdas}[name]
    ended = driven(partial(search, on_step=logs.append), problem, config=config)
    return ended.archive, logs, ended.status == "complete"


class FirstEdgeWeights(SharedWeights):
    """Weights that learn nothing; a 3 x 3 convolution from input to output is plainly better."""

    def train(self, networks, *, progress, is_whole_batch=False):
        return BatchLoss(1.0, 0.5)

    def batch_losses(self, networks):
        return [BatchLoss(0.2 if cell[3] == 3 else 2.0, 0.5) for cell in networks.tolist()]


def test_the_distribution_finds_the_operation_that_is_plainly_better():
    weights = FirstEdgeWeights(
        DataSet("stripes", 2, stripes(48, 0), stripes(12, 1), stripes(4, 2)),
        TrainingConfig(
            supernet=SupernetConfig(channels=4, n_classes=2), data="stripes", batch_size=8
        ),
        FAMILY,
    )
    problem = SplitNasProblem(BENCHMARK, Scenario(), weights)
    learner = CotrainedAsng(problem, weights, SearchConfig(seed=1))
    before = learner.asng.theta[3, 3]
    for step in range(150):
        learner.step(step, 1e9, progress=0.0)
    assert before == pytest.approx(0.2)
    assert learner.mode()[3] == 3
    assert learner.asng.theta[3, 3] > 0.5


def test_the_distribution_finds_a_cut_that_meets_the_threshold():
    """Whatever the losses, designs beyond the threshold come last, so the slow cuts die out."""
    weights = FirstEdgeWeights(
        DataSet("stripes", 2, stripes(48, 0), stripes(12, 1), stripes(4, 2)),
        TrainingConfig(
            supernet=SupernetConfig(channels=4, n_classes=2), data="stripes", batch_size=8
        ),
        FAMILY,
    )
    problem = SplitNasProblem(BENCHMARK, Scenario(), weights)
    learner = CotrainedAsng(problem, weights, SearchConfig(seed=1))
    for step in range(200):
        learner.step(step, 18.0, progress=0.0)
    genes = learner.mode()[None]
    assert problem.latency_ms(problem.designs.repair(genes, fallback=genes))[0] <= 18.0


@pytest.mark.parametrize("name", ["nasc-cotrain", "gdas"])
def test_passes_and_designs_together_make_the_budget(name):
    archive, logs, is_spent = searched(name=name, budget=40)
    assert is_spent
    assert archive.n_passes == sum(log.n_passes for log in logs)
    assert archive.n_passes + len(archive) == 40
    assert len(archive) >= 2  # an answer for each of two thresholds, or designs in their place
    assert archive.n_passes >= 20


@pytest.mark.slow
@pytest.mark.parametrize("name", ["nasc-cotrain", "gdas"])
def test_the_same_seed_gives_the_same_search_and_another_seed_another(name):
    def everything(seed):
        archive, logs, _ = searched.__wrapped__(name=name, seed=seed)  # not from the cache
        return (
            archive.genes().tolist(),
            archive.columns()["error"].tolist(),
            [log.train_loss for log in logs],
        )

    assert everything(3) == everything(3)
    assert everything(3) != everything(4)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["nasc-cotrain", "gdas"])
def test_errors_in_the_archive_are_those_of_the_final_weights(name):
    archive, _, _ = searched(name=name)
    weights, designs = archive.problem.error_source, archive.problem.designs
    weights._known.clear()
    np.testing.assert_array_equal(
        weights.error(archive.genes(), designs=designs), archive.columns()["error"]
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", ["nasc-cotrain", "gdas"])
def test_one_threshold_gives_one_answer_and_says_whether_it_is_met(name):
    archive, logs, _ = searched(name=name, within_ms=30.0)
    assert {log.max_latency_ms for log in logs} == {30.0}
    for answer in archive.answers:
        genes = np.array([answer.genes])
        assert archive.is_known(genes)[0]
        latency = archive.problem.latency_ms(genes)[0]
        assert answer.latency_ms == latency
        assert answer.is_feasible == (latency <= 30.0)
    assert len(archive.answers) <= 1


@pytest.mark.slow
@pytest.mark.parametrize("name", ["nasc-cotrain", "gdas"])
def test_all_designs_are_valid_where_cuts_are_scarce(name):
    archive, _, _ = searched(name=name, scenario=Scenario(min_split=7))
    designs = archive.problem.designs
    assert designs.is_valid(archive.genes()).all()
    assert designs.split_point(archive.genes()).min() >= 7


def test_a_cut_that_was_not_allowed_is_repaired_and_said_so(monkeypatch):
    monkeypatch.setattr(CotrainedAsng, "mode", lambda self: np.array([0, 0, 0, 3, 0, 0, 2]))
    archive, _, _ = searched(scenario=Scenario(min_split=7), within_ms=500.0)
    (answer,) = archive.answers
    assert (answer.genes[-1], answer.is_repaired) == (7, True)


@pytest.mark.parametrize("name", ["nasc-cotrain", "gdas"])
@pytest.mark.parametrize("budget", [1, 2, 6])
def test_the_smallest_budgets_are_kept(name, budget):
    archive, _, _ = searched(name=name, budget=budget)
    assert 1 <= archive.n_passes + len(archive) <= budget


@pytest.mark.parametrize("name", ["nasc-cotrain", "gdas"])
def test_an_unreachable_threshold_is_refused_before_any_training(name):
    with pytest.raises(ConfigError, match="latency_ms must be at least .* got 0.001"):
        searched(name=name, within_ms=0.001)


@pytest.mark.parametrize("name", ["nasc-cotrain", "gdas"])
def test_errors_from_elsewhere_are_refused(name, table_errors):
    config = SearchConfig(algorithm=name, budget=10)
    stored = SplitNasProblem(BENCHMARK, Scenario(), table_errors)
    for problem in (stored, Staircase()):
        with pytest.raises(ConfigError, match="trains weights on images .* --data digits"):
            Search(problem, config).run()


def test_asking_to_stop_ends_the_training():
    problem, steps = tiny_problem(), []
    config = SearchConfig(algorithm="nasc-cotrain", budget=400)
    entry = Algorithm(partial(nasc_cotrain, on_step=steps.append))
    search = Search(problem, config, algorithm=entry, should_stop=lambda: len(steps) >= 3).run()
    assert search.status == "interrupted"
    assert len(steps) == 3


def test_a_step_takes_as_many_samples_as_asked_for():
    _, logs, _ = searched(budget=60, n_samples=4, within_ms=500.0)
    assert max(log.n_passes for log in logs) in (3, 4)  # those with an allowed cut
