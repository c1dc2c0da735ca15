"""Joining several orders of the same networks into one, without a weight to choose.

Each signal has one vote: only the order it puts the networks in counts, so neither scale nor unit
matters and nothing is fitted.

Reference: Lee and Ham 2024, AZ-NAS, CVPR, arXiv 2403.19232, eq. 13 (sum of log(rank / m)); the
mean rank is Borda's rule.
"""

from collections.abc import Callable, Sequence

import numpy as np

from evonasc.arrays import FloatArray
from evonasc.errors import UnknownNameError


def rank_shares(signal: FloatArray) -> FloatArray:
    """Return rank / n of each value, ``(n,)`` in (0, 1]; largest is 1, ties share their mean rank.

    Raises:
        ValueError: A value is NaN: it has no rank.
    """
    values = np.asarray(signal, dtype=np.float64)
    if np.isnan(values).any():
        raise ValueError(f"A signal must have no NaN, got {int(np.isnan(values).sum())}.")
    _, which, count = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    mean_rank = last - (count - 1) / 2
    shares: FloatArray = mean_rank[which] / len(values)
    return shares


def _mean_rank(shares: FloatArray) -> FloatArray:
    """Return the mean of ``(n_signals, n)`` rank shares: Borda's rule."""
    mean: FloatArray = shares.mean(axis=0)
    return mean


def _log_rank(shares: FloatArray) -> FloatArray:
    """Return the mean log share: a network that one signal puts last cannot be made up for."""
    mean: FloatArray = np.log(shares).mean(axis=0)
    return mean


#: Name -> rule from ``(n_signals, n)`` rank shares to ``(n,)`` joined scores.
RULES: dict[str, Callable[[FloatArray], FloatArray]] = {
    "log-rank": _log_rank,
    "mean-rank": _mean_rank,
}
#: The rule of the shipped order, as published for the proxies it joins.
DEFAULT_RULE = "log-rank"


def join_orders(signals: Sequence[FloatArray], *, rule: str = DEFAULT_RULE) -> FloatArray:
    """Return one score a network from the orders of several signals, ``(n,)``, larger is better.

    Args:
        signals: ``(n,)`` each, of the same networks, larger being better.
        rule: One of ``RULES``.

    Raises:
        UnknownNameError: No such rule.
        ValueError: No signals, unequal lengths, or a NaN.
    """
    if rule not in RULES:
        raise UnknownNameError("rule", rule, RULES)
    lengths = {len(signal) for signal in signals}
    if len(lengths) != 1:
        raise ValueError(f"Signals must be at least one and of one length, got {sorted(lengths)}.")
    return RULES[rule](np.stack([rank_shares(signal) for signal in signals]))
