"""What evonasc's operators promise beside the contract of all operators.

That contract stands in evonasc/contracts/operator_rules.py, and tests/test_contracts.py runs it on
everything the table holds.
"""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pymoo.algorithms.moo.nsga2 import NSGA2
from pymoo.core.population import Population
from pymoo.operators.crossover.sbx import SBX
from pymoo.operators.mutation.pm import PM
from pymoo.operators.sampling.rnd import IntegerRandomSampling
from pymoo.optimize import minimize
from strategies import ScatteredCuts, design_spaces

import evonasc.operators
from evonasc.errors import ConfigError
from evonasc.nasbench201.space import NasBench201
from evonasc.operators import (
    CanonicalDuplicates,
    CutRepair,
    DesignCrossover,
    DesignMutation,
    DesignSampling,
)
from evonasc.problems import DesignProblem, Staircase
from evonasc.problems.toy import ToySpace
from evonasc.search.operator_table import OPERATORS, operator
from evonasc.space import DesignSpace


class OnlyDesigns(DesignProblem):
    """A problem whose objective does not matter."""

    def __init__(self, designs):
        super().__init__(designs, objectives=("zero",), known_columns=("zero",))

    def columns(self, genes):
        return {"zero": np.zeros(len(genes))}


def every_cut(operations, bits):
    return np.ones((*bits.shape, 7), dtype=bool)


OWN = [name for name in OPERATORS if OPERATORS.is_built_in(name)]
TOY = DesignSpace(ToySpace(), (8,), every_cut)
TOY_WIDTHS = DesignSpace(ToySpace(), (4, 8, 16), every_cut)


def test_every_operator_of_the_package_is_in_the_table_or_tested_here():
    in_table = {OPERATORS.entry(name).target.partition(":")[2] for name in OWN}
    assert in_table | {"CanonicalDuplicates", "CutRepair"} == set(evonasc.operators.__all__)


@pytest.mark.parametrize("name", OWN)
def test_operators_follow_the_seed(name):
    (made, kind), problem = operator(name), OnlyDesigns(TOY)
    genes = TOY.sample(50, rng=np.random.default_rng(0))
    pairs = [Population.new("X", np.stack(pair)) for pair in zip(genes, genes[::-1], strict=True)]
    given = {"crossover": pairs, "mutation": Population.new("X", genes), "sampling": 50}
    first, second = (
        made(problem, given[kind], random_state=np.random.default_rng(seed)).get("X")
        for seed in (1, 2)
    )
    assert (first != second).any()


# Crossover


def crossed(designs, first, second, *, seed=0, **kwargs):
    """Return the first and the second children of pairs of parents."""
    pairs = [Population.new("X", np.stack(pair)) for pair in zip(first, second, strict=True)]
    made = DesignCrossover(**kwargs).do(
        OnlyDesigns(designs), pairs, random_state=np.random.default_rng(seed)
    )
    return np.split(made.get("X"), 2)


def test_children_take_whole_gene_groups_from_either_parent(rng):
    """Edges 01 | 02 12 | 03 13 23, and the cut with its width."""
    designs = DesignSpace(
        NasBench201(), (4, 8, 32), lambda ops, bits: np.ones((*bits.shape, 20), bool)
    )
    parents = designs.sample(400, rng=rng), designs.sample(400, rng=rng)
    children = crossed(designs, *parents, prob=1.0)
    groups = [[0], [1, 2], [3, 4, 5], [6, 7]]
    sources = set()
    for row in range(400):
        for child, own, other in zip(children, parents, parents[::-1], strict=True):
            for group in groups:
                taken = child[row, group].tolist()
                sources |= {
                    source
                    for source, parent in (("own", own), ("other", other))
                    if taken == parent[row, group].tolist()
                }
                assert taken in (own[row, group].tolist(), other[row, group].tolist())
    assert sources == {"own", "other"}


def test_what_one_child_takes_the_other_leaves():
    """On a space where nothing needs repair the two children hold the parents' genes together."""
    rng = np.random.default_rng(1)
    first, second = TOY_WIDTHS.sample(100, rng=rng), TOY_WIDTHS.sample(100, rng=rng)
    children = crossed(TOY_WIDTHS, first, second, prob=1.0)
    for one, other in ((np.minimum, np.minimum), (np.maximum, np.maximum)):
        np.testing.assert_array_equal(one(*children), other(first, second))
    exchanged = (children[0] == second) & (first != second)
    kept = (children[0] == first) & (first != second)
    assert exchanged.any(axis=0).all()
    assert kept.any(axis=0).all()


def test_crossover_of_twins_changes_nothing():
    genes = TOY_WIDTHS.sample(30, rng=np.random.default_rng(2))
    for child in crossed(TOY_WIDTHS, genes, genes, prob=1.0):
        np.testing.assert_array_equal(child, genes)


def test_crossover_with_probability_zero_changes_nothing():
    rng = np.random.default_rng(3)
    first, second = TOY.sample(30, rng=rng), TOY.sample(30, rng=rng)
    children = crossed(TOY, first, second, prob=0.0)
    np.testing.assert_array_equal(children[0], first)
    np.testing.assert_array_equal(children[1], second)


@settings(max_examples=15)
@given(st.integers(0, 1000), st.integers(0, 2**32 - 1))
def test_operations_of_children_come_from_parents_whatever_the_cuts(salt, seed):
    designs = DesignSpace(NasBench201(), (8, 32), ScatteredCuts(salt, 0.03, has_last=False))
    rng = np.random.default_rng(seed)
    first, second = designs.sample(20, rng=rng), designs.sample(20, rng=rng)
    for child in crossed(designs, first, second, seed=seed, prob=1.0):
        assert designs.is_valid(child).all()
        operations = slice(0, 6)
        is_own = child[:, operations] == first[:, operations]
        assert (is_own | (child[:, operations] == second[:, operations])).all()


# Mutation


def mutated(designs, genes, *, seed=0, **kwargs):
    operator = DesignMutation(**kwargs)
    pop = Population.new("X", genes)
    drawn = np.random.default_rng(seed)
    return operator.do(OnlyDesigns(designs), pop, inplace=False, random_state=drawn).get("X")


def test_mutation_with_probability_zero_changes_nothing():
    genes = TOY_WIDTHS.sample(200, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(mutated(TOY_WIDTHS, genes, prob=0.0), genes)


def test_mutation_without_any_rate_still_changes_one_operation():
    genes = TOY.sample(500, rng=np.random.default_rng(0))
    changed = mutated(TOY, genes, prob_var=0.0, prob_cut=0.0) != genes
    assert (changed.sum(axis=1) == 1).all()
    assert not changed[:, 6].any()
    assert changed[:, :6].any(axis=0).all()


def test_a_mutated_gene_takes_every_other_value_and_never_its_own():
    genes = np.tile([0, 1, 2, 3, 4, 0, 3, 1], (600, 1))
    result = mutated(TOY_WIDTHS, genes, prob_var=1.0, prob_cut=1.0, prob_landmark=1.0)
    for gene, choices in enumerate(TOY_WIDTHS.n_choices):
        assert set(result[:, gene]) == set(range(choices)) - {genes[0, gene]}


def test_mutation_resets_each_operation_with_the_probability_that_is_given():
    genes = TOY.sample(3000, rng=np.random.default_rng(0))
    changed = (mutated(TOY, genes, prob_var=1 / 6, prob_cut=1.0) != genes)[:, :6].mean()
    # 18000 genes: a standard deviation of sqrt(1/6 * 5/6 / 18000) = 0.0028
    assert abs(changed - 1 / 6) < 5 * 0.0028


@pytest.mark.parametrize("cut", range(7))
def test_a_moved_cut_is_another_cut(cut):
    """Also at either end of the network, where half of the near moves would lead outside."""
    genes = np.tile([0, 0, 0, 0, 0, 0, cut], (200, 1))
    result = mutated(TOY, genes, prob_var=0.0, prob_cut=1.0, prob_landmark=0.0)
    assert (result[:, 6] != cut).all()
    np.testing.assert_array_equal(result[:, :6], genes[:, :6])


def test_a_near_move_is_by_one_block_half_of_the_time():
    genes = np.tile([0, 0, 0, 0, 0, 0, 3], (2000, 1))
    result = mutated(TOY, genes, prob_var=0.0, prob_cut=1.0, prob_landmark=0.0)
    steps = result[:, 6] - 3
    # standard deviation of the share: sqrt(1/4 / 2000) = 0.011
    assert abs((np.abs(steps) == 1).mean() - 0.5) < 5 * 0.011
    assert abs((steps > 0).mean() - 0.5) < 5 * 0.011


def test_mutation_reaches_networks_one_edge_away_in_another_spelling():
    """One 3x3 convolution has many spellings; what to add to it depends on which is written."""
    designs = DesignSpace(NasBench201(), (8,), lambda ops, bits: np.ones((*bits.shape, 20), bool))
    start = designs.space.canonical(np.array([[3, 0, 0, 0, 1, 0]]))
    genes = np.tile([*start[0], 5], (4000, 1))
    found = {tuple(row) for row in designs.space.canonical(mutated(designs, genes)[:, :6])}
    # A 1x1 behind it, a 1x1 before it, a 1x1 beside it: each one reset away from some spelling.
    for cell in ([3, 0, 0, 0, 2, 0], [2, 0, 0, 0, 3, 0], [3, 0, 0, 2, 1, 0]):
        assert tuple(designs.space.canonical(np.array([cell]))[0]) in found


def test_a_mutation_that_leaves_no_valid_cut_is_undone():
    """Only one network may be cut: every change of an operation loses all cuts."""
    only = np.array([3, 1, 2, 4, 1, 3])
    rule = lambda ops, bits: np.tile((ops == only).all(axis=1)[:, None, None], (1, 1, 20))  # noqa: E731
    designs = DesignSpace(NasBench201(), (8,), rule)
    only = designs.space.canonical(only[None])[0]
    genes = np.tile([*only, 5], (40, 1))
    np.testing.assert_array_equal(mutated(designs, genes, prob_var=1.0, prob_cut=0.0), genes)


# Repair


@settings(max_examples=15)
@given(st.integers(0, 1000), st.integers(0, 2**32 - 1))
def test_repair_makes_any_real_numbers_valid_designs(salt, seed):
    designs = DesignSpace(NasBench201(), (8, 32), ScatteredCuts(salt, 0.05, has_last=False))
    rng = np.random.default_rng(seed)
    messy = rng.normal(2, 9, size=(20, 8))
    result = CutRepair().do(OnlyDesigns(designs), Population.new("X", messy), random_state=rng)
    assert result.get("X").dtype == np.int64
    assert designs.is_valid(result.get("X")).all()


def test_repair_rounds_and_clips():
    messy = np.array([[0.4, 0.6, -3.0, 9.0, 2.0, 3.49, 6.7]])
    result = CutRepair().do(OnlyDesigns(TOY), Population.new("X", messy)).get("X")
    assert result.tolist() == [[0, 1, 0, 4, 2, 3, 6]]


def test_repair_leaves_valid_designs_alone():
    genes = TOY.sample(50, rng=np.random.default_rng(0))
    result = CutRepair().do(OnlyDesigns(TOY), Population.new("X", genes)).get("X")
    np.testing.assert_array_equal(result, genes)


@pytest.mark.parametrize(
    "options",
    [
        {"repair": CutRepair(), "crossover": SBX(), "mutation": PM()},
        # pymoo's operators hand no generator to a repair of their own
        {
            "crossover": SBX(vtype=float, repair=CutRepair()),
            "mutation": PM(vtype=float, repair=CutRepair()),
        },
    ],
    ids=["of the algorithm", "of the operators"],
)
def test_operators_of_pymoo_run_with_our_repair(options):
    algorithm = NSGA2(pop_size=10, sampling=DesignSampling(), **options)
    result = minimize(Staircase(), algorithm, ("n_gen", 5), seed=1)
    genes = result.algorithm.pop.get("X").astype(np.int64)
    assert result.problem.designs.is_valid(genes).all()


def test_repair_mends_designs_drawn_without_knowing_of_cuts():
    algorithm = NSGA2(pop_size=20, sampling=IntegerRandomSampling(), repair=CutRepair())
    result = minimize(Staircase(), algorithm, ("n_gen", 1), seed=1)
    assert (result.algorithm.pop.get("X")[:, 6] >= 1).all()


# Duplicates


@settings(max_examples=20)
@given(design_spaces(has_last=False), st.integers(1, 8), st.integers(0, 2**32 - 1))
def test_what_passes_are_some_of_the_designs_that_came(designs, n, seed):
    try:
        genes = designs.sample(n, rng=np.random.default_rng(seed))
    except ConfigError:
        assume(False)
    genes.flags.writeable = False  # a change of the input is an error at once
    passed = kept(designs, genes, known=[])
    assert {tuple(row) for row in passed} <= {tuple(row) for row in genes.tolist()}
    assert len(passed) == len(np.unique(designs.canonical(genes), axis=0))


def kept(designs, genes, *, known, others=()):
    """Return the designs that pass, given canonical designs known to the run."""
    seen = {tuple(row) for row in known}
    operator = CanonicalDuplicates(
        canonical=designs.canonical,
        is_known=lambda rows: np.array([tuple(row) in seen for row in rows.tolist()], dtype=bool),
    )
    against = [Population.new("X", np.array(other)) for other in others]
    passed = operator.do(Population.new("X", np.array(genes)), *against)
    return [individual.X.tolist() for individual in passed]


CELLS = DesignSpace(NasBench201(), (8,), lambda ops, bits: np.ones((*bits.shape, 20), dtype=bool))
CHAIN, SWAPPED = [3, 0, 0, 0, 2, 0], [0, 3, 0, 0, 0, 2]  # one network in two spellings
CANONICAL_CHAIN = CELLS.canonical(np.array([[*CHAIN, 4]]))[0].tolist()


def test_a_design_evaluated_at_any_time_is_dropped_however_it_is_written():
    genes = [[*CHAIN, 4], [*CHAIN, 5], [*SWAPPED, 4]]
    assert kept(CELLS, genes, known=[CANONICAL_CHAIN]) == [[*CHAIN, 5]]


def test_the_first_of_several_spellings_in_a_batch_is_kept():
    genes = [[*SWAPPED, 4], [*CHAIN, 5], [*CHAIN, 4], [*SWAPPED, 4]]
    assert kept(CELLS, genes, known=[]) == [[*SWAPPED, 4], [*CHAIN, 5]]


def test_a_design_in_any_other_population_is_dropped():
    genes = [[*CHAIN, 4], [*CHAIN, 5], [*CHAIN, 6], [*SWAPPED, 8]]
    others = ([[*SWAPPED, 4], [*CHAIN, 8]], [[*SWAPPED, 6], [*SWAPPED, 7]])
    assert kept(CELLS, genes, known=[], others=others) == [[*CHAIN, 5]]


def test_nothing_is_left_of_a_batch_of_known_designs():
    assert kept(CELLS, [[*CHAIN, 4], [*SWAPPED, 4]], known=[CANONICAL_CHAIN]) == []
