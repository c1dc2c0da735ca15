"""Joining several orders of the same networks into one, without a weight to choose.

Each signal has one vote: only the order it puts the networks in counts, so neither scale nor unit
matters and nothing is fitted.

Reference: Lee and Ham 2024, AZ-NAS, CVPR, arXiv 2403.19232, eq. 13 (sum of log(rank / m)).
"""

from collections.abc import Sequence

import numpy as np

from evonasc.arrays import FloatArray


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


def join_orders(signals: Sequence[FloatArray]) -> FloatArray:
    """Return one score a network from the orders of several signals, ``(n,)``, larger is better.

    It is the mean log rank share, so a network that one signal puts last cannot be made up for.

    Args:
        signals: ``(n,)`` each, of the same networks, larger being better.

    Raises:
        ValueError: No signals, unequal lengths, or a NaN.
    """
    lengths = {len(signal) for signal in signals}
    if len(lengths) != 1:
        raise ValueError(f"Signals must be at least one and of one length, got {sorted(lengths)}.")
    shares = np.stack([rank_shares(signal) for signal in signals])
    joined: FloatArray = np.log(shares).mean(axis=0)
    return joined
