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
from itertools import chain

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from evonasc.benchmark import DEFAULT_SPACE, Benchmark
from evonasc.contracts.cost_rules import (
    hardware_rules,
    link_rules,
    objective_rules,
    scenario_rules,
)
from evonasc.contracts.error_rules import error_rules
from evonasc.contracts.kinds import KINDS, tables_of
from evonasc.contracts.operator_rules import operator_rules
from evonasc.contracts.problem_rules import algorithm_rules, problem_rules, variation_rules
from evonasc.contracts.rules import Rule, UncheckedError, require
from evonasc.contracts.space_rules import space_rules
from evonasc.cost.link_table import LINKS
from evonasc.cost.scenario import Scenario
from evonasc.errors import ConfigError, UnknownNameError
from evonasc.plugins import described
from evonasc.runs.benchmarks import benchmark

#: Kind -> the rules of a name of it.
_RULES: dict[str, Callable[[str, Scenario, Benchmark], list[Rule]]] = {
    "algorithms": lambda name, scenario, benchmark: algorithm_rules(name),
    "errors": lambda name, scenario, benchmark: error_rules(name, benchmark),
    "hardware": lambda name, scenario, benchmark: hardware_rules(name, benchmark),
    "links": lambda name, scenario, benchmark: link_rules(name, scenario),
    "objectives": lambda name, scenario, benchmark: objective_rules(name, benchmark),
    "operators": lambda name, scenario, benchmark: operator_rules(name),
    "problems": lambda name, scenario, benchmark: problem_rules(name, scenario),
    "scenarios": lambda name, scenario, benchmark: scenario_rules(name, benchmark),
    "spaces": lambda name, scenario, benchmark: space_rules(name),
    "variations": lambda name, scenario, benchmark: variation_rules(name),
}


@dataclass(frozen=True)
class Finding:
    """What one check found."""

    #: The rule, a sentence.
    rule: str
    #: What broke it, one line; empty where it holds.
    fault: str = ""
    #: Why it could not be asked, one line; empty where it was.
    skipped: str = ""


def kinds_of(name: str, *, kind: str | None, space: str = DEFAULT_SPACE) -> list[str]:
    """Return the kinds of plug-in that a name stands for.

    Args:
        name: In a table, or ``package.module:object``, which needs a kind.
        kind: One of ``KINDS``; None for all whose tables hold the name.
        space: Whose machines and errors are looked through.

    Raises:
        UnknownNameError: No table holds it, or no such kind or space.
        ConfigError: An object in hand without a kind.
    """
    if kind is not None:
        if kind not in KINDS:
            raise UnknownNameError("kind of plug-in", kind, KINDS)
        return [kind]
    if ":" in name and name.partition(":")[0] not in LINKS:
        raise ConfigError(f"{name} must come with what it is. Give --kind {', '.join(KINDS)}.")
    chosen = benchmark(space)
    names = {one: {*chain(*tables_of(one, chosen))} for one in KINDS}
    found = [one for one in KINDS if name.partition(":")[0] in names[one]]
    if not found:
        known = set().union(*names.values())
        raise UnknownNameError("plug-in", name, known)
    return found


def check(
    kind: str,
    name: str,
    *,
    n_cases: int = 25,
    scenario: Scenario | None = None,
    space: str = DEFAULT_SPACE,
) -> list[Finding]:
    """Check one plug-in, and return what each rule found.

    Args:
        kind: One of ``KINDS``.
        name: In that table, or ``package.module:object``; a link may come with its argument.
        n_cases: Cases a rule.
        scenario: What a problem is made for, and a link; the default one by default.
        space: Whose networks machines, errors, objectives and scenarios are asked about.

    Raises:
        UnknownNameError: No such name.
        PluginError: It cannot be loaded, or two packages use the name.
        ConfigError: A link or an objective of evonasc itself.
    """
    asked = Scenario() if scenario is None else scenario
    rules = _RULES[kind](name, asked, benchmark(space))
    findings = [_finding(rule, test, n_cases) for rule, test in rules]
    if all(one.skipped for one in findings):
        return findings  # no code of the plug-in ran
    alone = "the global random states are left alone"
    return [*findings, _finding(alone, lambda n, seed: _draw_nothing(rules), 1)]


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


def _finding(rule: str, test: Callable[[int, int], None], n_cases: int) -> Finding:
    """Run a rule on drawn cases and return what broke it."""
    case = [0, 0]  # the last one drawn; where a rule is broken, Hypothesis ends with the smallest

    @settings(
        max_examples=n_cases,
        deadline=None,
        database=None,
        derandomize=True,
        phases=(Phase.generate, Phase.shrink),  # what it would explain beside is not shown
        suppress_health_check=list(HealthCheck),
    )
    @given(st.integers(1, 8), st.integers(0, 1000))
    def drawn(n: int, seed: int) -> None:
        case[:] = n, seed
        test(n, seed)

    try:
        drawn()
    except UncheckedError as error:
        return Finding(rule, skipped=str(error))
    except Exception as error:  # whatever the code of others does is what we are here to tell
        return Finding(rule, f"{described(error)} (rows {case[0]}, seed {case[1]})")
    return Finding(rule)
