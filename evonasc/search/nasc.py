"""NASC: network and cut by stochastic natural gradient, under one latency threshold after another.

The baseline that evonasc is set against. ASNG moves independent distributions over the operation
genes, the split gene and the width gene; the loss of a sample is its error and how far its latency
exceeds the threshold. One threshold gives one answer, the most probable design at the end. A front
takes a sweep of thresholds.

Reference: Shimizu et al. 2022, arXiv 2208.13968. Only its abstract was available to us: that it
minimises the error under a latency threshold, and that it searches by ASNG
(:mod:`evonasc.search.asng`). How the paper weighs a latency beyond the threshold, and how it
encodes the cut, is unknown to us; both rules here, and the sweep, are **our formulation**. Here the
networks' weights are frozen: an evaluation looks the error up instead of training the supernet;
:mod:`evonasc.search.nasc_cotrain` trains both together.
"""

from collections.abc import Callable

import numpy as np

from evonasc.arrays import BoolArray, FloatArray, IntArray
from evonasc.errors import ConfigError
from evonasc.search.answer import Answer
from evonasc.search.archive import Archive
from evonasc.search.asng import Asng
from evonasc.search.config import SearchConfig
from evonasc.search.design_latency import best_cuts, cuttable_networks
from evonasc.search.random_search import random_search
from evonasc.search.threshold_search import (
    SLACK,
    NascConfig,
    ThresholdSearch,
    thresholds,
)
from evonasc.space import DesignSpace

__all__ = ["NascConfig", "nasc", "nasc_answers", "require_reachable", "room", "spend"]


def nasc(archive: Archive, config: SearchConfig) -> None:
    """Search by ASNG over network, cut and width, sweeping latency thresholds.

    Sweeps again, from uniform distributions, while a good part of the budget is left: repeated
    samples cost nothing. The last designs, too few for a sweep, are drawn at random. Under one
    threshold it ends with its answer.

    In the mode ``cotrain`` it is :func:`evonasc.search.nasc_cotrain.nasc_cotrain`.
    """
    if config.nasc_mode == "cotrain":
        from evonasc.search.nasc_cotrain import nasc_cotrain

        nasc_cotrain(archive, config)
        return
    nasc = NascConfig.of(config)
    spend(archive, config, lambda rng: _sweep(archive, config, nasc, rng=rng))


def spend(
    archive: Archive, config: SearchConfig, sweep: Callable[[np.random.Generator], list[Answer]]
) -> None:
    """Sweep until the budget is spent or sweeps find nothing new, then draw what is left.

    However small the budget, there is one sweep: without it the search would be a random one under
    another name. Under one threshold the answer to it is all that was asked for.
    """
    rng = np.random.default_rng(config.seed)
    if config.max_latency_ms is not None:
        archive.answers += sweep(rng)
        return
    n_known = -1
    while len(archive) > n_known:
        n_known = len(archive)
        archive.answers += sweep(rng)
        if room(archive, config) < NascConfig.min_share:
            break
    random_search(archive, config)


def nasc_answers(archive: Archive, config: SearchConfig, nasc: NascConfig) -> list[Answer]:
    """Search under each threshold and return its answer; everything evaluated is in the archive.

    Each threshold, the lowest first, gets an equal share of the budget that is left, in distinct
    designs, its answer included. It ends earlier when it has drawn ``patience`` samples for each.

    Args:
        archive: Evaluates; its problem must have the columns ``error`` and ``latency_ms``.
        config: Gives the seed, and the budget where the archive has none.
        nasc: Thresholds and rule.

    Returns:
        One answer a threshold, by rising threshold; fewer where a threshold's most probable
        network has no allowed cut, or its share was no design.

    Raises:
        ConfigError: No design meets the threshold (told where the networks can be listed).
    """
    return _sweep(archive, config, nasc, rng=np.random.default_rng(config.seed))


def _sweep(
    archive: Archive, config: SearchConfig, nasc: NascConfig, *, rng: np.random.Generator
) -> list[Answer]:
    """Search under each threshold; see :func:`nasc_answers`."""
    problem = archive.problem
    networks, least_ms = cuttable_networks(problem, rng=rng)
    if nasc.max_latency_ms is not None:
        require_reachable(archive, nasc.max_latency_ms, networks, least_ms)
    goals = thresholds(least_ms, budget=room(archive, config), nasc=nasc)
    answers, asng = [], Asng(problem.designs.n_choices)
    for index, goal in enumerate(goals.tolist()):
        share = room(archive, config) // (len(goals) - index)
        if not nasc.is_warm:
            asng = Asng(problem.designs.n_choices)
        search = ThresholdSearch(archive, nasc, goal, asng, whole_design)
        search.run(share, rng=rng)
        answers += search.answer()
    return answers


def whole_design(designs: DesignSpace, samples: IntArray) -> tuple[IntArray, BoolArray]:
    """Read samples as designs, each cut moved to the nearest allowed one."""
    is_cuttable = designs.is_cuttable(samples)
    kept = samples[is_cuttable]
    return designs.canonical(designs.repair(kept, fallback=kept)), is_cuttable


def room(archive: Archive, config: SearchConfig) -> int:
    """Return how many distinct designs may still be evaluated."""
    budget = config.budget if archive.budget is None else archive.budget
    return max(budget - len(archive) - archive.n_passes, 0)


def require_reachable(
    archive: Archive, goal_ms: float, networks: IntArray, least_ms: FloatArray
) -> None:
    """Refuse a threshold that no design meets, and say what binds."""
    least, designs = float(least_ms.min()), archive.problem.designs
    if designs.space.networks() is None or goal_ms >= least * (1 - SLACK):
        return
    _, free = best_cuts(archive.problem, networks, is_any_cut_allowed=True)
    blame = (
        "the limits on the cut bind (min_split, max_head_memory_bytes, max_payload_bytes): without "
        f"them {float(free.min()):.4g} ms would be possible"
        if free.min() <= goal_ms
        else "the threshold itself binds, whatever the limits on the cut"
    )
    raise ConfigError(
        f"max_latency_ms must be at least {least:.4g}, the least latency of any design, got "
        f"{goal_ms:.4g}; {blame}. Raise max_latency_ms by {least - goal_ms:.4g} ms."
    )
