"""What a rule is, and those that every function of rows must keep."""

from collections.abc import Callable
from typing import Any

import numpy as np

#: A rule, and a function of (number of rows, seed) that raises where it is broken.
Rule = tuple[str, Callable[[int, int], None]]


class BrokenRuleError(AssertionError):
    """A plug-in does not do what its table promises."""


class UncheckedError(Exception):
    """A rule cannot be asked of this plug-in; says why."""


def require(is_met: bool, fault: str) -> None:
    """Raise where a rule is broken."""
    if not is_met:
        raise BrokenRuleError(fault)


def require_same(one: Any, other: Any, what: str) -> None:
    """Require two arrays to be equal, up to rounding in the last digits."""
    is_same = np.shape(one) == np.shape(other) and np.allclose(one, other, rtol=1e-9, atol=1e-12)
    require(bool(is_same), what)


def row_rules(
    name: str, draw: Callable[[int, int], Any], function: Callable[[Any], Any]
) -> list[Rule]:
    """Return the rules of whatever maps rows to rows: again the same, in any order, one by one.

    Args:
        name: What is mapped, for messages.
        draw: Gives rows, from their number and a seed.
        function: Of the rows.
    """

    def again(n: int, seed: int) -> None:
        rows = draw(n, seed)
        require_same(function(rows), function(rows), f"{name} differ from call to call")

    def order(n: int, seed: int) -> None:
        rows = draw(n, seed)
        turned = np.random.default_rng(seed).permutation(len(rows))
        require_same(
            function(rows[turned]), function(rows)[turned], f"{name} depend on the order of rows"
        )

    def single(n: int, seed: int) -> None:
        rows = draw(n, seed)
        alone = np.concatenate([function(rows[i : i + 1]) for i in range(len(rows))])
        require_same(alone, function(rows), f"{name} of a row depend on the other rows")

    return [
        (f"{name}: the same again", again),
        (f"{name}: whatever the order of rows", order),
        (f"{name}: row by row as all at once", single),
    ]
