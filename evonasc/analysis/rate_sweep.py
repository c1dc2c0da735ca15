"""Fronts over the rate of the uplink, from parts that are computed once.

At rate r the latency of a design is ``steady_ms + unit_ms / r``: head, tail and one-way delay on
one side, the time to send its payload at 1 Mbit/s on the other. So a design that another beats in
these two and in all that the rate does not change is on no front whatever the rate, and what is
left is a few hundred designs of tens of thousands.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from evonasc.arrays import BoolArray, FloatArray, IntArray
from evonasc.bounds import Bound, is_within
from evonasc.cost.columns import HEAD_ENERGY
from evonasc.cost.energy import DevicePower, device_power
from evonasc.cost.link import FixedLink
from evonasc.cost.scenario import Scenario
from evonasc.errors import ConfigError
from evonasc.front import non_dominated
from evonasc.runs.config import RunConfig
from evonasc.runs.prepare import path_of_run

#: Most rates of a sweep.
_MOST_RATES = 10_000
#: Columns that the time on a link is computed from.
NEEDED = ("error", "head_ms", "tail_ms", "payload_bytes")
#: Objectives that a link of one rate does not have, and those that its rate changes.
_OF_TRACES = ("latency_p95_ms", "miss_probability")
_OF_RATES = ("latency_ms", "uplink_ms", "energy_mj")
#: Halvings that find the rate from which on a design keeps to bounds.
_N_HALVINGS = 60


def rates_from_text(text: str) -> FloatArray:
    """Read ``LOW:HIGH`` or ``LOW:HIGH:COUNT``, Mbit/s: evenly spaced ratios, 25 by default.

    Raises:
        ConfigError: It is no such range.

    Example:
        >>> rates_from_text("1:100:3")
        array([  1.,  10., 100.])
    """
    words = text.split(":")
    try:
        if len(words) not in (2, 3):
            raise ValueError
        low, high = float(words[0]), float(words[1])
        count = int(words[2]) if len(words) == 3 else 25
    except ValueError as error:
        raise ConfigError(
            f"uplink_mbps must be LOW:HIGH or LOW:HIGH:COUNT, as in 1:100:25, got {text!r}."
        ) from error
    if not 1e-6 <= low < high <= 1e8:
        raise ConfigError(
            f"uplink_mbps must be a range LOW < HIGH in [1e-6, 1e8] Mbit/s, got {text!r}."
        )
    if not 2 <= count <= _MOST_RATES:
        raise ConfigError(f"uplink_mbps must have 2 to {_MOST_RATES} rates, got {count}.")
    return np.geomspace(low, high, count)


@dataclass(frozen=True)
class LinkParts:
    """What designs cost on a link of any rate; ``(n,)`` arrays."""

    #: Of the device; None where no energy is known.
    power: DevicePower | None
    #: Error, head time (ms), and whatever else the rate does not change, by name.
    fixed: dict[str, FloatArray]
    #: Head, tail and one-way delay, ms.
    steady_ms: FloatArray
    #: Time to send the payload at 1 Mbit/s, ms; 0 where nothing is sent.
    unit_ms: FloatArray
    #: Delay of what is sent, part of ``steady_ms``, ms.
    one_way_delay_ms: float = 0.0

    def latency_ms(self, mbps: float | FloatArray) -> FloatArray:
        """Return the latency at a rate, or at one a design, ms, ``(n,)``."""
        return self.steady_ms + self.unit_ms / mbps

    def rows(self, chosen: IntArray) -> "LinkParts":
        """Return the parts of some of the designs."""
        return LinkParts(
            self.power,
            {name: values[chosen] for name, values in self.fixed.items()},
            self.steady_ms[chosen],
            self.unit_ms[chosen],
            self.one_way_delay_ms,
        )

    def objective_values(self, mbps: float, objectives: Sequence[str]) -> FloatArray:
        """Return objectives at a rate, ``(n, n_obj)``."""
        return np.stack([self.column(name, mbps) for name in objectives], axis=1)

    def is_within(self, mbps: float | FloatArray, bounds: Sequence[Bound]) -> BoolArray:
        """Tell which designs keep to bounds at a rate, or each at its own, ``(n,)``."""
        columns = {bound.column: self.column(bound.column, mbps) for bound in bounds}
        if not columns:
            return np.ones(len(self.unit_ms), dtype=np.bool_)
        return is_within(columns, bounds)

    def within(self, mbps: float, bounds: Sequence[Bound]) -> IntArray:
        """Return the rows that keep to bounds at a rate."""
        return np.flatnonzero(self.is_within(mbps, bounds))

    def column(self, name: str, mbps: float | FloatArray) -> FloatArray:
        """Return a column at a rate, or at one a design, ``(n,)``."""
        if name == "latency_ms":
            return self.latency_ms(mbps)
        if name == "uplink_ms":
            delay = np.where(self.unit_ms > 0, self.one_way_delay_ms, 0.0)
            return self.unit_ms / mbps + delay
        if name == "energy_mj" and self.power is not None:
            return self._energy_mj(self.power, self.unit_ms / mbps, mbps=mbps)
        return self.fixed[name]

    def steady_mj(self) -> FloatArray:
        """Return the energy of all but sending, mJ, ``(n,)``; energies at any rate add to it.

        What they add grows with ``unit_ms``, and hangs on nothing else of a design.
        """
        if self.power is None:
            return self.fixed["energy_mj"]
        return self._energy_mj(self.power, np.zeros_like(self.unit_ms), mbps=1.0)

    def _energy_mj(
        self, power: DevicePower, sending_ms: FloatArray, *, mbps: float | FloatArray
    ) -> FloatArray:
        """Return the energy with so much sending, mJ."""
        head_ms = self.fixed["head_ms"]
        return power.energy_mj(
            head_ms,
            sending_ms,
            self.steady_ms + sending_ms - head_ms,
            mbps=mbps,
            head_mj=self.fixed.get(HEAD_ENERGY),
        )

    def lowest_mbps(self, bounds: Sequence[Bound], *, low: float, high: float) -> FloatArray:
        """Return the least rate of a range at which designs keep to bounds, ``(n,)``.

        From there on they keep to them: times and energies only fall as the rate rises. Infinite
        where the greatest rate is not enough.
        """
        falls_short, enough = np.full(len(self.unit_ms), low), np.full(len(self.unit_ms), high)
        at_all, throughout = self.is_within(high, bounds), self.is_within(low, bounds)
        for _ in range(_N_HALVINGS if (at_all & ~throughout).any() else 0):
            middle = np.sqrt(falls_short * enough)
            is_enough = self.is_within(middle, bounds)
            enough = np.where(is_enough, middle, enough)
            falls_short = np.where(is_enough, falls_short, middle)
        return np.where(throughout, low, np.where(at_all, enough, np.inf))


def link_parts(
    columns: dict[str, FloatArray], scenario: Scenario, *, power: DevicePower | None = None
) -> LinkParts:
    """Split what designs cost in a scenario into what the rate changes and what it does not.

    Args:
        columns: Of the designs, ``(n,)`` each.
        scenario: Gives the link but for its rate.
        power: Of the device, where energies are asked for.

    Raises:
        ConfigError: A column that is needed is missing.
    """
    missing = [name for name in NEEDED if name not in columns]
    if missing:
        raise ConfigError(
            "A sweep of rates needs the columns error, head_ms, tail_ms and payload_bytes, got "
            f"no {', '.join(missing)}. Use a run of the problem split-nas."
        )
    unit_link = FixedLink(replace(scenario, uplink_mbps=1.0, one_way_delay_ms=0.0))
    payload = columns["payload_bytes"]
    delay = np.where(payload > 0, scenario.one_way_delay_ms, 0.0)
    changed = (*_OF_RATES, *_OF_TRACES)
    return LinkParts(
        power,
        {name: values for name, values in columns.items() if name not in changed},
        columns["head_ms"] + columns["tail_ms"] + delay,
        unit_link.send_ms(payload),
        scenario.one_way_delay_ms,
    )


def parts_of_run(columns: dict[str, FloatArray], config: RunConfig) -> LinkParts:
    """Return the :func:`link_parts` of a run's designs, with its device's power for energies.

    Raises:
        ConfigError: A column that is needed is missing.
        EvonascError: A machine of the run cannot be had.
    """
    has_energy = "energy_mj" in columns
    power = device_power(config.scenario, path_of_run(config)) if has_energy else None
    return link_parts(columns, config.scenario, power=power)


def sweep_objectives(objectives: Sequence[str]) -> tuple[str, ...]:
    """Return a run's objectives that a link of one rate has, error and latency among them."""
    kept = [name for name in objectives if name not in _OF_TRACES]
    return tuple(dict.fromkeys([*kept, "error", "latency_ms"]))


def sweep_bounds(bounds: Sequence[Bound], *, deadline_ms: float | None) -> tuple[Bound, ...]:
    """Return a run's bounds as they are on a link of one rate.

    There every input takes the same time: the latency is that of 95 % of inputs too, and either
    all inputs miss a deadline or none does.

    Args:
        bounds: Of the run.
        deadline_ms: Of its scenario.

    Example:
        >>> print(*sweep_bounds([Bound("latency_p95_ms", 25.0)], deadline_ms=None))
        latency_ms <= 25
    """
    of_one_rate: list[Bound] = []
    for one in bounds:
        if one.column == "latency_p95_ms":
            of_one_rate.append(replace(one, column="latency_ms"))
        elif one.column != "miss_probability":
            of_one_rate.append(one)
        elif deadline_ms is not None and one.at_most < 1:
            of_one_rate.append(Bound("latency_ms", deadline_ms))
    return tuple(dict.fromkeys(of_one_rate))


def contenders(
    parts: LinkParts, objectives: Sequence[str], bounds: Sequence[Bound] = ()
) -> IntArray:
    """Return the rows that can be on a front at some rate; exact, no front loses a point.

    Args:
        parts: Of the designs.
        objectives: Of :func:`sweep_objectives`.
        bounds: Of :func:`sweep_bounds`.
    """
    wanted = (*objectives, *(bound.column for bound in bounds))
    names = [name for name in wanted if name not in _OF_RATES]
    table = [parts.fixed[name] for name in dict.fromkeys(names)]
    if "energy_mj" in wanted:
        table.append(parts.steady_mj())  # energy grows with it and unit_ms; uplink_ms with unit_ms
    points = np.stack([*table, parts.steady_ms, parts.unit_ms], axis=1)
    rows = parts.within(1.0, [bound for bound in bounds if bound.column not in _OF_RATES])
    return rows[non_dominated(points[rows])]


def front_at(
    parts: LinkParts, mbps: float, objectives: Sequence[str], bounds: Sequence[Bound] = ()
) -> IntArray:
    """Return the rows of the front at a rate, by rising first objective, one row a point.

    Of those that keep to the bounds at that rate; none where none does.
    """
    points, rows = parts.objective_values(mbps, objectives), parts.within(mbps, bounds)
    rows = rows[non_dominated(points[rows])]
    _, first = np.unique(points[rows], axis=0, return_index=True)
    return rows[first]


def best_rows(
    parts: LinkParts, rates: FloatArray, levels: FloatArray, bounds: Sequence[Bound] = ()
) -> IntArray:
    """Return the fastest design of at most an error, ``(n_levels, n_rates)``; -1 where none is.

    Of those that keep to the bounds at the rate.

    Args:
        parts: Of the designs.
        rates: ``(n_rates,)`` Mbit/s.
        levels: ``(n_levels,)`` errors.
        bounds: Of :func:`sweep_bounds`.
    """
    best = np.full((len(levels), len(rates)), -1, dtype=np.int64)
    for place, rate in enumerate(rates):
        front = front_at(parts, float(rate), ("error", "latency_ms"), bounds)  # by rising error
        if len(front) == 0:
            continue
        last = np.searchsorted(parts.fixed["error"][front], levels, side="right") - 1
        best[:, place] = np.where(last >= 0, front[last.clip(min=0)], -1)
    return best
