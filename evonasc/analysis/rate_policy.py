"""One network for all rates of the uplink: the cut moves with the rate, the weights stay.

Reference: Kang et al. 2017, "Neurosurgeon: Collaborative Intelligence Between the Cloud and Mobile
Edge", ASPLOS, which chooses the cut of a given network so.
"""

from dataclasses import dataclass

import numpy as np

from evonasc.analysis.rate_sweep import LinkParts
from evonasc.arrays import FloatArray, IntArray
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
    """A network that is cut by the rate, against the best network of each rate."""

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
        """What the network cut by the rate is slower than the best network, ms, ``(n_rates,)``."""
        return self.adaptive_ms - self.best_ms

    @property
    def kept_regret_ms(self) -> FloatArray:
        """What the network with the cut it had is slower than the best, ms, ``(n_rates,)``."""
        return self.kept_ms - self.best_ms


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


def rate_policy(
    network: LinkParts, *, kept: int, everything: LinkParts, rates: FloatArray
) -> Policy:
    """Cut a network at each rate where it is fastest, and set it against the best of all designs.

    Args:
        network: All designs of the network; those of larger error than ``kept`` are not used.
        kept: The row in ``network`` of the design it comes from, whose error is the largest
            allowed.
        everything: All designs that are known; the network's own count besides.
        rates: ``(n_rates,)`` rising, Mbit/s.
    """
    limit = float(network.fixed["error"][kept])
    own = np.flatnonzero(network.fixed["error"] <= limit)
    usable = network.rows(own)
    rivals = everything.rows(np.flatnonzero(everything.fixed["error"] <= limit))
    low, high = float(rates[0]), float(rates[-1])
    adaptive = _fastest_ms(usable, rates)
    return Policy(
        stretches=[
            Stretch(one.low_mbps, one.high_mbps, int(own[one.row]))
            for one in fastest_by_rate(usable, low_mbps=low, high_mbps=high)
        ],
        adaptive_ms=adaptive,
        best_ms=np.minimum(adaptive, _fastest_ms(rivals, rates)),
        kept_ms=_fastest_ms(network.rows(np.array([kept])), rates),
    )


def _fastest_ms(parts: LinkParts, rates: FloatArray) -> FloatArray:
    """Return the latency of the fastest design at each rate, ms; infinite for no designs."""
    return np.array([parts.latency_ms(float(rate)).min(initial=np.inf) for rate in rates])
