"""NASC: thresholds are met, repeats are free, and what cannot be met is said."""

from functools import partial

import numpy as np
import pytest
from searches import driven, returned

from evonasc.bounds import Bound
from evonasc.cost.scenario import Scenario
from evonasc.errors import ConfigError, UnknownNameError
from evonasc.nasbench201 import BENCHMARK
from evonasc.problems import SplitNasProblem, Staircase
from evonasc.problems.toy import ToySpace
from evonasc.search.asng import Asng
from evonasc.search.config import SearchConfig
from evonasc.search.design_latency import best_cuts
from evonasc.search.hwnas import hwnas
from evonasc.search.nasc import nasc, sweep
from evonasc.search.threshold_rule import SLACK
from evonasc.search.thresholds import require_reachable, thresholds
from evonasc.space import DesignSpace


def answered(problem, *, budget=400, seed=0, within_ms=None, **options):
    """Return the answers of a whole sweep, or to one bound, and its archive."""
    config = SearchConfig(algorithm="nasc", budget=budget, **options)
    search = partial(sweep, rng=np.random.default_rng(seed))
    return returned(search, bounded(problem, within_ms), config=config)


def bounded(problem, within_ms):
    """Return the problem with a bound on its latency; None for none."""
    return problem if within_ms is None else problem.within((Bound("latency_ms", within_ms),))


def goals_of(least_ms, *, budget, n_most=10, within_ms=None, **options):
    config, problem = SearchConfig(algorithm="nasc", **options), bounded(Staircase(), within_ms)
    least = np.array(least_ms)
    return thresholds(problem, least, budget=budget, config=config, n_most=n_most)


# Answers


class Knapsack(Staircase):
    """Half the genes are free and worth two, the others take 1 ms a step and are worth one."""

    def columns(self, genes):
        free, dear = genes[:, :3].sum(axis=1), genes[:, 3:6].sum(axis=1)
        miss = np.abs(genes[:, 6] - 3)
        return {"error": 1 - (2 * free + dear) / 36, "latency_ms": 1.0 + dear + miss}


@pytest.mark.slow
@pytest.mark.parametrize("rule", ["feasible-first", "penalty"])
def test_the_answer_to_one_threshold_meets_it_and_is_nearly_the_best(rule):
    """Within 2.5 ms there is room for one dear step: at best 1 - (2 * 12 + 1) / 36 = 11 / 36."""
    for seed in range(3):
        answers, archive = answered(
            Knapsack(), within_ms=2.5, threshold_rule=rule, budget=600, seed=seed
        )
        (answer,) = answers
        assert answer.max_latency_ms == 2.5
        assert answer.is_feasible
        assert answer.latency_ms <= 2.5
        assert 11 / 36 - 1e-9 <= answer.error <= 13.5 / 36  # of 36 / 36 for the worst
        assert len(archive) <= 600


def test_a_sweep_answers_thresholds_in_rising_order(staircase):
    answers, archive = answered(staircase, budget=1000, n_thresholds=5)
    # sums from 1 to 24 at the best cut: 1, 24^(1/4), ... 24; the sum 0 gives no ratio
    goals = [answer.max_latency_ms for answer in answers]
    np.testing.assert_allclose(goals, 24 ** (np.arange(5) / 4))
    assert len(archive) <= 1000
    for answer in answers:
        columns = staircase.columns(np.array([answer.genes]))
        assert (answer.error, answer.latency_ms) == (columns["error"][0], columns["latency_ms"][0])
        assert answer.is_feasible == (answer.latency_ms <= answer.max_latency_ms * (1 + 1e-9))
    assert sum(answer.is_feasible for answer in answers) >= 4
    assert answers[-1].error < answers[0].error


@pytest.mark.slow
@pytest.mark.parametrize("is_warm", [True, False])
def test_answers_are_valid_designs_of_the_archive(nasbench, table_errors, is_warm):
    scenario = Scenario(payload_bits=(4, 8), max_payload_bytes=5000, max_head_memory_bytes=4e5)
    problem = SplitNasProblem(BENCHMARK, scenario, table_errors)
    answers, archive = answered(problem, budget=100, is_warm=is_warm)
    genes = np.array([answer.genes for answer in answers])
    assert archive.is_known(genes).all()
    assert problem.designs.is_valid(archive.genes()).all()


def test_feasible_beats_infeasible_whatever_the_error():
    """Under the penalty a small weight lets the error win; feasible-first never does."""
    cheap, _ = answered(Staircase(), within_ms=6, threshold_rule="penalty", penalty_weight=1e-6)
    strict, _ = answered(Staircase(), within_ms=6)
    assert cheap[0].latency_ms > 12
    assert not cheap[0].is_feasible
    assert strict[0].is_feasible


# Budget


def test_repeats_cost_nothing_and_do_not_go_on_for_ever(staircase, monkeypatch):
    """A threshold stops when its distribution has settled, however much budget is left."""
    monkeypatch.setattr("evonasc.search.threshold_search.SETTLED", 8)
    answers, archive = answered(staircase, budget=15_000, within_ms=24)
    assert 100 < len(archive) < 10_000
    assert archive.n_requested > len(archive)
    assert answers[0].error < 0.2


@pytest.mark.parametrize("budget", [1, 2, 3, 7, 150])
def test_small_budgets_are_kept(staircase, budget):
    assert len(answered(staircase, budget=budget)[1]) <= budget
    search = driven(nasc, staircase, budget=budget)
    assert search.status == "complete"
    assert len(search.archive) == budget


@pytest.mark.parametrize("search", [nasc, hwnas])
def test_a_budget_below_one_share_is_searched_all_the_same(staircase, search):
    """It used to be random search under another name."""
    archive = driven(search, staircase, budget=50).archive
    assert len(archive) == 50
    assert len(archive.answers) >= 1


def test_each_sample_is_asked_for_once(staircase):
    """n_requested is what the archive was asked for: samples and answers."""
    _, archive = answered(staircase, budget=100, within_ms=12)
    assert archive.n_requested <= 10 * 100 + 1


def test_a_small_budget_has_fewer_thresholds():
    least = [0.0, 2.0, 8.0]
    np.testing.assert_allclose(goals_of(least, budget=350), [2, 4, 8])
    assert len(goals_of(least, budget=10)) == 2
    assert len(goals_of(least, budget=5000)) == 10
    assert len(goals_of(least, budget=5000, n_most=5)) == 5
    assert len(goals_of(least, budget=5000, n_thresholds=7)) == 7
    assert goals_of(least, budget=9, within_ms=3.0).tolist() == [3.0]


def test_a_sweep_within_a_bound_goes_up_to_it():
    goals = goals_of([2.0, 8.0, 90.0], budget=5000, within_ms=32.0, n_thresholds=5)
    np.testing.assert_allclose(goals, [2, 4, 8, 16, 32])
    goals = goals_of([2.0, 8.0], budget=5000, within_ms=99.0, n_thresholds=3)
    np.testing.assert_allclose(goals, [2, 4, 8])
    assert goals_of([2.0, 8.0], budget=5000, within_ms=1.0, n_thresholds=3).tolist() == [1.0]
    with pytest.raises(ConfigError, match="must be positive to search under, got 0"):
        goals_of([2.0, 8.0], budget=5000, within_ms=0.0)


def test_latencies_of_zero_give_no_threshold():
    with pytest.raises(ConfigError, match="latency_ms must be positive for some network"):
        goals_of([0.0, 0.0], budget=100)


def test_a_step_draws_as_many_samples_as_asked_for(staircase, monkeypatch):
    drawn = []
    before = Asng.sample
    monkeypatch.setattr(
        Asng, "sample", lambda self, n, *, rng: drawn.append(n) or before(self, n, rng=rng)
    )
    answered(staircase, budget=100, within_ms=12, n_samples=6)
    assert set(drawn) == {6}


def test_patience_bounds_the_samples_of_a_threshold(staircase):
    _, archive = answered(staircase, budget=2000, within_ms=1, patience=1)
    assert archive.n_requested <= 2000 + 1


# Refusals


def test_a_threshold_no_design_meets_is_refused_with_the_least_latency(nasbench, table_errors):
    problem = SplitNasProblem(BENCHMARK, Scenario(), table_errors)
    least = problem.columns(problem.designs.all_designs())["latency_ms"].min()
    goal = least / 2
    message = (
        rf"The bound on latency_ms must be at least {least:.4g}, .* got {goal:.4g}; "
        rf"the bound itself binds.* Raise it by {least - goal:.4g} ms"
    )
    with pytest.raises(ConfigError, match=message):
        answered(problem, within_ms=goal)


def test_free_cuts_meet_a_threshold_up_to_rounding_as_answers_do(staircase, monkeypatch):
    free, problem = np.array([1 + SLACK / 2]), bounded(staircase, 1.0)
    monkeypatch.setattr("evonasc.search.thresholds.best_cuts", lambda *a, **more: (None, free))
    with pytest.raises(ConfigError, match="the limits on the cut bind"):
        require_reachable(problem, np.array([2.0]), networks=problem.designs.space.networks())


def test_limits_on_the_cut_are_named_where_they_bind(nasbench, table_errors):
    free = SplitNasProblem(BENCHMARK, Scenario(min_split=0, uplink_mbps=1000), table_errors)
    tight = SplitNasProblem(BENCHMARK, Scenario(min_split=19, uplink_mbps=1000), table_errors)
    free_ms, tight_ms = (
        problem.columns(problem.designs.all_designs())["latency_ms"].min()
        for problem in (free, tight)
    )
    assert free_ms < tight_ms
    with pytest.raises(ConfigError, match=rf"limits on the cut bind .* {free_ms:.4g} ms would be"):
        answered(tight, within_ms=(free_ms + tight_ms) / 2)


class UnlistedToy(ToySpace):
    """Said to be too many to list."""

    def networks(self):
        return None


def test_a_space_too_large_to_list_is_searched_and_its_answers_say_what_they_miss(staircase):
    staircase.designs = DesignSpace(UnlistedToy(), (8,), staircase.designs.cut_rule)
    (answer,), _ = answered(staircase, within_ms=1e-6, budget=50)
    assert not answer.is_feasible
    assert len(answered(staircase, budget=300)[0]) == 3


def test_a_scenario_without_any_cut_is_refused(nasbench, table_errors):
    problem = SplitNasProblem(BENCHMARK, Scenario(max_head_memory_bytes=1.0), table_errors)
    with pytest.raises(ConfigError, match="no valid cut for any network"):
        answered(problem)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"threshold_rule": "penalti"}, UnknownNameError, "threshold_rule .* mean 'penalty'"),
        ({"penalty_weight": -1.0}, ConfigError, "penalty_weight must be positive, got -1.0"),
        ({"n_thresholds": 1}, ConfigError, "n_thresholds must be at least 2, got 1"),
        ({"n_samples": 1}, ConfigError, "n_samples must be at least 2, got 1"),
        ({"patience": 0}, ConfigError, "patience must be at least 1, got 0"),
        ({"fixed_cut": -1}, ConfigError, "fixed_cut must be at least 0, got -1"),
    ],
)
def test_configurations_out_of_range_are_refused(options, error, message):
    with pytest.raises(error, match=message):
        SearchConfig(**options)


# Order of thresholds, cuts, shared samples


def test_a_sweep_begins_with_the_loosest_threshold_unless_told():
    """The first designs are those of the first threshold: under the loosest, errors decide."""
    loose, tight = (
        answered(Staircase(), budget=600, n_thresholds=3, threshold_order=order)[1]
        for order in ("falling", "rising")
    )
    first = slice(0, 150)
    assert loose.columns_at(first)["error"].mean() < tight.columns_at(first)["error"].mean()
    assert SearchConfig().threshold_order == "falling"
    with pytest.raises(UnknownNameError, match="threshold_order"):
        SearchConfig(threshold_order="any")


@pytest.mark.parametrize("is_shared", [False, True])
@pytest.mark.parametrize("payload_bits", [(8,), (4, 8)])
def test_with_refined_cuts_networks_are_drawn_and_cut_where_they_are_fastest(
    nasbench, table_errors, is_shared, payload_bits
):
    problem = SplitNasProblem(BENCHMARK, Scenario(payload_bits=payload_bits), table_errors)
    answers, archive = answered(
        problem, budget=200, refine_split=True, share_samples=is_shared, n_thresholds=3
    )
    genes, designs = archive.genes(), problem.designs
    widths = genes[:, -1] if designs.has_bits_gene else None
    least = best_cuts(problem, designs.operations(genes), widths=widths)[1]
    # of a network on the device alone no width is left to tell which it was drawn with
    is_cut = designs.split_point(genes) < designs.space.n_blocks
    np.testing.assert_allclose(archive.columns()["latency_ms"][is_cut], least[is_cut])
    assert is_cut.sum() > 20
    assert len(answers) == 2  # a threshold has 100 designs at least
    assert not any(answer.is_repaired for answer in answers)


def test_thresholds_that_share_samples_answer_each_in_rising_order(staircase):
    """Each is met, and what is met by less is never better: all saw the same designs."""
    answers, archive = answered(staircase, budget=1000, n_thresholds=5, share_samples=True)
    goals = [answer.max_latency_ms for answer in answers]
    np.testing.assert_allclose(goals, 24 ** (np.arange(5) / 4))
    assert len(archive) <= 1000
    assert sum(answer.is_feasible for answer in answers) >= 4
    assert answers[-1].error < answers[0].error


@pytest.mark.parametrize("other", [{"is_warm": False}, {"threshold_order": "rising"}])
def test_what_shared_samples_leave_without_effect_is_refused(other):
    with pytest.raises(ConfigError, match="neither an order of them nor a start"):
        SearchConfig(share_samples=True, **other)


@pytest.mark.parametrize("name", ["alpha", "delta0"])
@pytest.mark.parametrize("value", [0.0, -1.0, np.inf, np.nan])
def test_settings_of_the_distribution_must_be_positive(name, value):
    with pytest.raises(ConfigError, match=f"{name} must be positive"):
        SearchConfig(**{name: value})
