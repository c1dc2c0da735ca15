"""The contract of each table, on everything the tables hold, and on parts that break it."""

import numpy as np
import pytest
from pymoo.core.mutation import Mutation
from pymoo.core.problem import Problem

from evonasc.cli import main
from evonasc.contracts.checking import TABLES, check, kinds_of
from evonasc.errors import ConfigError, UnknownNameError
from evonasc.search.algorithms import TRAINING

# Slow ones have tests of their own: what trains, and what reads the scores of every network.
HELD = [
    (kind, name)
    for kind in ("algorithms", "hardware", "operators", "problems", "spaces")
    for name in TABLES[kind]
    if name not in (*TRAINING, "split-nas")
]
HELD += [
    (kind, name)
    for kind in ("links", "objectives")
    for name in TABLES[kind]
    if not TABLES[kind].is_own(name)
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


def batch_mean(columns):
    """Depends on the other rows."""
    return columns["error"] - columns["error"].mean()


def faults(kind, name):
    return {one.rule: one.fault for one in check(kind, f"{__name__}:{name}", n_cases=5)}


def test_a_mutation_that_breaks_rules_is_told_which():
    found = faults("operators", "Forgetful")
    assert "genes out of range" in found["mutation: every gene in range"]
    assert "other designs" in found["mutation: the same seed, the same designs"]
    assert "generator it is given" in found["the global random states are left alone"]
    assert not found["mutation: survives pickling"]


def test_a_problem_that_depends_on_time_and_place_is_told_so():
    found = faults("problems", "restless")
    assert "differ from call to call" in found["objectives: the same again"]
    assert found["objectives: whatever the order of rows"]
    assert not found["genes: not changed"]


def test_an_objective_that_looks_at_other_rows_is_told_so():
    found = faults("objectives", "batch_mean")
    assert "depend on the other rows" in found["values: row by row as all at once"]
    assert not found["values: finite, one a design, columns unchanged"]


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
