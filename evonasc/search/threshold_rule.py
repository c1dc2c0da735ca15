"""How a latency threshold counts in the loss of a sample: one rule for every search under one.

A front needs no such rule; a search for one answer under a threshold must say what a design beyond
it is worth. How NASC's paper does so is unknown to us (:mod:`evonasc.search.nasc`): both rules here
are **our formulation**.
"""

import numpy as np

from evonasc.arrays import BoolArray, FloatArray

#: Rule -> one line for people.
THRESHOLD_RULES = {
    "feasible-first": "any design within the threshold beats any beyond it, those by how far",
    "penalty": "the loss plus penalty_weight times the relative excess",
}
#: Order of a sweep -> one line for people.
THRESHOLD_ORDERS = {
    "falling": "the loosest first: every network meets it, so the search begins with the errors",
    "rising": "the tightest first: hardly a network meets it, and the search begins with those",
}
FALLING = "falling"
#: Relative excess over a threshold that counts as none: rounding.
SLACK = 1e-9


def ranked_losses(
    loss: FloatArray,
    excess: FloatArray,
    is_design: BoolArray,
    *,
    rule: str,
    penalty_weight: float,
) -> FloatArray:
    """Return what samples are ranked by under a threshold, ``(n_samples,)``, smaller is better.

    Args:
        loss: ``(n,)`` losses of the samples that are designs, at least 0: errors as fractions, or
            cross-entropies in nats.
        excess: ``(n,)`` their latencies over the threshold, less 1; negative within it.
        is_design: ``(n_samples,)`` which samples are designs, ``n`` of them; the others share the
            worst.
        rule: One of ``THRESHOLD_RULES``.
        penalty_weight: Loss that an excess of once the threshold is worth, for ``penalty``.
    """
    if len(loss) == 0:
        return np.ones(len(is_design))
    beyond = np.where(excess > SLACK, excess, 0.0)
    if rule == "penalty":
        ranked = loss + penalty_weight * beyond
    else:
        ranked = np.where(beyond > 0, loss.max() + 1 + beyond, loss)
    losses = np.full(len(is_design), ranked.max() + 1)
    losses[is_design] = ranked
    return losses


def is_within(latency_ms: float, threshold_ms: float) -> bool:
    """Tell whether a latency meets a threshold, ms both."""
    return latency_ms <= threshold_ms * (1 + SLACK)
