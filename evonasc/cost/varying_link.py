"""Time on an uplink whose rate varies, as a recorded trace has it: quantiles and misses.

Head and tail of a design take the same time whatever the link does, so a quantile of its latency is
head + tail + the same quantile of the time on the uplink, and that depends on the payload alone. A
design space has a few dozen payloads; for each of them the distribution is made once, sorted, and
looked up. A quantile is the least time that at least so large a share of the requests keeps to.
"""

from dataclasses import dataclass, replace

import numpy as np

from evonasc.arrays import FloatArray
from evonasc.cost.link import FixedLink, Link
from evonasc.cost.link_trace import LinkTrace, read_trace
from evonasc.cost.scenario import Scenario
from evonasc.errors import ConfigError

#: The share of requests that the column ``latency_p95_ms`` speaks of.
HIGH_QUANTILE = 0.95


@dataclass(frozen=True, eq=False)
class _Times:
    """Distribution of the time to send one payload: steps, and ramps where one waits."""

    #: Sorted times at which the share jumps, ms, and the share up to each, a 0 before.
    steps_ms: FloatArray
    steps: FloatArray
    #: Sorted times between which the share grows evenly, ms, and the share grown until each.
    knots_ms: FloatArray
    ramps: FloatArray

    def share_within(self, times_ms: FloatArray, *, is_step_counted: bool = True) -> FloatArray:
        """Return the share of requests sent within times, [0, 1], same shape."""
        place = np.searchsorted(self.steps_ms, times_ms, "right" if is_step_counted else "left")
        share: FloatArray = self.steps[place]
        return share + np.interp(times_ms, self.knots_ms, self.ramps)

    def quantile_ms(self, share: float) -> float:
        """Return the least time within which at least a share of the requests is sent, ms."""
        times = np.unique(np.concatenate([self.steps_ms, self.knots_ms]))
        wanted = share - 1e-12  # sums of weights are off in the last digit
        until = self.share_within(times)
        place = min(int(np.searchsorted(until, wanted)), len(times) - 1)
        before = float(self.share_within(times[place : place + 1], is_step_counted=False)[0])
        if place == 0 or before < wanted:  # the jump itself reaches it
            return float(times[place])
        low, high = until[place - 1], before
        part = (share - low) / (high - low)
        return float(times[place - 1] + np.clip(part, 0, 1) * (times[place] - times[place - 1]))


class VaryingLink(Link):
    """A link whose rate varies as in a trace; delay, packets and losses are the scenario's."""

    def __init__(self, scenario: Scenario, trace: LinkTrace) -> None:
        self.trace, self.digest = trace, trace.sha256
        self.delay_ms = scenario.one_way_delay_ms
        #: The link at the rate that is met or exceeded half of the time.
        self.median = FixedLink(replace(scenario, uplink_mbps=trace.rate_quantile(0.5)))
        self.radio_mbps = self.median.radio_mbps
        self._unit = FixedLink(replace(scenario, uplink_mbps=1.0, one_way_delay_ms=0.0))
        self._times: dict[float, _Times] = {}  # ms at 1 Mbit/s -> distribution
        self._quantiles: dict[tuple[float, float], float] = {}  # that, and the share -> ms
        several = f"{trace.n_traces} traces, " if trace.n_traces > 1 else ""
        self.provenance = (
            f"computed from the trace {trace.source} (SHA-256 {trace.sha256[:12]}; {several}"
            f"{trace.n_rows} rows, {trace.seconds:.0f} s), median over its time at "
            f"{self.radio_mbps:.3g} Mbit/s, 95 % of the time at least "
            f"{trace.rate_quantile(0.95):.3g}, down {trace.outage_share:.1%} of the time, "
            f"{self.median.packet_words}"
        )

    def send_ms(self, payload: FloatArray) -> FloatArray:
        """Return the median time."""
        return self.quantile_ms(payload)

    def radio_ms(self, payload: FloatArray) -> FloatArray:
        """Return the time at the median rate; waiting for a link that is down is free."""
        return self.median.radio_ms(payload)

    def quantile_ms(self, payload: FloatArray, share: float = 0.5) -> FloatArray:
        """Return the time that a share of the requests, (0, 1], keeps to, ms, same shape.

        Payloads are in bytes for one input; 0 for nothing to send.
        """
        units, which = np.unique(self._unit_ms(payload), return_inverse=True)
        values = np.array(
            [self._quantile_ms(unit, share) + self.delay_ms if unit > 0 else 0.0 for unit in units]
        )
        return values[which].reshape(payload.shape)

    def miss_probability(
        self, payload: FloatArray, *, computing_ms: FloatArray, deadline_ms: float
    ) -> FloatArray:
        """Return the share of requests that end after a deadline, [0, 1], ``(n,)``.

        Args:
            payload: ``(n,)`` bytes for one input.
            computing_ms: ``(n,)`` time of head and tail.
            deadline_ms: What the whole may take.
        """
        units, left = self._unit_ms(payload), deadline_ms - computing_ms
        missed = np.where(left < 0, 1.0, 0.0)
        for unit in np.unique(units[units > 0]):
            rows = units == unit
            within = self._of(unit).share_within(left[rows] - self.delay_ms)
            missed[rows] = np.clip(1 - within, 0.0, 1.0)
        return missed

    def _unit_ms(self, payload: FloatArray) -> FloatArray:
        """Return the time to send payloads at 1 Mbit/s, delay left out: time is this over rate."""
        return self._unit.send_ms(payload)

    def _quantile_ms(self, unit: float, share: float) -> float:
        """Return a quantile for a payload that takes so long at 1 Mbit/s; a search asks often."""
        key = (float(unit), share)
        if key not in self._quantiles:
            self._quantiles[key] = self._of(unit).quantile_ms(share)
        return self._quantiles[key]

    def _of(self, unit: float) -> _Times:
        """Return the distribution for a payload that takes so long at 1 Mbit/s."""
        key = float(unit)
        if key not in self._times:
            self._times[key] = _times(self.trace, key)
        return self._times[key]


def trace_link(scenario: Scenario, argument: str) -> VaryingLink:
    """Return the link that a file of recorded rates, :mod:`evonasc.cost.link_trace`, describes.

    Raises:
        ConfigError: No file is named.
        DataFileError: The trace cannot be read or is none.
        MissingDependencyError: A Parquet file without pyarrow.
    """
    if not argument:
        raise ConfigError("link must be fixed or trace:FILE, got 'trace:' without a file.")
    return VaryingLink(scenario, read_trace(argument))


def _times(trace: LinkTrace, unit_ms: float) -> _Times:
    """Make the distribution of sending times, the one-way delay left out."""
    sending, is_outage = unit_ms / trace.mbps, trace.outage_ms > 0
    order = np.argsort(sending[~is_outage], kind="stable")
    steps = np.cumsum(trace.weights[~is_outage][order])
    low, longest = sending[is_outage], trace.outage_ms[is_outage]
    ends = np.concatenate([low, low + longest])
    per_ms = trace.weights[is_outage] / longest
    turn = np.concatenate([per_ms, -per_ms])
    knot_order = np.argsort(ends, kind="stable")
    knots, slopes = ends[knot_order], np.cumsum(turn[knot_order])
    grown = np.concatenate([[0.0], np.cumsum(slopes[:-1] * np.diff(knots))])
    has_outages = bool(is_outage.any())
    return _Times(
        steps_ms=sending[~is_outage][order],
        steps=np.concatenate([[0.0], steps]),
        knots_ms=knots if has_outages else np.zeros(1),
        ramps=grown if has_outages else np.zeros(1),
    )
