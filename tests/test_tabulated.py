"""Looking designs up gives, bit for bit, what computing them gives."""

import numpy as np
import pytest

from evonasc.cost.scenario import Scenario
from evonasc.nasbench201 import BENCHMARK
from evonasc.problems import SplitNasProblem, Staircase
from evonasc.problems.toy import ToySpace
from evonasc.runs.tabulated import TabulatedProblem, tabulated
from evonasc.search.config import SearchConfig
from evonasc.search.search import Search
from evonasc.space import DesignSpace


@pytest.fixture(scope="module", params=["one width", "two widths"])
def problem(request, nasbench, table_errors):
    widths = (8,) if request.param == "one width" else (4, 8)
    scenario = Scenario(payload_bits=widths, min_split=2, max_head_memory_bytes=4e5)
    return SplitNasProblem(BENCHMARK, scenario, table_errors)


def any_genes(problem, rng, n=400):
    return rng.integers(0, problem.designs.n_choices, size=(n, problem.n_var))


def test_canonical_forms_and_allowed_cuts_are_those_of_the_space(problem, rng):
    genes, table = any_genes(problem, rng), tabulated(problem).designs
    np.testing.assert_array_equal(table.canonical(genes), problem.designs.canonical(genes))
    np.testing.assert_array_equal(table.valid_cuts(genes), problem.designs.valid_cuts(genes))
    np.testing.assert_array_equal(table.is_valid(genes), problem.designs.is_valid(genes))


def test_columns_are_equal_bit_for_bit_also_of_one_design_alone(problem, rng):
    designs, table = problem.designs.sample(100, rng=rng), tabulated(problem)
    wanted, found = problem.columns(designs), table.columns(designs)
    assert wanted.keys() == found.keys()
    alone = [problem.columns(design[None]) for design in designs]
    for name, values in wanted.items():
        np.testing.assert_array_equal(found[name], values)
        np.testing.assert_array_equal([columns[name][0] for columns in alone], values)


def test_latencies_of_cuts_that_are_not_allowed_are_computed(problem, rng):
    designs = problem.designs.sample(50, rng=rng)
    designs[:, 6] = rng.integers(0, 20, size=50)
    assert not problem.designs.is_valid(designs).all()
    np.testing.assert_array_equal(
        tabulated(problem).latency_ms(designs), problem.latency_ms(designs)
    )


@pytest.mark.slow
def test_a_search_takes_the_same_path(problem):
    archives = []
    for one in (problem, tabulated(problem)):
        archives.append(Search(one, SearchConfig(algorithm="nasc", budget=150)).run().archive)
    np.testing.assert_array_equal(archives[0].genes(), archives[1].genes())
    np.testing.assert_array_equal(archives[0].objectives(), archives[1].objectives())
    assert archives[0].n_requested == archives[1].n_requested


class UnlistedToy(ToySpace):
    """Said to be too many to list."""

    def networks(self):
        return None


def test_what_cannot_be_listed_is_left_as_it_is(staircase):
    assert isinstance(tabulated(staircase), TabulatedProblem)
    staircase.designs = DesignSpace(UnlistedToy(), (8,), staircase.designs.cut_rule)
    assert tabulated(staircase) is staircase


def test_it_is_described_as_the_problem_it_tabulates(problem):
    table = tabulated(problem)
    assert table.provenance() == problem.provenance()
    assert table.objectives == problem.objectives
    assert table.cut_free_columns == problem.cut_free_columns


def test_a_problem_without_latency_says_what_it_always_said(staircase, monkeypatch):
    class Nameless(Staircase):
        def columns(self, genes):
            columns = super().columns(genes)
            return {"error": columns["error"], "other": columns["latency_ms"]}

    problem = Nameless()
    problem.objectives = ("error", "other")
    with pytest.raises(Exception, match="latency_ms") as plain:
        problem.latency_ms(np.zeros((1, 7), dtype=np.int64))
    with pytest.raises(type(plain.value), match="latency_ms"):
        tabulated(problem).latency_ms(np.zeros((1, 7), dtype=np.int64))
