"""HWNAS: searched by the device's latency alone, cut afterwards where that is fastest."""

from functools import partial

import numpy as np
import pytest
from searches import driven, returned

from evonasc.bounds import Bound
from evonasc.cost.scenario import Scenario
from evonasc.errors import ConfigError
from evonasc.nasbench201 import BENCHMARK
from evonasc.problems import SplitNasProblem, Staircase
from evonasc.search.config import SearchConfig
from evonasc.search.design_latency import best_cuts, on_device_ms
from evonasc.search.hwnas import hwnas, sweep


def answered(problem, *, budget=150, seed=0, within_ms=None, **options):
    """Return the answers of a whole sweep, or to one bound, and its archive."""
    if within_ms is not None:
        problem = problem.within((Bound("latency_ms", within_ms),))
    config = SearchConfig(algorithm="hwnas", budget=budget, **options)
    return returned(partial(sweep, rng=np.random.default_rng(seed)), problem, config=config)


@pytest.fixture
def problem(nasbench, table_errors):
    return SplitNasProblem(BENCHMARK, Scenario(uplink_mbps=50.0), table_errors)


def test_networks_are_searched_whole_and_answers_cut_where_they_are_fastest(problem):
    answers, archive = answered(problem)
    genes = np.array([answer.genes for answer in answers])
    _, least = best_cuts(problem, problem.designs.operations(genes))
    np.testing.assert_allclose([answer.latency_ms for answer in answers], least)
    # Of 150, 15 were kept for cutting, and each of the two thresholds may leave two unused: half a
    # step, and an answer that is known. Those that were searched are whole networks (cut 19, or
    # before blocks that compute nothing).
    searched = archive.genes()[: 150 - 15 - 4]
    whole = searched.copy()
    whole[:, 6] = 19
    np.testing.assert_array_equal(searched, problem.designs.canonical(whole))
    assert len(archive) <= 150


def test_feasibility_is_that_of_the_whole_network_on_the_device(problem):
    for answer in answered(problem)[0]:
        on_device = on_device_ms(problem, np.array([answer.genes[:6]]))[0]
        assert answer.is_feasible == (on_device <= answer.max_latency_ms * (1 + 1e-9))
        assert answer.latency_ms <= on_device * (1 + 1e-9)


def test_other_networks_on_the_front_are_cut_too(problem):
    _, archive = answered(problem)
    is_cut = problem.designs.split_point(archive.genes()) < 19
    assert not is_cut[:-17].any()
    assert is_cut[-17:].sum() > 2  # more than the two answers


def test_the_all_local_cut_may_be_forbidden(nasbench, table_errors):
    """A device that holds no whole network still has a whole-network latency, predicted."""
    scenario = Scenario(max_head_memory_bytes=200_000)
    problem = SplitNasProblem(BENCHMARK, scenario, table_errors)
    answers, archive = answered(problem, budget=100)
    assert answers
    assert archive.columns()["head_memory_bytes"].max() <= 200_000
    assert problem.designs.is_valid(archive.genes()).all()


def test_a_fixed_cut_is_used_throughout(problem):
    answers, archive = answered(problem, fixed_cut=7)
    genes = archive.genes()
    fixed = genes.copy()
    fixed[:, 6] = 7
    np.testing.assert_array_equal(genes, problem.designs.canonical(fixed))
    for answer in answers:
        columns = problem.columns(np.array([answer.genes]))
        assert answer.latency_ms == pytest.approx(columns["latency_ms"][0])


@pytest.mark.parametrize("budget", [1, 2, 5, 150])
def test_small_budgets_are_kept(staircase, budget):
    assert len(answered(staircase, budget=budget)[1]) <= budget
    search = driven(hwnas, staircase, budget=budget)
    assert search.status == "complete"
    assert len(search.archive) == budget


def test_the_device_alone_misleads_on_a_fast_link():
    """Where the cut decides, a search that knows it finds more, with as many designs."""

    class Offload(Staircase):
        """The tail is free: latency is what stays on the device, up to the cut."""

        def columns(self, genes):
            operations = self.designs.operations(genes)
            cuts = self.designs.split_point(genes)
            is_head = np.arange(6) < cuts[:, None]
            return {
                "error": 1 - operations.sum(axis=1) / 24,
                "latency_ms": 1.0 + (operations * is_head).sum(axis=1),
            }

    answers, _ = answered(Offload(), budget=400, within_ms=13.0)
    # the device alone allows a sum of 12; cut after the first block, all 24 would take 1 + 4 ms
    (answer,) = answers
    assert answer.error >= 0.5 - 1e-9
    assert answer.latency_ms <= 5.0


def test_a_cut_behind_the_last_block_is_refused(problem):
    with pytest.raises(ConfigError, match=r"fixed_cut must lie in \[0, n_blocks\] = \[0, 19\]"):
        answered(problem, fixed_cut=20)


def test_a_threshold_no_network_meets_on_the_device_is_refused(problem):
    with pytest.raises(ConfigError, match=r"any network on the device, got 0\.001\. Raise"):
        answered(problem, within_ms=0.001)
