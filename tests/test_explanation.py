import itertools

import numpy as np
import pytest

from evonasc.analysis.explanation import effects, single_changes
from evonasc.bounds import Bound
from evonasc.cost.scenario import Scenario
from evonasc.nasbench201 import BENCHMARK
from evonasc.nasbench201.cells import (
    CONV3X3,
    NONE,
    POOL,
    SKIP,
)
from evonasc.problems import SplitNasProblem


@pytest.fixture(scope="module")
def problem(nasbench, table_errors):
    scenario = Scenario(payload_bits=(4, 8), min_split=2)
    return SplitNasProblem(BENCHMARK, scenario, table_errors)


@pytest.fixture
def design(problem):
    genes = np.array([[CONV3X3, SKIP, POOL, NONE, SKIP, CONV3X3, 7, 1]])
    return problem.designs.canonical(genes)[0]


def differing(one, other):
    return [gene for gene, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]


def test_every_other_cut_and_width_is_a_change(problem, design):
    changes = single_changes(design, problem.designs)
    # cuts 2 to 19, one of them its own; that of all local needs no width: 8 bits are 4 there
    assert sum(change.gene == "cut" for change in changes) == 17
    (bits,) = [change for change in changes if change.gene == "bits"]
    assert (bits.before, bits.after) == ("8", "4")


def test_every_operation_that_gives_another_network_is_a_change(problem, design):
    changes = single_changes(design, problem.designs)
    found = {change.genes for change in changes if change.gene.startswith("edge")}
    expected = set()
    for gene, value in itertools.product(range(6), range(5)):
        changed = design.copy()[None]
        changed[0, gene] = value
        if problem.designs.is_valid(changed)[0]:
            expected.add(tuple(problem.designs.canonical(changed)[0].tolist()))
    assert found == expected - {tuple(design.tolist())}
    assert len(found) > 15


def test_changes_are_allowed_and_differ_and_none_comes_twice(problem, rng):
    for genes in problem.designs.canonical(problem.designs.sample(20, rng=rng)):
        changes = single_changes(genes, problem.designs)
        rows = np.array([change.genes for change in changes])
        assert problem.designs.is_valid(rows).all()
        assert len(np.unique(rows, axis=0)) == len(rows)
        assert not (rows == genes).all(axis=1).any()


def test_changes_are_named_as_people_read_them(problem, design):
    words = {(c.gene, c.before, c.after) for c in single_changes(design, problem.designs)}
    assert ("edge 0-1", "3x3 conv", "skip") in words
    assert ("cut", "7", "8 cell 2.1") in words
    assert ("cut", "7", "19 all local") in words


def test_effects_are_differences_of_the_problems_objectives(problem, design):
    changes = single_changes(design, problem.designs)
    front = np.array([[0.0, 0.0]])
    before = problem.objective_values(problem.columns(design[None]))[0]
    for effect in effects(design, changes, problem=problem, front=front):
        genes = np.array([effect.change.genes])
        point = problem.objective_values(problem.columns(genes))[0]
        np.testing.assert_array_equal(effect.point, point)
        np.testing.assert_allclose(effect.difference, point - before)


def test_verdicts_are_those_of_the_front(problem, design):
    changes = single_changes(design, problem.designs)[:1]
    (effect,) = effects(design, changes, problem=problem, front=np.array([[2.0, 1e9]]))
    point = effect.point
    worse, other = point + np.array([0.1, 0.0]), point + np.array([0.1, -0.1])
    cases = {
        "new, beats 2 of the front": [worse, point + 1],
        "new on the front": [other],
        "on the front": [point, other],
        "": [point - np.array([0.1, 0.0])],
    }
    for verdict, front in cases.items():
        (effect,) = effects(design, changes, problem=problem, front=np.array(front))
        assert effect.verdict == verdict


def test_a_change_beyond_a_bound_is_nothing_for_the_front(problem, design):
    changes = single_changes(design, problem.designs)
    (free, *_) = effects(design, changes, problem=problem, front=np.array([[2.0, 1e9]]))
    assert free.verdict == "new, beats 1 of the front"
    limit = float(free.point[1])
    for at_most, verdict in ((limit, free.verdict), (limit * 0.999, "misses a bound")):
        held = problem.within((Bound(problem.objectives[1], at_most),))
        found = effects(design, changes, problem=held, front=np.array([[2.0, 1e9]]))
        (same,) = [one for one in found if one.change == free.change]
        assert same.verdict == verdict


def test_those_that_help_throughout_come_first_then_objective_by_objective(problem, rng):
    seen = set()
    for genes in problem.designs.canonical(problem.designs.sample(30, rng=rng)):
        found = effects(
            genes, single_changes(genes, problem.designs), problem=problem, front=np.ones((1, 2))
        )
        kinds = [
            0
            if one.is_better_throughout
            else 1
            if one.difference[0] < 0
            else 2
            if one.difference[1] < 0
            else 3
            for one in found
        ]
        assert kinds == sorted(kinds)
        seen |= set(kinds)
        errors = [one.difference[0] for one, kind in zip(found, kinds, strict=True) if kind == 1]
        assert errors == sorted(errors)
    assert seen == {0, 1, 2, 3}
