"""One network for all rates of the uplink: the cut moves with the rate, the weights stay.

Reference: Kang et al. 2017, "Neurosurgeon: Collaborative Intelligence Between the Cloud and Mobile
Edge", ASPLOS, which chooses the cut of a given network so.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evonasc.analysis.rate_sweep import LinkParts
from evonasc.arrays import FloatArray, IntArray
from evonasc.bounds import Bound, in_words
from evonasc.space import DesignSpace


@dataclass(frozen=True)
class Stretch:
    """A range of rates in which one design of a network is its fastest."""

    #: Rates, Mbit/s.
    low_mbps: float
    high_mbps: float
    #: Row of the design.
    row: int


@dataclass(frozen=True)
class Policy:
    """A network that is cut by the rate, against the best network of each rate.

    Under bounds only designs that keep to them at a rate count there; times are infinite at rates
    where none does.
    """

    #: Which of the network's designs is used at which rates, by rising rate.
    stretches: list[Stretch]
    #: ``(n_rates,)`` latency of the network cut by the rate, ms.
    adaptive_ms: FloatArray
    #: ``(n_rates,)`` latency of the fastest known design of at most its error, ms.
    best_ms: FloatArray
    #: ``(n_rates,)`` latency of the network with the cut it had, ms.
    kept_ms: FloatArray

    @property
    def regret_ms(self) -> FloatArray:
        """What the network cut by the rate is slower than the best network, ms, ``(n_rates,)``.

        Not a number where none of its cuts keeps to the bounds.
        """
        return _slower_ms(self.adaptive_ms, self.best_ms)

    @property
    def kept_regret_ms(self) -> FloatArray:
        """What the network with the cut it had is slower than the best, ms, ``(n_rates,)``.

        Not a number where that breaks the bounds.
        """
        return _slower_ms(self.kept_ms, self.best_ms)


def every_cut(genes: IntArray, designs: DesignSpace) -> IntArray:
    """Return the allowed designs of one network: all cuts and widths, ``(n, n_genes)`` canonical.

    Args:
        genes: ``(n_genes,)`` a design of the network.
        designs: The design space of the genes.

    Raises:
        GenomeError: Genes outside the space.
    """
    n = designs.space.n_operation_genes
    rest = np.indices(designs.n_choices[n:]).reshape(designs.n_genes - n, -1).T
    rows = np.concatenate([np.repeat(genes[None, :n], len(rest), axis=0), rest], axis=1)
    kept: IntArray = np.unique(designs.canonical(rows[designs.is_valid(rows)]), axis=0)
    return kept


def fastest_by_rate(parts: LinkParts, *, low_mbps: float, high_mbps: float) -> list[Stretch]:
    """Return which of some designs is fastest at which rates, by rising rate.

    Exact: latencies are straight lines over 1 / rate, and their lower envelope is followed from
    crossing to crossing. Of designs equally fast throughout, the first.
    """
    slowness, end = 1 / low_mbps, 1 / high_mbps
    steady, unit = parts.steady_ms, parts.unit_ms
    # At the lowest rate the fastest; of equals, the one that is faster from there on.
    row = int(np.lexsort([steady, steady + unit * slowness])[0])
    stretches: list[Stretch] = []
    while True:
        # Towards higher rates, only designs that compute less and send more can take over.
        others = np.flatnonzero((steady < steady[row]) & (unit > unit[row]))
        crossings = (steady[row] - steady[others]) / (unit[others] - unit[row])
        if not (crossings > end).any():
            stretches.append(Stretch(1 / slowness, high_mbps, row))
            return stretches
        # Of several that cross at once, the one that gains most from there on.
        first = np.lexsort([steady[others], -crossings])[0]
        crossing = min(float(crossings[first]), slowness)
        if crossing < slowness:
            stretches.append(Stretch(1 / slowness, 1 / crossing, row))
            slowness = crossing
        row = int(others[first])


def fastest_within(
    parts: LinkParts, bounds: Sequence[Bound], *, low_mbps: float, high_mbps: float
) -> list[Stretch]:
    """Return which of some designs that keep to bounds is fastest at which rates.

    As :func:`fastest_by_rate`; rates at which none keeps to the bounds are in no stretch.
    """
    starts = parts.lowest_mbps(bounds, low=low_mbps, high=high_mbps)
    inside = np.unique(starts[(starts > low_mbps) & (starts < high_mbps)])
    stretches: list[Stretch] = []
    for low, high in itertools.pairwise([low_mbps, *inside.tolist(), high_mbps]):
        rows = np.flatnonzero(starts <= low)
        if len(rows) == 0:
            continue
        for one in fastest_by_rate(parts.rows(rows), low_mbps=low, high_mbps=high):
            row = int(rows[one.row])
            goes_on = bool(stretches) and stretches[-1].row == row
            begin = stretches.pop().low_mbps if goes_on else one.low_mbps
            stretches.append(Stretch(begin, one.high_mbps, row))
    return stretches


def rate_policy(
    network: LinkParts,
    *,
    kept: int,
    everything: LinkParts,
    rates: FloatArray,
    bounds: Sequence[Bound] = (),
) -> Policy:
    """Cut a network at each rate where it is fastest, and set it against the best of all designs.

    Args:
        network: All designs of the network; those of larger error than ``kept`` are not used.
        kept: The row in ``network`` of the design it comes from, whose error is the largest
            allowed.
        everything: All designs that are known; the network's own count besides.
        rates: ``(n_rates,)`` rising, Mbit/s.
        bounds: Of :func:`evonasc.analysis.rate_sweep.sweep_bounds`.
    """
    limit = float(network.fixed["error"][kept])
    own = np.flatnonzero(network.fixed["error"] <= limit)
    usable = network.rows(own)
    rivals = everything.rows(np.flatnonzero(everything.fixed["error"] <= limit))
    low, high = float(rates[0]), float(rates[-1])
    adaptive = _fastest_ms(usable, rates, bounds)
    return Policy(
        stretches=[
            Stretch(one.low_mbps, one.high_mbps, int(own[one.row]))
            for one in fastest_within(usable, bounds, low_mbps=low, high_mbps=high)
        ],
        adaptive_ms=adaptive,
        best_ms=np.minimum(adaptive, _fastest_ms(rivals, rates, bounds)),
        kept_ms=_fastest_ms(network.rows(np.array([kept])), rates, bounds),
    )


def regret_in_words(policy: Policy, *, rates: FloatArray, bounds: Sequence[Bound], cut: str) -> str:
    """Say what a network that is cut by the rate loses, and what it would with the cut it had.

    Args:
        policy: Of the network, with a stretch at least.
        rates: ``(n_rates,)`` that it was made for, evenly in ratio, Mbit/s.
        bounds: That it was made for.
        cut: The cut that it had, in words.
    """
    within = f" that keeps to {in_words(bounds)}" if bounds else ""
    keeps = np.isfinite(policy.kept_ms)
    kept = f"would not keep to {in_words(bounds)} at any of the rates"
    if keeps.any():
        kept = f"would lose {_loss(policy, policy.kept_regret_ms, rates)}"
    if keeps.any() and not keeps.all():
        least = rates[keeps.argmax()]
        kept = f"would keep to {in_words(bounds)} from {least:.3g} Mbit/s on; there it {kept}"
    return (
        f"Against the fastest known design{within} of at most its error at each rate it loses "
        f"{_loss(policy, policy.regret_ms, rates)}. Kept at cut {cut}, it {kept}."
    )


def _loss(policy: Policy, regret_ms: FloatArray, rates: FloatArray) -> str:
    """Say what is lost against the best design, over the rates at which that is a number."""
    known = np.flatnonzero(np.isfinite(regret_ms))
    worst = known[regret_ms[known].argmax()]
    return (
        f"{regret_ms[known].mean():.2f} ms on average over the range (rates evenly in ratio), at "
        f"most {regret_ms[worst]:.2f} ms at {rates[worst]:.3g} Mbit/s "
        f"({regret_ms[worst] / policy.best_ms[worst]:.0%})"
    )


def _fastest_ms(parts: LinkParts, rates: FloatArray, bounds: Sequence[Bound]) -> FloatArray:
    """Return the latency of the fastest design within bounds at each rate, ms; inf for none."""
    return np.array(
        [
            parts.latency_ms(rate)[parts.is_within(rate, bounds)].min(initial=np.inf)
            for rate in rates.tolist()
        ]
    )


def _slower_ms(times: FloatArray, best: FloatArray) -> FloatArray:
    """Return what times are above the best ones; not a number for those that are infinite."""
    is_known = np.isfinite(times)
    return np.where(is_known, times, np.nan) - np.where(is_known, best, np.nan)
