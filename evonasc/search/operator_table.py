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

from evonasc.arrays import BoolArray
from evonasc.errors import ConfigError, PluginError
from evonasc.plugins import Registry
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


def operator(name: str, *, kind: str | None = None) -> tuple[Any, str]:
    """Return a fresh operator and its kind, one of ``KINDS``.

    Args:
        name: In the table, or ``package.module:class``.
        kind: That it must be of; None for any.

    Raises:
        UnknownNameError: No such operator.
        PluginError: It is another package's, and broken.
        ConfigError: It is one of another kind.
    """
    made = OPERATORS.make(name)
    found = next((one for one, base in KINDS.items() if isinstance(made, base)), None)
    if found is None:
        raise OPERATORS.broken(
            OPERATORS.entry(name),
            f"it must give a pymoo Sampling, Crossover or Mutation, got {type(made).__name__}",
        )
    if kind not in (None, found):
        raise ConfigError(f"{kind} must name a {kind}, got {name!r}, a {found}.")
    return made, found


def operators_of(config: SearchConfig) -> dict[str, Any]:
    """Return fresh operators by kind, as a search is told."""
    return {kind: operator(getattr(config, kind), kind=kind)[0] for kind in KINDS}


def foreign_operators(config: SearchConfig) -> list[str]:
    """Return the names of a search's operators that are not evonasc's, and so need a check."""
    return [name for kind in KINDS if not OPERATORS.is_built_in(name := getattr(config, kind))]


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
        """Map ``(n, n_genes)`` valid designs to as many valid designs.

        Raises:
            PluginError: They are no integers, out of range, or cut where that is not allowed.
        """
        names = ", ".join(foreign_operators(self._config))
        designs, array = problem.designs, np.asarray(X)
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
                f"The operators ({names}) must make valid designs, got {row}. Mend what they make "
                "with problem.designs.repair; `evonasc check-plugin` says which of them fails."
            )
        return self._inner._do(problem, array.astype(np.int64), **kwargs)
