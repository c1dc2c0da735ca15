"""Bounds: what columns of designs may be at most, by how much designs miss them, and in words.

A bound on a predicted column can be drawn in by a margin, a share of what the prediction is off:
a design that keeps to the tighter limit keeps to the stated one though it were that much worse.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evonasc.arrays import BoolArray, FloatArray
from evonasc.errors import ConfigError, UnknownNameError
from evonasc.field_types import require_types
from evonasc.parsing import UNITS, quantity

Columns = Mapping[str, FloatArray]


@dataclass(frozen=True)
class Bound:
    """What a column may be at most.

    Raises:
        ConfigError: The limit is no number, or the margin leaves nothing of it.

    Example:
        >>> str(Bound("latency_ms", 25.0)), str(Bound("latency_ms", 25.0, margin=0.04))
        ('latency_ms <= 25', 'latency_ms <= 24 (25 less 4 %)')
    """

    #: Name of the column, or words of it that no other column has.
    column: str
    #: Greatest value allowed, as stated.
    limit: float
    #: Share of the limit that is taken off it.
    margin: float = 0.0

    def __post_init__(self) -> None:
        require_types(self)
        if not np.isfinite(self.limit):
            raise ConfigError(f"The limit of {self.column} must be a number, got {self.limit}.")
        if not 0 <= self.margin < 1:
            raise ConfigError(
                f"The margin of {self.column} must leave something of the limit, got "
                f"{self.margin:.3g} of it. Give a smaller --margin."
            )

    @property
    def at_most(self) -> float:
        """Greatest value allowed, the margin taken off."""
        return self.limit - self.margin * abs(self.limit)

    def __str__(self) -> str:
        less = f" ({self.limit:.6g} less {100 * self.margin:.3g} %)" if self.margin else ""
        return f"{self.column} <= {self.at_most:{'.4g' if self.margin else '.6g'}}{less}"


def read_bounds(texts: Iterable[str]) -> tuple[Bound, ...]:
    """Read ``COLUMN=VALUE``, one bound a text; a unit of the value is a word of the column.

    Raises:
        ConfigError: Another text, or a value that is no finite number.

    Example:
        >>> print(*read_bounds(("latency_ms=25", "memory=1.5MB", "error=30%")), sep=", ")
        latency_ms <= 25, memory bytes <= 1.5e+06, error <= 0.3
    """
    bounds = []
    for text in texts:
        name, _, value = text.rpartition("=")  # a column of a file in hand has a colon
        try:
            if not name.strip():
                raise ValueError("it names no column")
            limit, unit = quantity(value)
        except ValueError as error:
            raise ConfigError(f"max must be COLUMN=VALUE, got {text!r}: {error}.") from error
        column = name.strip()
        has_unit = not unit or unit in column.split("_")
        bounds.append(Bound(column if has_unit else f"{column} {unit}", limit))
    return tuple(bounds)


def named(bounds: Iterable[Bound], known: Sequence[str]) -> list[str]:
    """Return the column that each bound is about: of its name, or with its words in its name.

    Raises:
        UnknownNameError: No column has the name or the words.
        ConfigError: Several columns have the words, or two bounds are about one column.

    Example:
        >>> named([Bound("p95", 25.0)], ["error", "latency_ms", "latency_p95_ms"])
        ['latency_p95_ms']
    """
    columns = [_column(bound.column, known) for bound in bounds]
    for name in columns:
        if columns.count(name) > 1:
            raise ConfigError(f"A column must have one bound, got several for {name}.")
    return columns


def _column(word: str, known: Sequence[str]) -> str:
    """Return the column with that name, or with these words in its name."""
    if word in known:
        return word
    words = set(word.replace(" ", "_").split("_"))
    found = [name for name in known if words <= set(name.split("_"))]
    bare, _, unit = word.rpartition(" ")
    others = [name for name in known if bare and set(bare.split("_")) <= set(name.split("_"))]
    if not found and unit in UNITS and others:
        wanted = " or ".join(f"{_unit_of(name)} for {name}" for name in others)
        raise ConfigError(f"A bound must be in {wanted}, got one in {unit}.")
    if not found:
        raise UnknownNameError("column", word, known)
    if len(found) > 1:
        raise ConfigError(
            f"A bound must name one column, got {word!r}, which may be {', '.join(found)}."
        )
    return found[0]


def _unit_of(column: str) -> str:
    """Return the unit that a column's name ends in."""
    last = column.rpartition("_")[2]
    return last if last in UNITS else "no unit"


def excesses(columns: Columns, bounds: Sequence[Bound]) -> FloatArray:
    """Return by how much designs miss bounds, in units of their limits, ``(n, n_bounds)``.

    At most 0 where a bound is kept; a limit of 0 counts in the column's own unit.

    Raises:
        UnknownNameError: A bound on no column.
    """
    if not columns:  # no designs
        return np.zeros((0, len(bounds)))
    result = np.zeros((len(next(iter(columns.values()))), len(bounds)))
    for place, bound in enumerate(bounds):
        if bound.column not in columns:
            raise UnknownNameError("column", bound.column, columns)
        result[:, place] = (columns[bound.column] - bound.at_most) / (abs(bound.at_most) or 1.0)
    return result


def is_within(columns: Columns, bounds: Sequence[Bound]) -> BoolArray:
    """Tell which designs keep to all bounds, ``(n,)``; raises as :func:`excesses` does."""
    within: BoolArray = np.logical_and.reduce(excesses(columns, bounds) <= 0, axis=1)
    return within


def violations(columns: Columns, bounds: Sequence[Bound]) -> FloatArray:
    """Return by how much designs miss all bounds together, ``(n,)``; 0 where they keep to them.

    The sum of the excesses above 0: what constraint domination compares (Deb et al. 2002, NSGA-II,
    section VI).
    """
    total: FloatArray = np.maximum(excesses(columns, bounds), 0.0).sum(axis=1)
    return total


def in_words(bounds: Sequence[Bound]) -> str:
    """Write bounds for titles, tables and sentences; nothing for none.

    Example:
        >>> in_words([Bound("latency_ms", 25.0), Bound("energy_mj", 50.0)])
        'latency_ms <= 25 and energy_mj <= 50'
    """
    return " and ".join(map(str, bounds))


@dataclass(frozen=True)
class NearMiss:
    """The design that comes nearest to bounds that none keeps to."""

    #: Its row.
    row: int
    #: What it misses: each bound, the design's value, and how far that lies beyond.
    missed: tuple[tuple[Bound, float, float], ...]

    def __str__(self) -> str:
        return " and ".join(
            f"{bound.column} by {beyond:.4g} ({value:.6g})" for bound, value, beyond in self.missed
        )


def nearest_miss(columns: Columns, bounds: Sequence[Bound]) -> NearMiss | None:
    """Return the design that misses bounds by the least in all; None where one keeps to them.

    Of several as near, the first. None for no designs, too.
    """
    missed_by = violations(columns, bounds)
    if len(missed_by) == 0 or (missed_by == 0).any():
        return None
    row = int(missed_by.argmin())
    values = [(bound, float(columns[bound.column][row])) for bound in bounds]
    missed = [(bound, value, value - bound.at_most) for bound, value in values]
    return NearMiss(row, tuple(one for one in missed if one[2] > 0))
