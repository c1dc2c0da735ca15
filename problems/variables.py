"""The discrete variables of a pymoo problem, and the space of all their values.

A gene is the place of a variable's value among its choices, whatever the value is: a whole number,
a truth value, or any object of a list.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from pymoo.core.problem import Problem
from pymoo.core.variable import Binary, Choice, Integer

from evonasc.arrays import IntArray
from evonasc.errors import ConfigError, GenomeError
from evonasc.space.plain import PlainSpace

#: Designs, at most, that are listed to know the true front.
_MOST_LISTED = 50_000
#: Whole numbers up to here are told apart by floats, which pymoo keeps limits in.
_LARGEST = 2**53


@dataclass(frozen=True)
class Variable:
    """One discrete variable."""

    #: Name, for messages and for problems whose variables have names.
    name: str
    #: Number of values.
    n_choices: int
    #: The value at a place.
    value: Callable[[int], object]
    #: The values as text, without blanks, each another; None for whole numbers from ``lower``.
    labels: tuple[str, ...] | None = None
    #: Least value of whole numbers.
    lower: int = 0
    #: Place of each label.
    _places: dict[str, int] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._places.update({label: place for place, label in enumerate(self.labels or ())})

    def label(self, place: int) -> str:
        """Return the value at a place as text."""
        return str(self.lower + place) if self.labels is None else self.labels[place]

    def place(self, label: str) -> int:
        """Return the place of a value given as text.

        Raises:
            ValueError: There is none.
        """
        place = int(label) - self.lower if self.labels is None else self._places.get(label, -1)
        if not 0 <= place < self.n_choices:
            raise ValueError(label)
        return place


class VariableSpace(PlainSpace):
    """Discrete variables, each with values of its own; every choice is a design of its own."""

    name = "plain"
    block_names = ()
    cut_shapes = ((1, 1, 1),)
    network_word = "design"
    layer_membership = np.zeros((0, 0), dtype=np.int64)

    def __init__(self, variables: Sequence[Variable]) -> None:
        self.variables = tuple(variables)
        self.n_choices = tuple(variable.n_choices for variable in variables)
        self.gene_groups = tuple((gene,) for gene in range(len(self.variables)))
        self.bare_network = (0,) * len(self.variables)
        names = ", ".join(variable.name for variable in variables if variable.name)
        self.short_text_key = f"design: its variables {names}".rstrip()

    @property
    def gene_words(self) -> tuple[str, ...]:
        """Return the variables' names, or their numbers where they have none."""
        return tuple(
            one.name or f"variable {place}" for place, one in enumerate(self.variables, start=1)
        )

    def networks(self) -> IntArray | None:
        """Return every design, or None where they are more than 50,000."""
        if np.prod(np.array(self.n_choices, dtype=float)) > _MOST_LISTED:
            return None
        return super().networks()

    def sample(self, n: int, *, rng: np.random.Generator) -> IntArray:
        """Draw uniformly."""
        return rng.integers(np.array(self.n_choices), size=(n, len(self.n_choices)))

    def to_text(self, operations: IntArray) -> list[str]:
        """Write the values, blanks between."""
        return [
            " ".join(one.label(place) for one, place in zip(self.variables, row, strict=True))
            for row in self.check(operations).tolist()
        ]

    def choice_in_words(self, gene: int, value: int) -> str:
        """Return the variable's value."""
        return self.variables[gene].label(int(value))

    def from_text(self, texts: list[str]) -> IntArray:
        """Read values with blanks between.

        Raises:
            GenomeError: Other words, or values that a variable does not have.
        """
        n, rows = len(self.variables), []
        for text in texts:
            words = text.split()
            try:
                rows.append(
                    [one.place(word) for one, word in zip(self.variables, words, strict=True)]
                )
            except ValueError as error:
                raise GenomeError(
                    f"A design must be the values of {n} variables, got {text!r}."
                ) from error
        return np.array(rows, dtype=np.int64).reshape(-1, n)


def variables_of(problem: Problem) -> tuple[Variable, ...]:
    """Return the variables of a problem: those it names, or integers from ``xl`` to ``xu``.

    Raises:
        ConfigError: One of them is not discrete, or has no finite range.
    """
    by_name = vars(problem).get("vars")  # pymoo sets it only where it was given
    if by_name is not None:
        return tuple(_named(problem, str(name), one) for name, one in by_name.items())
    limits = [np.asarray(limit, dtype=float) for limit in (problem.xl, problem.xu)]
    is_fine = all(limit.shape == (problem.n_var,) and _is_whole(limit) for limit in limits)
    is_discrete = problem.vtype in (int, bool)
    if not is_discrete or not is_fine or (limits[1] < limits[0]).any():
        raise ConfigError(
            f"{type(problem).__name__} must have integer variables (vtype=int) between whole, "
            f"finite xl and xu, got vtype {problem.vtype}, xl {problem.xl}, xu {problem.xu}."
        )
    lower, upper = (limit.astype(np.int64).tolist() for limit in limits)
    return tuple(_whole("", *pair) for pair in zip(lower, upper, strict=True))


def values_of(problem: Problem, space: VariableSpace, operations: IntArray) -> np.ndarray:
    """Return what pymoo's problem evaluates: an array of values, or of dictionaries by name."""
    by_name = vars(problem).get("vars")
    if by_name is None:
        lower = np.array([variable.lower for variable in space.variables])
        numbers: IntArray = operations + lower
        return numbers.astype(bool) if problem.vtype is bool else numbers
    rows = np.empty(len(operations), dtype=object)
    for row, places in enumerate(operations.tolist()):
        values = [one.value(place) for one, place in zip(space.variables, places, strict=True)]
        rows[row] = dict(zip(by_name, values, strict=True))
    return rows


def _named(problem: Problem, name: str, variable: Any) -> Variable:
    """Return a variable of pymoo's as one with places."""
    if isinstance(variable, Binary):
        return Variable(name, 2, bool, labels=("False", "True"))
    if isinstance(variable, Choice) and variable.options is not None and len(variable.options):
        options = tuple(variable.options)
        labels = tuple("_".join(str(option).split()) for option in options)
        if len(set(labels)) == len(labels) and all(label.isprintable() for label in labels):
            return Variable(name, len(options), options.__getitem__, labels=labels)
    if isinstance(variable, Integer):
        limits = np.array([np.nan if one is None else one for one in variable.bounds], dtype=float)
        if _is_whole(limits) and limits[0] <= limits[1]:
            return _whole(name, int(limits[0]), int(limits[1]))
    shown = vars(variable).get("bounds", vars(variable).get("options"))
    raise ConfigError(
        f"{type(problem).__name__} must have variables that are Integer between whole, finite "
        f"bounds, Binary, or Choice of options that differ as text, got {name!r}: "
        f"{type(variable).__name__} {shown}. Offer a Choice of values."
    )


def _whole(name: str, lower: int, upper: int) -> Variable:
    """Return whole numbers in a range, both ends included."""
    return Variable(name, upper - lower + 1, lambda place: lower + place, lower=lower)


def _is_whole(limits: np.ndarray) -> bool:
    """Tell whether all limits are whole numbers that floats tell apart."""
    return bool((np.abs(limits) <= _LARGEST).all() and (limits % 1 == 0).all())
