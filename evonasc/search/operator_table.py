"""The table of operators that evolutionary searches can use, and a check of what they make.

An operator is a pymoo ``Sampling``, ``Crossover`` or ``Mutation`` class, or a function without
arguments that returns one. It sees a problem through ``problem.designs`` and must return valid
designs; what it returns is checked, since a design that is not allowed could end on the front.
"""

from typing import Any

import numpy as np
from pymoo.core.crossover import Crossover
from pymoo.core.mutation import Mutation
from pymoo.core.repair import Repair
from pymoo.core.sampling import Sampling

from evonasc.arrays import BoolArray, IntArray
from evonasc.errors import ConfigError, PluginError
from evonasc.plugins import Registry
from evonasc.search.algorithms import ALGORITHMS
from evonasc.search.config import SearchConfig

#: What kind of operator a search asks for, by the option that names it.
KINDS: dict[str, type] = {"crossover": Crossover, "mutation": Mutation, "sampling": Sampling}

#: The operators; names of pymoo's classes need an adapter, see ``docs/plugins.md``.
OPERATORS = Registry(
    "operator",
    "operators",
    {
        "design-crossover": (
            "evonasc.operators:DesignCrossover",
            "children take whole building blocks from either parent",
        ),
        "design-mutation": (
            "evonasc.operators:DesignMutation",
            "a few genes anew, the cut moved, kept valid",
        ),
        "design-sampling": (
            "evonasc.operators:DesignSampling",
            "valid designs, most cut where the payload changes",
        ),
    },
)

#: Built-in algorithms that use operators.
EVOLVING = ("deap-nsga2", "moead", "nsga2", "nsga3", "sms-emoa")


def operator(name: str, *, kind: str) -> Any:
    """Return a fresh operator.

    Args:
        name: In the table, or ``package.module:class``.
        kind: One of ``KINDS``.

    Raises:
        UnknownNameError: No such operator.
        PluginError: It is another package's, and broken.
        ConfigError: It is one of another kind.
    """
    made = OPERATORS.make(name)
    if not isinstance(made, tuple(KINDS.values())):
        raise OPERATORS.broken(
            OPERATORS.entry(name),
            f"it must give a pymoo Sampling, Crossover or Mutation, got {type(made).__name__}",
        )
    if not isinstance(made, KINDS[kind]):
        raise ConfigError(f"{kind} must name a {kind}, got {name!r}, a {kind_of(made)}.")
    return made


def kind_of(made: object) -> str:
    """Return the kind of an operator, one of ``KINDS``.

    Raises:
        PluginError: It is none.
    """
    for kind, base in KINDS.items():
        if isinstance(made, base):
            return kind
    raise PluginError(
        f"An operator must be a pymoo Sampling, Crossover or Mutation, got {type(made).__name__}."
    )


def operators_of(config: SearchConfig) -> dict[str, Any]:
    """Return fresh operators by kind, as a search is told."""
    return {kind: operator(getattr(config, kind), kind=kind) for kind in KINDS}


def are_own(config: SearchConfig) -> bool:
    """Tell whether all operators of a search are evonasc's, which need no check."""
    return all(OPERATORS.is_own(getattr(config, kind)) for kind in KINDS)


def foreign_parts(config: SearchConfig) -> list[str]:
    """Return the names of the algorithm and operators that are not evonasc's."""
    names = [] if config.algorithm in ALGORITHMS else [config.algorithm]
    return names + [name for kind in KINDS if not OPERATORS.is_own(name := getattr(config, kind))]


def require_operators(config: SearchConfig) -> None:
    """Refuse operators for an algorithm that uses none.

    Raises:
        ConfigError: It does.
    """
    given = [kind for kind in KINDS if getattr(config, kind) != getattr(SearchConfig, kind)]
    if given and config.algorithm in ALGORITHMS and config.algorithm not in EVOLVING:
        raise ConfigError(
            f"{' and '.join(given)} must be used with one of {', '.join(EVOLVING)}, got "
            f"{config.algorithm!r}, which uses no operators. Leave out --{given[0]}."
        )


def require_valid(genes: Any, *, problem: Any, config: SearchConfig) -> IntArray:
    """Return designs that operators made as ``(n, n_genes)`` int64, none of them forbidden.

    Raises:
        PluginError: They are no integers, out of range, or cut where that is not allowed.
    """
    names = ", ".join(name for kind in KINDS if not OPERATORS.is_own(name := getattr(config, kind)))
    designs, array = problem.designs, np.asarray(genes)
    is_whole = array.ndim == 2 and array.shape[1] == designs.n_genes
    if is_whole and array.dtype == object:  # pymoo's own container of rows
        array = np.array(array.tolist())
    if not is_whole or not np.issubdtype(array.dtype, np.integer):
        raise PluginError(
            f"The operators ({names}) must make integers of shape (n, {designs.n_genes}), got "
            f"{array.dtype} of shape {array.shape}."
        )
    in_range = (array >= 0) & (array < np.array(designs.n_choices))
    is_inside: BoolArray = np.logical_and.reduce(in_range, axis=1)
    is_inside[is_inside] = designs.is_valid(array[is_inside])
    if not is_inside.all():
        row = array[np.flatnonzero(~is_inside)[0]].tolist()
        raise PluginError(
            f"The operators ({names}) must make valid designs, got {row}. Mend what they make with "
            "problem.designs.repair; `evonasc check-plugin` says which of them fails."
        )
    return array.astype(np.int64)


class ValidOnly(Repair):
    """Checks what the operators of other packages make, then repairs as the search is told.

    Args:
        inner: The repair of the search.
        config: Names the operators.
    """

    def __init__(self, inner: Repair, config: SearchConfig) -> None:
        super().__init__()
        self._inner, self._config = inner, config

    def _do(self, problem: Any, X: Any, **kwargs: Any) -> Any:
        """Map ``(n, n_genes)`` valid designs to as many valid designs."""
        genes = require_valid(X, problem=problem, config=self._config)
        return self._inner._do(problem, genes, **kwargs)
