"""What GDAS does alone; what it shares with co-trained NASC is tested there."""

import numpy as np
import pytest

from evonasc.cost.scenario import Scenario
from evonasc.search.config import SearchConfig
from evonasc.search.gdas import RelaxedSearch, architecture_rate
from tests.test_nasc_cotrain import tiny_problem


def test_the_rate_is_the_published_one_for_a_search_as_long_and_bounded_for_a_short_one():
    assert architecture_rate(250 * 25_000 // 64) == pytest.approx(3e-4)
    assert architecture_rate(10**7) == 3e-4
    assert architecture_rate(100) == 0.03


def test_choices_are_cuts_for_each_width():
    problem = tiny_problem(scenario=Scenario(payload_bits=(4, 8)))
    search = RelaxedSearch(problem, problem.error_source, SearchConfig(algorithm="gdas"))
    genes = search._every_choice(np.array([[0, 0, 0, 3, 0, 0]]))
    assert genes.shape == (40, 8)
    assert genes[:, 6].tolist() == [*range(20), *range(20)]
    assert genes[:, 7].tolist() == [0] * 20 + [1] * 20


def test_latencies_of_a_step_are_the_problems():
    problem = tiny_problem(scenario=Scenario(min_split=7))
    search = RelaxedSearch(problem, problem.error_source, SearchConfig(algorithm="gdas"))
    cell = [0, 0, 0, 3, 0, 0]
    found = search._latencies(cell, 20.0)
    for cut in (0, 7, 19):
        genes = np.array([[*cell, cut]])
        assert found.sampled_ms[cut] == problem.latency_ms(genes)[0]
        assert found.is_allowed[cut] == problem.designs.is_valid(genes)[0]
    # On the device alone a 3 x 3 convolution costs more than a skip, wherever it is.
    whole = found.operation_ms[19]
    assert (whole[:, 3] > whole[:, 1]).all()


def test_a_tight_threshold_makes_designs_faster():
    problem = tiny_problem()
    search = RelaxedSearch(
        problem,
        problem.error_source,
        SearchConfig(algorithm="gdas", budget=100, penalty_weight=50.0),
    )

    def mean_ms():
        genes = search.sample(500)
        genes = genes[problem.designs.is_valid(genes)]
        return problem.latency_ms(genes).mean()

    search.step(0, 10.0, progress=0.0)
    before = mean_ms()
    for step in range(60):
        search.step(step, 10.0, progress=step / 60)
    assert mean_ms() < 0.6 * before


def test_each_threshold_starts_from_fresh_logits():
    problem = tiny_problem()
    search = RelaxedSearch(problem, problem.error_source, SearchConfig(algorithm="gdas"))
    first = search.relaxed
    search.step(1, 10.0, progress=0.0)
    assert search.relaxed is first
    search.begin_threshold()
    assert search.relaxed is not first
    assert len(np.unique(search.relaxed.probabilities()[1].round(9))) == 1


def test_widths_are_searched_too():
    problem = tiny_problem(scenario=Scenario(payload_bits=(4, 8)))
    search = RelaxedSearch(problem, problem.error_source, SearchConfig(algorithm="gdas"))
    search.step(0, 10.0, progress=0.0)
    genes = problem.designs.check(search.sample(200))
    assert set(problem.designs.bits(genes).ravel().tolist()) == {4, 8}
    assert len(set(problem.designs.split_point(genes).tolist())) > 10
