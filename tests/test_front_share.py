"""What a front by a score is worth in truth."""

import numpy as np
import pytest

from evonasc.cost.scenario import Scenario
from evonasc.nasbench201.cells import canonical_connected_cells
from evonasc.nasbench201.errors.front_share import PAIRS, TrueFronts, tried_scenarios
from evonasc.nasbench201.errors.rank import Truth
from evonasc.nasbench201.space import NasBench201

CELLS = canonical_connected_cells()[::50]
SCENARIOS = [Scenario(), Scenario(head_hardware="eyeriss"), Scenario(min_split=19)]


@pytest.fixture
def truth(rng):
    """Accuracies that rise with the work, but for some noise."""
    macs = NasBench201().block_macs(CELLS).sum(axis=1)
    accuracy = 60 + 30 * macs / macs.max() + rng.normal(size=len(CELLS))
    return Truth(CELLS, accuracy, np.ones(len(CELLS), dtype=bool))


def test_the_truth_is_worth_all_of_it(truth):
    found = TrueFronts(truth, SCENARIOS).quality(truth.accuracy)
    np.testing.assert_allclose(found.shares, 1)
    np.testing.assert_allclose(found.gaps, 0)


def test_a_score_counts_by_its_order_alone(truth):
    fronts = TrueFronts(truth, SCENARIOS)
    one, other = (fronts.quality(score).shares for score in (truth.accuracy, truth.accuracy**9))
    np.testing.assert_array_equal(one, other)


def test_the_opposite_of_the_truth_and_chance_are_worth_less(truth, rng):
    fronts = TrueFronts(truth, SCENARIOS)
    chance = np.mean([fronts.quality(rng.random(len(CELLS))).shares for _ in range(10)], axis=0)
    opposite = fronts.quality(-truth.accuracy)
    assert (opposite.shares < chance).all()
    assert (chance < 0.9).all()
    assert (opposite.gaps > 0.05).all()


def test_what_has_no_score_comes_last_and_spellings_count_once(truth):
    score = truth.accuracy.copy()
    best = int(score.argmax())
    score[best] = np.nan
    found = TrueFronts(truth, SCENARIOS).quality(score)
    gap = (truth.accuracy[best] - np.sort(truth.accuracy)[-2]) / 100
    np.testing.assert_allclose(found.gaps, gap)
    twice = Truth(
        np.concatenate([CELLS, CELLS]),
        np.concatenate([truth.accuracy + 1, truth.accuracy - 1]),
        np.ones(2 * len(CELLS), dtype=bool),
    )
    np.testing.assert_allclose(
        TrueFronts(twice, SCENARIOS).errors, TrueFronts(truth, SCENARIOS).errors
    )


def test_the_scenarios_are_the_named_ones_and_pairs_of_machines():
    names = [scenario.name for scenario in tried_scenarios()]
    assert len(set(names)) == len(names) == 5 + len(PAIRS)
