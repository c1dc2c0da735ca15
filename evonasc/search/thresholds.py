"""Latency thresholds: which ones a search goes through, and what it answers to each."""

from collections.abc import Callable, Generator

import numpy as np

from evonasc.arrays import FloatArray, IntArray
from evonasc.bounds import violations
from evonasc.errors import ConfigError
from evonasc.problems import DesignProblem
from evonasc.search.archive import Archive
from evonasc.search.config import SearchConfig
from evonasc.search.decoding import Decoder, with_nearest_cut
from evonasc.search.design_latency import best_cuts
from evonasc.search.steps import Answer
from evonasc.search.threshold_rule import is_within

#: Designs a threshold of a sweep gets at least; a small budget gives fewer thresholds.
MIN_SHARE = 100

#: Gives the latency of designs that a threshold is about, ms, ``(n,)``.
Latency = Callable[[DesignProblem, IntArray], FloatArray]


def evaluations_left(archive: Archive, config: SearchConfig) -> int:
    """Return how many evaluations are left; without a limit of the archive, of the search's."""
    spent = len(archive) + archive.n_passes
    return max(config.budget - spent, 0) if archive.n_left is None else archive.n_left


def latency_limit(problem: DesignProblem) -> float | None:
    """Return what the latency may be at most by a bound, ms; None where it has none."""
    limits = [bound.at_most for bound in problem.column_bounds if bound.column == "latency_ms"]
    return min(limits, default=None)


def only_threshold(problem: DesignProblem, config: SearchConfig) -> float | None:
    """Return the one threshold to search under, ms: the bound, unless a sweep up to it is asked."""
    return latency_limit(problem) if config.n_thresholds is None else None


def thresholds(
    problem: DesignProblem,
    least_ms: FloatArray,
    *,
    budget: int,
    config: SearchConfig,
    n_most: int,
) -> FloatArray:
    """Return the thresholds to search under, ms, rising.

    A sweep goes in equal ratios from the least latency of any network, which few others meet, to
    the largest, which every network meets at its best cut, or to the bound on the latency where
    that is less. A bound alone is the only threshold.

    Args:
        problem: Has the bound, or none.
        least_ms: Latency of each network at its best cut, ms.
        budget: Designs to be shared.
        config: How many at most.
        n_most: Thresholds at most where the configuration leaves that open.

    Raises:
        ConfigError: No latency is positive, or the bound is not.
    """
    limit = latency_limit(problem)
    if limit is not None and limit <= 0:
        raise ConfigError(f"A bound on latency_ms must be positive to search under, got {limit:g}.")
    only = only_threshold(problem, config)
    if only is not None:
        return np.array([only])
    positive = least_ms[least_ms > 0]
    if len(positive) == 0:
        raise ConfigError("latency_ms must be positive for some network to give a threshold.")
    first, last = positive.min(), positive.max()
    if limit is not None and limit <= first:
        return np.array([limit])
    last = last if limit is None else min(limit, last)
    n = min(config.n_thresholds or n_most, max(2, budget // MIN_SHARE))
    return np.geomspace(first, last, n)


def require_reachable(
    problem: DesignProblem,
    least_ms: FloatArray,
    *,
    of: str = "any design",
    networks: IntArray | None = None,
) -> None:
    """Refuse a bound on the latency that nothing meets, and say what binds.

    Only told where networks can be listed.

    Args:
        problem: Has the bound, or none.
        least_ms: ``(n,)`` latencies that the threshold is about, the least of each network, ms.
        of: What has these latencies, for the message.
        networks: ``(n, n_operation_genes)`` networks whose cuts are what binds, or not; None where
            thresholds are not about cuts.

    Raises:
        ConfigError: Nothing meets it.
    """
    least, limit_ms = float(least_ms.min()), latency_limit(problem)
    is_listed = problem.designs.space.networks() is not None
    if limit_ms is None or not is_listed or is_within(least, limit_ms):
        return
    blame = "" if networks is None else f"; {_what_binds(problem, limit_ms, networks)}"
    raise ConfigError(
        f"The bound on latency_ms must be at least {least:.4g}, the least latency of {of}, got "
        f"{limit_ms:.4g}{blame}. Raise it by {least - limit_ms:.4g} ms."
    )


def _what_binds(problem: DesignProblem, limit_ms: float, networks: IntArray) -> str:
    """Say whether networks would meet a bound, ms, if they could be cut anywhere."""
    free = float(best_cuts(problem, networks, is_any_cut_allowed=True)[1].min())
    if not is_within(free, limit_ms):
        return "the bound itself binds, whatever the limits on the cut"
    return (
        "the limits on the cut bind (min_split, max_head_memory_bytes, max_payload_bytes): without "
        f"them {free:.4g} ms would be possible"
    )


def n_new(archive: Archive, genes: IntArray) -> int:
    """Count the distinct designs among ``genes``, canonical, that would cost an evaluation."""
    return len(np.unique(genes[~archive.is_known(genes)], axis=0))


def errors_and_latencies(
    archive: Archive, genes: IntArray, latency_of: Latency | None
) -> Generator[IntArray, FloatArray, tuple[FloatArray, FloatArray, FloatArray]]:
    """Ask for designs, ``(n, n_genes)``; return error, latency (ms) and violation, ``(n,)`` each.

    The latency is what a threshold is about; None for the column ``latency_ms``. The violation is
    that of bounds on other columns; 0 where a threshold is about another latency: the cut, which
    decides those columns, is not found yet.
    """
    yield genes
    columns, problem = archive.columns_of(genes), archive.problem
    error = problem.column(columns, "error")
    if latency_of is not None:
        return error, latency_of(problem, genes), np.zeros(len(genes))
    others = [bound for bound in problem.column_bounds if bound.column != "latency_ms"]
    return error, problem.column(columns, "latency_ms"), violations(columns, others)


def answers_of(
    archive: Archive,
    goal_ms: float,
    mode: IntArray,
    *,
    decode: Decoder = with_nearest_cut,
    latency_of: Latency | None = None,
) -> Generator[IntArray, FloatArray, list[Answer]]:
    """Ask for the most probable design and return it as the answer to a threshold.

    The mode, ``(n_variables,)``, is the most probable sample, of which ``decode`` makes a design.

    Returns:
        One answer; none where the network has no allowed cut, its evaluation failed, or the budget
        is spent.
    """
    designs, sample = archive.problem.designs, mode[None]
    genes, _ = decode(designs, sample)
    if len(genes) == 0 or (archive.n_left == 0 and n_new(archive, genes)):
        return []
    error, latency, violation = (
        float(values[0]) for values in (yield from errors_and_latencies(archive, genes, latency_of))
    )
    if not np.isfinite([error, latency, violation]).all():  # its evaluation failed
        return []
    # A search that has no cut among its variables has none to repair.
    is_repaired = sample.shape[1] == designs.n_genes and not designs.is_valid(sample)[0]
    return [
        Answer(
            max_latency_ms=goal_ms,
            genes=tuple(genes[0].tolist()),
            error=error,
            latency_ms=latency,
            is_feasible=is_within(latency, goal_ms) and violation == 0,
            is_repaired=bool(is_repaired),
        )
    ]
