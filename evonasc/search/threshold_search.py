"""ASNG under one latency threshold: what the searches that sweep thresholds have in common.

A sample's loss is its error and how far its latency exceeds the threshold; see
:mod:`evonasc.search.nasc` for where this comes from.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from evonasc.arrays import BoolArray, FloatArray, IntArray
from evonasc.errors import ConfigError
from evonasc.problems import DesignProblem
from evonasc.problems.base import coarse_error
from evonasc.search.answer import Answer
from evonasc.search.archive import Archive
from evonasc.search.asng import Asng
from evonasc.search.config import SearchConfig
from evonasc.space import DesignSpace

#: Relative excess that counts as none: rounding.
SLACK = 1e-9
#: Samples in a row without a new design before a distribution counts as settled.
_SETTLED = 400


@dataclass(frozen=True)
class NascConfig:
    """How to search under thresholds.

    Raises:
        ConfigError: A value out of range.
    """

    #: The one threshold, ms; None sweeps thresholds from the least to the largest sensible one.
    max_latency_ms: float | None = None
    #: ``feasible-first``: any design within the threshold beats any beyond it, and those beyond
    #: are compared by how far. ``penalty``: the error plus ``penalty_weight`` times the excess.
    rule: Literal["feasible-first", "penalty"] = "feasible-first"
    #: Error that an excess of once the threshold is worth, fraction.
    penalty_weight: float = 1.0
    #: Thresholds of a sweep, at most.
    n_thresholds: int = 10
    #: Designs a threshold of a sweep gets at least; a small budget gives fewer thresholds.
    min_share: int = 100
    #: Start each threshold of a sweep from where the one below it ended, which gives better answers
    #: and, while the budget is small, better fronts; False searches each from scratch, as separate
    #: runs would.
    is_warm: bool = True
    #: Samples an iteration (lambda).
    n_samples: int = 2
    #: Samples a threshold may draw for each design of its share: repeats cost no evaluation, and a
    #: distribution that has settled repeats itself.
    patience: int = 10

    @classmethod
    def of(cls, config: SearchConfig) -> "NascConfig":
        """Return what a search's options say."""
        return cls(
            max_latency_ms=config.max_latency_ms,
            rule=config.nasc_rule,  # type: ignore[arg-type]  # one of the two, checked there
            penalty_weight=config.penalty_weight,
            is_warm=config.is_warm,
        )

    def __post_init__(self) -> None:
        limit = self.max_latency_ms
        if limit is not None and not 0 < limit < np.inf:
            raise ConfigError(f"max_latency_ms must be positive, got {limit}.")
        if self.rule not in ("feasible-first", "penalty"):
            raise ConfigError(f"rule must be feasible-first or penalty, got {self.rule!r}.")
        if not 0 < self.penalty_weight < np.inf:
            raise ConfigError(f"penalty_weight must be positive, got {self.penalty_weight}.")
        for name, least in (
            ("n_thresholds", 2),
            ("min_share", 1),
            ("n_samples", 2),
            ("patience", 1),
        ):
            value = getattr(self, name)
            if value < least:
                raise ConfigError(f"{name} must be at least {least}, got {value}.")


#: Maps samples to designs: the valid designs of the rows that have one, and which rows those are.
Decoder = Callable[[DesignSpace, IntArray], tuple[IntArray, BoolArray]]


class ThresholdSearch:
    """ASNG under one threshold.

    Args:
        archive: Evaluates.
        nasc: Rule and sizes.
        goal_ms: The threshold, ms.
        asng: The distribution to move.
        decode: Makes designs of samples.
        latency_of: The latency of designs that must meet the threshold, ms; None takes the
            column ``latency_ms``.
    """

    def __init__(
        self,
        archive: Archive,
        nasc: NascConfig,
        goal_ms: float,
        asng: Asng,
        decode: Decoder,
        latency_of: Callable[[DesignProblem, IntArray], FloatArray] | None = None,
    ) -> None:
        self._archive, self._nasc, self._goal_ms, self._asng = archive, nasc, goal_ms, asng
        self._decode, self._latency_of = decode, latency_of

    def run(self, share: int, *, rng: np.random.Generator) -> None:
        """Sample and update until the share is used; leaves one design of it for the answer.

        Ends earlier when the distribution has settled: too many samples in all, or too many in a
        row, without a new design.

        Args:
            share: Distinct designs this threshold may evaluate.
            rng: Draws the samples.
        """
        archive = self._archive
        last, idle = len(archive) + share - 1, 0
        for _ in range(self._nasc.patience * share // self._nasc.n_samples):
            samples = self._asng.sample(self._nasc.n_samples, rng=rng)
            genes, is_found = self._decode(archive.problem.designs, samples)
            n_new = _n_new(archive, genes)
            idle = 0 if n_new else idle + len(samples)
            if len(archive) + n_new > last or idle > _SETTLED:
                return
            self._asng.update(samples, self._losses(genes, is_found))

    def answer(self) -> list[Answer]:
        """Evaluate the most probable design; an empty list if it is none or the budget is spent."""
        designs, mode = self._archive.problem.designs, self._asng.mode()[None]
        genes, _ = self._decode(designs, mode)
        if len(genes) == 0 or (self._archive.is_spent and _n_new(self._archive, genes)):
            return []
        error, latency = (float(values[0]) for values in self._measured(genes))
        is_feasible = latency <= self._goal_ms * (1 + SLACK)
        # A search that has no cut among its variables has none to repair.
        is_repaired = mode.shape[1] == designs.n_genes and not designs.is_valid(mode)[0]
        return [
            Answer(
                max_latency_ms=self._goal_ms,
                genes=tuple(genes[0].tolist()),
                error=error,
                latency_ms=latency,
                is_feasible=is_feasible,
                is_repaired=bool(is_repaired),
            )
        ]

    def _measured(self, genes: IntArray) -> tuple[FloatArray, FloatArray]:
        """Evaluate designs and return error and latency (ms), ``(n,)`` each."""
        columns = self._archive.columns_of(genes)
        problem = self._archive.problem
        error = problem.column(columns, "error")
        if self._latency_of is None:
            return error, problem.column(columns, "latency_ms")
        return error, self._latency_of(problem, genes)

    def _losses(self, genes: IntArray, is_found: BoolArray) -> FloatArray:
        """Return the losses of samples, ``(n,)``; those without any design share the worst."""
        losses = np.zeros(len(is_found))
        if len(genes):
            error, latency = self._measured(genes)
            error = coarse_error(error, resolution=self._archive.problem.error_resolution)
            excess = np.maximum(latency / self._goal_ms - 1, 0)
            if self._nasc.rule == "penalty":
                losses[is_found] = error + self._nasc.penalty_weight * excess
            else:  # errors are at most 1
                losses[is_found] = np.where(excess > SLACK, 1 + excess, error)
        losses[~is_found] = losses.max() + 1
        return losses


def thresholds(least_ms: FloatArray, *, budget: int, nasc: NascConfig) -> FloatArray:
    """Return the thresholds to search under, ms, rising.

    A sweep goes in equal ratios from the least latency of any network, which few others meet, to
    the largest, which every network meets at its best cut.

    Args:
        least_ms: Latency of each network at its best cut, ms.
        budget: Designs to be shared.
        nasc: Number of thresholds, or the one threshold.

    Raises:
        ConfigError: No latency is positive.
    """
    if nasc.max_latency_ms is not None:
        return np.array([nasc.max_latency_ms])
    positive = least_ms[least_ms > 0]
    if len(positive) == 0:
        raise ConfigError("latency_ms must be positive for some network to give a threshold.")
    n = min(nasc.n_thresholds, max(2, budget // nasc.min_share))
    return np.geomspace(positive.min(), positive.max(), n)


def _n_new(archive: Archive, genes: IntArray) -> int:
    """Count the distinct designs among ``genes``, canonical, that would cost an evaluation."""
    return len(np.unique(genes[~archive.is_known(genes)], axis=0))
