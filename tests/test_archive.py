"""A search's ledger: what is evaluated, what is free, what an algorithm is sent."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import genes_of

from evonasc.errors import GenomeError
from evonasc.nasbench201.space import NasBench201
from evonasc.problems import DesignProblem, Staircase
from evonasc.search.algorithm import Algorithm
from evonasc.search.archive import Archive
from evonasc.search.config import SearchConfig
from evonasc.search.search import Search
from evonasc.space import DesignSpace

DESIGNS = DesignSpace(
    NasBench201(), (8, 16), lambda ops, bits: np.ones((*bits.shape, 20), dtype=bool)
)


class Counting(DesignProblem):
    """Objectives are two linear functions of the genes; remembers what it was asked."""

    def __init__(self, designs=DESIGNS):
        super().__init__(designs, objectives=("second", "first"), known_columns=("first", "second"))
        self.asked = []

    def columns(self, genes):
        self.asked.append(genes.copy())
        first = genes @ np.arange(1.0, 9.0)
        return {"first": first, "second": -genes.sum(axis=1).astype(float), "third": first * 0}


CHAIN, SWAPPED = [3, 0, 0, 0, 2, 0], [0, 3, 0, 0, 0, 2]  # one network in two spellings


def spelled(*cuts, cell=CHAIN):
    return np.array([[*cell, cut, 0] for cut in cuts])


def asking(problem, *batches, budget=1000, **options):
    """Return a search that asks for these designs, gone through, and what it was sent."""
    sent = []

    def ask(archive, config):
        for batch in batches:
            sent.append((yield batch))

    config = SearchConfig(budget=budget)
    return Search(problem, config, algorithm=Algorithm(ask), **options).run(), sent


def test_every_spelling_of_a_design_is_evaluated_once():
    problem = Counting()
    search, (first, second) = asking(
        problem,
        np.concatenate([spelled(3, 4), spelled(3, cell=SWAPPED)]),
        spelled(4, 3, cell=SWAPPED),
    )
    assert [len(genes) for genes in problem.asked] == [2]
    assert len(search.archive) == 2
    assert search.archive.n_requested == 5
    assert search.status == "exhausted"
    np.testing.assert_array_equal(first[0], first[2])
    np.testing.assert_array_equal(second, first[[1, 0]])


@settings(max_examples=40)
@given(st.lists(genes_of(DESIGNS, max_size=5), min_size=1, max_size=4))
def test_no_canonical_design_is_evaluated_twice(batches):
    problem = Counting()
    archive = asking(problem, *batches)[0].archive
    listed = np.concatenate([np.zeros((0, 8), dtype=np.int64), *problem.asked])
    assert len(np.unique(listed, axis=0)) == len(listed) == len(archive)
    np.testing.assert_array_equal(DESIGNS.canonical(listed), listed)
    np.testing.assert_array_equal(archive.genes(), listed)
    assert archive.n_requested == sum(map(len, batches))


def test_objectives_belong_to_the_designs_asked_for():
    """In the order of the question, repeats included, whatever was evaluated in between."""
    _, (_, values) = asking(Counting(), spelled(9, 2), spelled(2, 7, 9, 7))
    canonical = DESIGNS.canonical(spelled(2, 7, 9, 7))
    # objectives=("second", "first"): minus the sum of the genes, then their weighted sum
    assert values[:, 0].tolist() == [-sum(row) for row in canonical.tolist()]
    weighted = [sum((i + 1) * g for i, g in enumerate(row)) for row in canonical.tolist()]
    assert values[:, 1].tolist() == weighted


def test_designs_stand_in_the_order_of_evaluation():
    archive = asking(Counting(), spelled(9, 2, 9), spelled(2, 5))[0].archive
    assert DESIGNS.split_point(archive.genes()).tolist() == [9, 2, 5]
    assert archive.columns().keys() == {"first", "second", "third"}
    assert {len(values) for values in archive.columns().values()} == {3}
    assert archive.columns_of(spelled(5, 9))["third"].tolist() == [0, 0]
    with pytest.raises(KeyError, match="1 designs were not evaluated"):
        archive.columns_of(spelled(5, 8))


def test_a_batch_beyond_the_budget_is_evaluated_as_far_as_it_fits():
    problem = Counting()
    search, sent = asking(problem, spelled(1, 2), spelled(2, 7, 1, 7, 5, 6), budget=3)
    assert search.status == "complete"
    assert DESIGNS.split_point(search.archive.genes()).tolist() == [1, 2, 7]
    assert search.archive.n_left == 0
    assert sum(map(len, problem.asked)) == 3
    assert len(sent) == 1


def test_known_designs_are_free_when_the_budget_is_spent():
    problem = Counting()
    again = spelled(2, 1, cell=SWAPPED)
    search, (before, after) = asking(problem, spelled(1, 2), again, spelled(3), budget=2)
    np.testing.assert_array_equal(after, before[::-1])
    assert search.status == "complete"
    assert len(problem.asked) == 1


def test_a_search_that_is_to_stop_keeps_what_it_has():
    problem = Counting()
    search, sent = asking(
        problem, spelled(1, 2), spelled(3), should_stop=lambda: bool(problem.asked)
    )
    assert search.status == "interrupted"
    assert sent == []
    assert len(search.archive) == 2
    assert len(problem.asked) == 1


def test_is_known_tells_canonical_designs():
    archive = asking(Counting(), spelled(3, 4))[0].archive
    canonical = DESIGNS.canonical(spelled(4, 5, 3))
    assert archive.is_known(canonical).tolist() == [True, False, True]
    assert archive.is_known(canonical[:0]).tolist() == []


def test_the_front_is_that_of_everything_evaluated():
    """Not of a population: a design on the front may have been asked for long ago."""
    on_front = np.array([[4, 4, 4, 0, 0, 0, 1], [0, 0, 0, 0, 0, 0, 1], [4] * 6 + [1]])
    off_front = np.array([[4, 4, 4, 0, 0, 0, 4], [0, 0, 0, 0, 0, 0, 6], [4] * 6 + [2]])
    search, _ = asking(Staircase(), on_front, off_front)
    # by rising first objective, the error: the sum 24 is best there, then 12, then 0
    assert search.archive.front_rows().tolist() == [2, 0, 1]
    np.testing.assert_allclose(search.front, [[0, 24], [0.5, 12], [1, 0]])


def test_of_designs_with_equal_objectives_the_first_evaluated_stands_on_the_front():
    search, _ = asking(
        Staircase(),
        np.array([[0, 0, 0, 0, 0, 0, 6], [1, 0, 0, 0, 0, 0, 2]]),
        np.array([[0, 1, 0, 0, 0, 0, 2], [0, 0, 0, 0, 0, 1, 2]]),
    )
    assert search.archive.front_rows().tolist() == [1]


def test_an_empty_archive_has_an_empty_front():
    archive = Archive(Counting(), budget=5)
    assert len(archive) == 0
    assert archive.genes().shape == (0, 8)
    assert archive.objectives().shape == (0, 2)
    assert archive.front_rows().tolist() == []


def test_asking_for_no_designs_gives_no_objectives():
    nothing = np.zeros((0, 8), dtype=np.int64)
    _, (before, _, after) = asking(Counting(), nothing, spelled(1), nothing)
    assert before.shape == after.shape == (0, 2)


def test_designs_outside_the_space_are_refused_and_cost_nothing():
    problem = Counting()
    with pytest.raises(GenomeError, match="split_point must lie in"):
        asking(problem, spelled(3, 20))
    assert problem.asked == []
