"""ASNG under one latency threshold after another: what NASC and HWNAS have in common.

A sample's loss is its error and how far its latency exceeds the threshold
(:mod:`evonasc.search.threshold_rule`); :mod:`evonasc.search.nasc` says where this comes from.
"""

from collections.abc import Callable, Generator

import numpy as np

from evonasc.arrays import BoolArray, FloatArray, IntArray
from evonasc.search.archive import Archive
from evonasc.search.asng import Asng
from evonasc.search.config import SearchConfig
from evonasc.search.decoding import Decoder, with_nearest_cut
from evonasc.search.random_search import draw_until_spent
from evonasc.search.steps import Answer, Answers, Steps
from evonasc.search.threshold_rule import FALLING, ranked_losses
from evonasc.search.thresholds import (
    MIN_SHARE,
    Latency,
    answers_of,
    errors_and_latencies,
    evaluations_left,
    n_new,
    only_threshold,
)

#: Thresholds of a sweep, at most.
N_THRESHOLDS = 10
#: Samples in a row without a new design before a distribution counts as settled.
SETTLED = 400
#: Asks for the designs of a sweep and returns its answers.
Sweep = Generator[IntArray, FloatArray, list[Answer]]
#: What a search built on this reads of its configuration.
READS = frozenset(
    {
        "alpha",
        "delta0",
        "is_warm",
        "n_samples",
        "n_thresholds",
        "patience",
        "penalty_weight",
        "threshold_order",
        "threshold_rule",
    }
)

_SOURCE = "(arXiv 2208.13968)"
_ABSTRACT_ONLY = "only the paper's abstract was available to us"
#: For the help of commands.
NASC_HELP = (
    f"nasc, nasc-cotrain and hwnas are our formulations of NASC {_SOURCE} and of its comparator; "
    f"{_ABSTRACT_ONLY}. nasc and hwnas search on frozen weights, nasc-cotrain trains them. "
    "Thresholds, their order, rule, starts, lambda, alpha, delta0 and patience are settings."
)


def nasc_remark(config: SearchConfig, *, what: str, weights: str, most: int) -> str:
    """Say what a search of the name NASC is, and with which settings, for records.

    Args:
        config: Of the search.
        what: Which search it is.
        weights: How its errors come about.
        most: Thresholds of a sweep where the configuration names none.
    """
    n = config.n_thresholds
    thresholds = f"Up to {most if n is None else n} thresholds, or one, a bound on the latency"
    if config.share_samples:
        order = "all at once, samples shared by importance"
    else:
        start = "warm" if config.is_warm else "cold"
        order = f"{config.threshold_order}, {start} starts"
    rule = config.threshold_rule
    weight = f" (weight {config.penalty_weight:g})" if rule == "penalty" else ""
    return (
        f"{config.algorithm}: our formulation of {what} {_SOURCE}, {weights}; {_ABSTRACT_ONLY}. "
        f"{thresholds}, {order}, rule {rule}{weight}; "
        f"ASNG with lambda {config.n_samples}, alpha {config.alpha:g}, delta0 {config.delta0:g}, "
        f"patience {config.patience}."
    )


def asng_of(n_choices: tuple[int, ...], config: SearchConfig) -> Asng:
    """Return a uniform distribution with the settings of a search."""
    return Asng(n_choices, alpha=config.alpha, first_step=config.delta0)


def sweep_and_fill(
    archive: Archive,
    config: SearchConfig,
    sweep: Callable[[np.random.Generator], Sweep],
    *,
    change: Callable[[IntArray], IntArray] = lambda genes: genes,
) -> Steps:
    """Sweep until the budget is spent or sweeps find nothing new, then draw what is left.

    However small the budget, there is one sweep: without it the search would be a random one under
    another name. Under one threshold the answer to it is all that was asked for.
    ``change`` maps the designs drawn to those to evaluate.
    """
    rng = np.random.default_rng(config.seed)
    if only_threshold(archive.problem, config) is not None:
        yield Answers((yield from sweep(rng)))
        return
    n_known = -1
    while len(archive) > n_known:
        n_known = len(archive)
        yield Answers((yield from sweep(rng)))
        if evaluations_left(archive, config) < MIN_SHARE:
            break
    yield from draw_until_spent(archive, seed=config.seed, change=change)


def search_each(
    archive: Archive,
    config: SearchConfig,
    goals: FloatArray,
    n_choices: tuple[int, ...],
    *,
    n_reserved: int = 0,
    decode: Decoder = with_nearest_cut,
    latency_of: Latency | None = None,
    rng: np.random.Generator,
) -> Sweep:
    """Search under each threshold in turn and return the answers, by rising threshold.

    Each threshold, in the order of ``config.threshold_order``, gets an equal share of the budget
    that is left, in distinct designs, its answer included.

    Args:
        archive: What is known; its problem must have the columns ``error`` and ``latency_ms``.
        config: Rule and sizes.
        goals: The thresholds, ms, rising.
        n_choices: Categories of each variable of the distribution.
        n_reserved: Evaluations to leave over.
        decode: Makes designs of samples.
        latency_of: What the thresholds are about; None for the column ``latency_ms``.
        rng: Draws the samples.

    Returns:
        One answer a threshold; fewer where a threshold's most probable network has no allowed cut,
        or its share was no design.
    """
    answers, asng = [], asng_of(n_choices, config)
    searched = goals[::-1] if config.threshold_order == FALLING else goals
    for index, goal in enumerate(searched.tolist()):
        share = (evaluations_left(archive, config) - n_reserved) // (len(goals) - index)
        if not config.is_warm:
            asng = asng_of(n_choices, config)
        yield from _search_under(
            archive, config, goal, asng, share, decode=decode, latency_of=latency_of, rng=rng
        )
        answers += yield from answers_of(
            archive, goal, asng.mode(), decode=decode, latency_of=latency_of
        )
    return sorted(answers, key=lambda answer: answer.max_latency_ms)


def _search_under(
    archive: Archive,
    config: SearchConfig,
    goal_ms: float,
    asng: Asng,
    share: int,
    *,
    decode: Decoder,
    latency_of: Latency | None,
    rng: np.random.Generator,
) -> Generator[IntArray, FloatArray, None]:
    """Sample and update until the share is used; leaves one design of it for the answer.

    Ends earlier when the distribution has settled: too many samples in all, or too many in a row,
    without a new design.
    """
    last, idle = len(archive) + share - 1, 0
    for _ in range(config.patience * share // config.n_samples):
        samples = asng.sample(config.n_samples, rng=rng)
        genes, is_design = decode(archive.problem.designs, samples)
        n_unknown = n_new(archive, genes)
        idle = 0 if n_unknown else idle + len(samples)
        if len(archive) + n_unknown > last or idle > SETTLED:
            return
        losses = yield from losses_under(
            archive, config, goal_ms, genes, is_design=is_design, latency_of=latency_of
        )
        asng.update(samples, losses)


def losses_under(
    archive: Archive,
    config: SearchConfig,
    goal_ms: float,
    genes: IntArray,
    *,
    is_design: BoolArray,
    latency_of: Latency | None = None,
) -> Generator[IntArray, FloatArray, FloatArray]:
    """Ask for the designs among samples and return what all are ranked by, ``(n_samples,)``.

    What a design misses of bounds on other columns counts like an excess over the threshold.

    Args:
        archive: What is known.
        config: Rule and weight.
        goal_ms: The threshold, ms.
        genes: ``(n, n_genes)`` designs.
        is_design: ``(n_samples,)`` which samples they are.
        latency_of: What the threshold is about; None for the column ``latency_ms``.
    """
    error = latency = violation = np.zeros(0)
    if len(genes):  # an empty archive has no columns yet
        error, latency, violation = yield from errors_and_latencies(archive, genes, latency_of)
        error = archive.problem.compared({"error": error}, "error")
        is_known = np.isfinite(error) & np.isfinite(latency) & np.isfinite(violation)
        if not is_known.all():  # what failed ranks with the samples that are no designs
            error, latency, violation = error[is_known], latency[is_known], violation[is_known]
            is_design = is_design.copy()
            is_design[is_design] = is_known
    return ranked_losses(
        error,
        np.maximum(latency / goal_ms - 1, 0.0) + violation,
        is_design,
        rule=config.threshold_rule,
        penalty_weight=config.penalty_weight,
    )
