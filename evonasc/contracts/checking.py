"""What every plug-in promises, as checks that say what fails.

``evonasc check-plugin`` runs them for an author, and evonasc's tests run them on everything its
tables hold, other packages' included. A check draws its cases by Hypothesis, the same ones each
time, and the smallest case that fails is named.
"""

import pickle
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evonasc.contracts.cost_rules import hardware_rules, link_rules, objective_rules
from evonasc.contracts.operator_rules import operator_rules
from evonasc.contracts.problem_rules import algorithm_rules, problem_rules
from evonasc.contracts.rules import Rule, require
from evonasc.contracts.space_rules import space_rules
from evonasc.cost.link_table import LINKS
from evonasc.cost.machines import MACHINES
from evonasc.cost.scenario import Scenario
from evonasc.errors import ConfigError, UnknownNameError
from evonasc.plugins import Registry, described
from evonasc.problems.objective_table import OBJECTIVES
from evonasc.runs.problem_table import PROBLEMS
from evonasc.search.algorithms import REGISTRY as ALGORITHMS
from evonasc.search.operator_table import OPERATORS
from evonasc.space import SPACES

#: Every table, by the last word of its group.
TABLES: dict[str, Registry] = {
    table.group: table
    for table in (ALGORITHMS, MACHINES, LINKS, OBJECTIVES, OPERATORS, PROBLEMS, SPACES)
}
#: Table -> the rules of a name in it.
_RULES: dict[str, Callable[[str, Scenario], list[Rule]]] = {
    "algorithms": lambda name, scenario: algorithm_rules(name),
    "hardware": lambda name, scenario: hardware_rules(name),
    "links": link_rules,
    "objectives": lambda name, scenario: objective_rules(name),
    "operators": lambda name, scenario: operator_rules(name),
    "problems": problem_rules,
    "spaces": lambda name, scenario: space_rules(name),
}


@dataclass(frozen=True)
class Finding:
    """What one check found."""

    #: The rule, a sentence.
    rule: str
    #: What broke it, one line; empty where it holds.
    fault: str


def kinds_of(name: str, *, kind: str | None) -> list[str]:
    """Return the tables that hold a name.

    Args:
        name: In a table, or ``package.module:object``, which needs a kind.
        kind: One of ``TABLES``; None for all that hold the name.

    Raises:
        UnknownNameError: No table holds it, or no such kind.
        ConfigError: An object in hand without a kind.
    """
    if kind is not None:
        if kind not in TABLES:
            raise UnknownNameError("kind of plug-in", kind, TABLES)
        return [kind]
    if ":" in name and name.partition(":")[0] not in LINKS:
        raise ConfigError(f"{name} must come with what it is. Give --kind {', '.join(TABLES)}.")
    found = [group for group, table in TABLES.items() if name.partition(":")[0] in table]
    if not found:
        known = {one for table in TABLES.values() for one in table}
        raise UnknownNameError("plug-in", name, known)
    return found


def check(
    kind: str, name: str, *, n_cases: int = 25, scenario: Scenario | None = None
) -> list[Finding]:
    """Check one plug-in, and return what each rule found.

    Args:
        kind: One of ``TABLES``.
        name: In that table, or ``package.module:object``; a link may come with its argument.
        n_cases: Cases a rule.
        scenario: What a problem is made for, and a link; the default one by default.

    Raises:
        UnknownNameError: No such name.
        PluginError: It cannot be loaded, or two packages use the name.
        ConfigError: A link or an objective of evonasc itself.
    """
    asked = Scenario() if scenario is None else scenario
    rules = _RULES[kind](name, asked)
    alone = ("the global random states are left alone", lambda n, seed: _draw_nothing(rules))
    return [
        *(Finding(rule, _fault(test, n_cases)) for rule, test in rules),
        Finding(alone[0], _fault(alone[1], 1)),
    ]


def _draw_nothing(rules: list[Rule]) -> None:
    """Require code that draws nothing from the random states that everybody shares."""
    before = pickle.dumps(np.random.get_state()), random.getstate()  # noqa: NPY002
    for _, test in rules:
        with suppress(Exception):  # told by its own rule
            test(3, 7)
    after = pickle.dumps(np.random.get_state()), random.getstate()  # noqa: NPY002
    require(
        before == after,
        "it draws from a global random state; use the generator it is given",
    )


def _fault(test: Callable[[int, int], None], n_cases: int) -> str:
    """Run a rule on drawn cases and return what broke it."""
    case = [0, 0]  # the last one drawn; where a rule is broken, Hypothesis ends with the smallest

    @settings(
        max_examples=n_cases,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.integers(1, 8), st.integers(0, 1000))
    def drawn(n: int, seed: int) -> None:
        case[:] = n, seed
        test(n, seed)

    try:
        drawn()
    except Exception as error:  # whatever the code of others does is what we are here to tell
        return f"{described(error)} (rows {case[0]}, seed {case[1]})"
    return ""
