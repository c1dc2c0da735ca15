"""HWNAS: first a network for the device alone, then a cut for it. What NASC is compared with.

The search of :mod:`evonasc.search.nasc` without the cut: ASNG over the operation genes only, the
error under thresholds on the latency of the *whole network on the device*. Only then is each
network found cut where that is fastest, by trying all allowed cuts. Where the error does not depend
on the cut this loses little: the predicted latencies of all cuts of a network cost no evaluation.

Shimizu et al. 2022, arXiv 2208.13968, compare NASC with a hardware-aware search; what theirs
minimises and how it is cut is unknown to us. This comparator is **our formulation**.
"""

from dataclasses import dataclass, replace

import numpy as np

from evonasc.arrays import BoolArray, FloatArray, IntArray
from evonasc.errors import ConfigError
from evonasc.front import non_dominated
from evonasc.problems import DesignProblem
from evonasc.search.algorithm import Algorithm
from evonasc.search.archive import Archive
from evonasc.search.config import SearchConfig
from evonasc.search.design_latency import best_cuts, cuttable_networks, on_device_ms
from evonasc.search.steps import Answer, Steps
from evonasc.search.threshold_search import (
    N_THRESHOLDS,
    READS,
    Sweep,
    nasc_remark,
    search_each,
    sweep_and_fill,
)
from evonasc.search.thresholds import evaluations_left, require_reachable, thresholds
from evonasc.space import DesignSpace

#: Share of the budget kept for cutting the networks found.
_CUT_SHARE = 0.1


def hwnas(archive: Archive, config: SearchConfig) -> Steps:
    """Search networks by error and on-device latency, then cut each where it is fastest.

    Sweeps again while a good part of the budget is left; the last designs are drawn at random.
    Under one threshold, on the latency of the whole network on the device, it ends with its answer.
    """
    return sweep_and_fill(archive, config, lambda rng: sweep(archive, config, rng=rng))


def sweep(archive: Archive, config: SearchConfig, *, rng: np.random.Generator) -> Sweep:
    """Search under each threshold once, cut what was found, and return the answers.

    While it searches, a network is evaluated as computed on the device as a whole, or, where
    memory forbids that, at its nearest allowed cut; its on-device latency is predicted. Afterwards
    the answers are cut, then the other networks on the front of (error, on-device latency), each
    at its fastest allowed cut, as far as the budget goes. Each (network, cut) counts once. The
    width of the payload is the fastest too.

    Args:
        archive: What is known; its problem must have the columns ``error`` and ``latency_ms``.
        config: Thresholds, about the whole network on the device; rule and cut; the budget where
            the archive has none.
        rng: Draws the samples.

    Returns:
        Answers by rising threshold. Their threshold and feasibility are those of the whole network
        on the device; their genes, error and latency are those after cutting.

    Raises:
        ConfigError: ``fixed_cut`` exceeds the number of blocks, or no network meets the threshold
            (told where the networks can be listed).
    """
    problem, space = archive.problem, archive.problem.designs.space
    cut = space.n_blocks if config.fixed_cut is None else config.fixed_cut
    if cut > space.n_blocks:
        raise ConfigError(
            f"fixed_cut must lie in [0, n_blocks] = [0, {space.n_blocks}], got {cut}."
        )
    pool_ms = on_device_ms(problem, cuttable_networks(problem, rng=rng)[0])
    require_reachable(problem, pool_ms, of="any network on the device")

    left = evaluations_left(archive, config)
    n_reserved = 0 if config.fixed_cut is not None else int(_CUT_SHARE * left)
    goals = thresholds(
        problem, pool_ms, budget=left - n_reserved, config=config, n_most=N_THRESHOLDS
    )
    found = yield from search_each(
        archive,
        config,
        goals,
        space.n_choices,
        n_reserved=n_reserved,
        decode=_CutAt(cut),
        latency_of=_whole_network_ms,
        rng=rng,
    )
    if config.fixed_cut is not None:
        return [_with_latency(archive, answer, answer.genes) for answer in found]
    return (yield from _cut_where_fastest(archive, found))


@dataclass(frozen=True)
class _CutAt:
    """Reads samples of operation genes as designs with one cut, or the nearest allowed one."""

    cut: int

    def __call__(self, designs: DesignSpace, samples: IntArray) -> tuple[IntArray, BoolArray]:
        genes = designs.completed(samples)
        genes[:, designs.split_genes] = self.cut
        is_cuttable = designs.is_cuttable(genes)
        cuttable = genes[is_cuttable]
        return designs.canonical(designs.repair(cuttable, fallback=cuttable)), is_cuttable


def _whole_network_ms(problem: DesignProblem, genes: IntArray) -> FloatArray:
    """Return the latency of the designs' networks without any cut, ms, ``(n,)``."""
    return on_device_ms(problem, problem.designs.operations(genes))


def _cut_where_fastest(archive: Archive, found: list[Answer]) -> Sweep:
    """Cut the answers, then the front of all networks, at their fastest cuts; see above."""
    problem, rows = archive.problem, np.flatnonzero(~archive.is_failed())
    if len(rows) == 0:
        return []
    genes = archive.genes()[rows]
    networks, whole_ms = problem.designs.operations(genes), _whole_network_ms(problem, genes)
    error = problem.compared(archive.columns_at(rows), "error")
    points = np.stack([error, whole_ms], axis=1)
    front = np.unique(networks[non_dominated(points)], axis=0)
    # Every network here was evaluated, so each has an allowed cut.
    answers = np.array([answer.genes for answer in found], dtype=np.int64)
    answers = answers.reshape(len(found), problem.designs.n_genes)
    cut = best_cuts(problem, problem.designs.operations(answers))[0]
    cut = problem.designs.canonical(cut)
    yield _what_fits(archive, np.concatenate([cut, best_cuts(problem, front)[0]]))
    # Where the budget was spent before an answer could be cut, or the cut one failed, it stays as
    # it was searched.
    is_cut = archive.is_known(cut)
    is_cut[is_cut] = ~archive.is_failed()[archive.rows_of(cut[is_cut])]
    designs = np.where(is_cut[:, None], cut, answers)
    return [
        _with_latency(archive, answer, tuple(row))
        for answer, row in zip(found, designs.tolist(), strict=True)
    ]


def _what_fits(archive: Archive, genes: IntArray) -> IntArray:
    """Return the first new ones of designs, as many as the budget pays for."""
    canonical = archive.problem.designs.canonical(genes)
    return canonical[archive.first_of_new(canonical)[: archive.n_left]]


def _with_latency(archive: Archive, answer: Answer, genes: tuple[int, ...]) -> Answer:
    """Return an answer with the genes, error and latency of an evaluated design."""
    columns = archive.columns_of(np.array([genes]))
    return replace(
        answer,
        genes=genes,
        error=float(columns["error"][0]),
        latency_ms=float(columns["latency_ms"][0]),
    )


def _remark(config: SearchConfig) -> str:
    """Say what it is, for records."""
    what = "the comparator of NASC's paper, a search for the device alone that is cut afterwards"
    frozen = "on frozen weights: errors are looked up"
    return nasc_remark(config, what=what, weights=frozen, most=N_THRESHOLDS)


ALGORITHM = Algorithm(
    hwnas,
    plans_by_budget=True,
    cuts_afterwards=True,
    reads=READS | {"fixed_cut"},
    heeds=frozenset({"latency_ms"}),
    remark=_remark,
)
