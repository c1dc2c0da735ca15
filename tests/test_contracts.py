"""The contract of each table, on everything the tables hold, and on parts that break it."""

import numpy as np
import pytest
from pymoo.core.mutation import Mutation
from pymoo.core.problem import Problem

from evonasc.cli import main
from evonasc.contracts.checking import _RULES, check, kinds_of
from evonasc.contracts.kinds import KINDS, tables_of
from evonasc.cost.scenario import Scenario
from evonasc.errors import ConfigError, UnknownNameError
from evonasc.nasbench201 import BENCHMARK
from evonasc.search.algorithms import ALGORITHMS, algorithm

# Slow ones have tests of their own: what trains, and what reads the scores of every network.
SLOW = {"split-nas"} | {name for name in ALGORITHMS if algorithm(name).trains}
TABLES = {kind: tables_of(kind, BENCHMARK)[0] for kind in KINDS}
HELD = [
    (kind, name)
    for kind in KINDS
    if kind not in ("errors", "links", "objectives")
    for name in TABLES[kind]
    if name not in SLOW | {"exact"}
]
HELD += [pytest.param("algorithms", "exact", marks=pytest.mark.slow)]  # lists all designs, often
HELD += [
    (kind, name)
    for kind in ("links", "objectives")
    for name in TABLES[kind]
    if not TABLES[kind].is_built_in(name)
]


@pytest.mark.parametrize(("kind", "name"), HELD)
def test_everything_in_the_tables_keeps_its_contract(kind, name):
    """Parts of other packages too, where some are installed."""
    assert [one for one in check(kind, name, n_cases=3) if one.fault] == []


class Forgetful(Mutation):
    """Forgets the cut, draws where it must not, and leaves the range."""

    def _do(self, problem, X, *, random_state, **kwargs):
        made = X.copy()
        made[:, -1] = np.random.randint(99)  # noqa: NPY002
        return made


class FirstLinkOnly(Mutation):
    """Knows of one cut."""

    def _do(self, problem, X, *, random_state, **kwargs):
        made, first = X.copy(), problem.designs.split_genes.start
        allowed = problem.designs.valid_cuts(X)[:, 0]
        made[:, first] = (allowed * random_state.random(allowed.shape)).argmax(axis=1)
        return made


class Restless(Problem):
    """Another answer every time."""

    n_calls = 0

    def __init__(self):
        super().__init__(n_var=2, n_obj=1, xl=0, xu=3, vtype=int)

    def _evaluate(self, x, out, *args, **kwargs):
        Restless.n_calls += 1
        out["F"] = np.arange(len(x))[:, None] + float(Restless.n_calls)


def restless(config):
    return Restless()


TINY = Scenario(max_head_memory_bytes=1.0)
ELSEWHERE = Scenario(head_hardware="raspi44")


def batch_mean(genes, designs, columns):
    """Depends on the other rows."""
    return columns["error"] - columns["error"].mean()


def faults(kind, name):
    return {one.rule: one.fault for one in check(kind, f"{__name__}:{name}", n_cases=5)}


@pytest.mark.slow
def test_a_mutation_that_breaks_rules_is_told_which():
    found = faults("operators", "Forgetful")
    assert "genes out of range" in found["mutation: every gene in range"]
    assert "other designs" in found["mutation: the same seed, the same designs"]
    assert "generator it is given" in found["the global random states are left alone"]
    assert not found["mutation: survives pickling"]


@pytest.mark.slow
def test_a_mutation_that_knows_of_one_link_alone_is_told_so():
    found = faults("operators", "FirstLinkOnly")
    assert "forbidden cuts" in found["mutation: every cut allowed"]
    assert not found["mutation: every gene in range"]


def test_every_kind_has_rules():
    assert set(_RULES) == set(KINDS)


def test_machines_and_errors_of_the_space_are_found_without_their_kind():
    assert kinds_of("raspi4", kind=None) == ["hardware"]
    assert kinds_of("joined", kind=None) == kinds_of("table", kind=None) == ["errors"]


def test_what_cannot_be_asked_of_an_algorithm_that_trains_is_said(capsys):
    findings = check("algorithms", "gdas", n_cases=2)
    assert not [one for one in findings if one.fault]
    assert ["trains weights" in one.skipped for one in findings] == [True, True]
    assert main(["check-plugin", "gdas", "--cases", "2"]) == 0
    said = capsys.readouterr().out
    assert "2 rules cannot be checked" in said
    assert "All rules hold" not in said


def test_a_scenario_that_leaves_no_cut_or_names_unknown_machines_is_told_so():
    found = faults("scenarios", "TINY")
    assert "leaves no valid cut" in found["designs: some cut is allowed, every latency positive"]
    rule = "machines and link: known for the space, and where they come from"
    assert not found[rule]
    assert "Unknown hardware 'raspi44'" in faults("scenarios", "ELSEWHERE")[rule]


def test_a_problem_that_depends_on_time_and_place_is_told_so():
    found = faults("problems", "restless")
    assert "differ from call to call" in found["objectives: the same again"]
    assert found["objectives: whatever the order of rows"]
    assert not found["genes: not changed"]


def test_an_objective_that_looks_at_other_rows_is_told_so():
    found = faults("objectives", "batch_mean")
    assert "depend on the other rows" in found["values: row by row as all at once"]
    assert not found["values: finite, one a design, columns unchanged"]


@pytest.mark.slow
def test_the_command_says_what_fails_and_ends_in_one(capsys):
    name = f"{__name__}:batch_mean"
    assert main(["check-plugin", name, "--kind", "objectives", "--cases", "3"]) == 1
    assert "1 rules are broken" in capsys.readouterr().out
    assert main(["check-plugin", "design-sampling", "--cases", "2"]) == 0
    assert "All rules hold" in capsys.readouterr().out


def test_what_cannot_be_checked_is_refused():
    with pytest.raises(UnknownNameError, match="Unknown plug-in 'nsga22'"):
        kinds_of("nsga22", kind=None)
    with pytest.raises(ConfigError, match="Give --kind"):
        kinds_of("mine:thing", kind=None)
    with pytest.raises(ConfigError, match="is an objective of evonasc"):
        check("objectives", "error")
