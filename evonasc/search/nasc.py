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

import numpy as np

from evonasc.search.algorithm import Algorithm
from evonasc.search.archive import Archive
from evonasc.search.config import SearchConfig
from evonasc.search.decoding import decoding
from evonasc.search.design_latency import cuttable_networks
from evonasc.search.refinement import SplitRefinement
from evonasc.search.shared_samples import search_together
from evonasc.search.steps import Steps
from evonasc.search.threshold_search import (
    N_THRESHOLDS,
    READS,
    Sweep,
    nasc_remark,
    search_each,
    sweep_and_fill,
)
from evonasc.search.thresholds import evaluations_left, require_reachable, thresholds


def nasc(archive: Archive, config: SearchConfig) -> Steps:
    """Search by ASNG over network, cut and width, sweeping latency thresholds.

    Sweeps again, from uniform distributions, while a good part of the budget is left: repeated
    samples cost nothing. The last designs, too few for a sweep, are drawn at random. Under one
    threshold it ends with its answer.
    """
    refinement = SplitRefinement.of(archive.problem, config)
    return sweep_and_fill(
        archive,
        config,
        lambda rng: sweep(archive, config, rng=rng),
        change=refinement.refined,
    )


def sweep(archive: Archive, config: SearchConfig, *, rng: np.random.Generator) -> Sweep:
    """Search under each threshold once and return the answers, by rising threshold.

    Args:
        archive: What is known; its problem must have the columns ``error`` and ``latency_ms``.
        config: Thresholds and rule; the budget where the archive has none.
        rng: Draws the samples.

    Raises:
        ConfigError: No design meets the threshold (told where the networks can be listed).
    """
    networks, least_ms = cuttable_networks(archive.problem, rng=rng)
    require_reachable(archive.problem, least_ms, networks=networks)
    budget = evaluations_left(archive, config)
    goals = thresholds(archive.problem, least_ms, budget=budget, config=config, n_most=N_THRESHOLDS)
    n_choices, decode = decoding(archive.problem, config)
    if config.share_samples:
        return (
            yield from search_together(archive, config, goals, n_choices, decode=decode, rng=rng)
        )
    return (yield from search_each(archive, config, goals, n_choices, decode=decode, rng=rng))


def _remark(config: SearchConfig) -> str:
    """Say what it is, for records."""
    frozen = "on frozen weights: errors are looked up"
    what = "NASC, each network cut where it is fastest," if config.refine_split else "NASC"
    return nasc_remark(config, what=what, weights=frozen, most=N_THRESHOLDS)


ALGORITHM = Algorithm(
    nasc,
    can_refine=True,
    plans_by_budget=True,
    reads=READS | {"share_samples"},
    heeds=None,
    remark=_remark,
)
