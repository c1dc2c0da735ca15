"""NASC with weights and distribution trained together, as one-shot search does it.

Steps alternate: the shared weights learn from a batch of the first half of the training images, by
the mean loss of lambda networks drawn from the current distribution; the distribution learns from a
batch of the second half, by the losses of lambda other samples of it. The distribution is ASNG's,
over operations, cut and width; the loss of a sample is its cross-entropy on the batch in nats, and
its latency counts by :mod:`evonasc.search.threshold_rule`.

References: Shimizu et al. 2022, arXiv 2208.13968 (NASC: one-shot search by ASNG); Akimoto et al.
2019, arXiv 1905.08537 (ASNG and its protocol). The paper's full text was not available to us:
rule, sweep and repair are **our formulation**.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from evonasc.arrays import IntArray, State, rng_state, set_rng_state
from evonasc.errors import EvaluationError
from evonasc.problems import DesignProblem
from evonasc.search.algorithm import Algorithm
from evonasc.search.archive import Archive
from evonasc.search.config import SearchConfig
from evonasc.search.decoding import with_nearest_cut
from evonasc.search.steps import Steps
from evonasc.search.threshold_rule import ranked_losses
from evonasc.search.threshold_search import asng_of, nasc_remark
from evonasc.search.weight_sharing import (
    READS,
    TRAINED_THRESHOLDS,
    StepLog,
    search_thresholds,
    shared_weights,
)

if TYPE_CHECKING:  # torch comes with it, and takes seconds
    from evonasc.supernet.cotraining import SharedWeights

#: Samples drawn at most to find a network that exists.
_MOST_DRAWS = 1000


def nasc_cotrain(
    archive: Archive,
    config: SearchConfig,
    *,
    on_step: Callable[[StepLog], None] = lambda log: None,
) -> Steps:
    """Train weights and distribution together, under one threshold or a few.

    Args:
        archive: Its problem's errors must come from
            :class:`evonasc.supernet.cotraining.SharedWeights`.
        config: Budget in forward passes, seed, threshold, rule.
        on_step: Called after each step.

    Raises:
        ConfigError: The problem's errors come from elsewhere, or no design meets the threshold.
    """
    weights = shared_weights(archive, name="nasc-cotrain")
    learner = CotrainedAsng(archive.problem, weights, config)
    yield from search_thresholds(archive, config, learner, weights=weights, on_step=on_step)


class CotrainedAsng:
    """ASNG's distribution and the weights it learns with; see :class:`Learner`.

    Args:
        problem: Gives designs and latencies.
        weights: Trained here.
        config: Seed, rule and number of samples.
    """

    def __init__(
        self, problem: DesignProblem, weights: SharedWeights, config: SearchConfig
    ) -> None:
        self._problem, self._weights, self._config = problem, weights, config
        self.n_passes = config.n_samples  # each one forward pass
        self._rng = np.random.default_rng(config.seed)
        self.asng = asng_of(problem.designs.n_choices, config)

    def begin_threshold(self) -> None:
        """Forget the distribution and keep the weights, where each threshold is to start afresh."""
        if not self._config.is_warm:
            self.asng = asng_of(self._problem.designs.n_choices, self._config)

    def step(self, step: int, goal_ms: float, *, progress: float) -> StepLog:
        """Train the weights by sampled networks, then the distribution by samples of its own."""
        designs, config = self._problem.designs, self._config
        networks = np.concatenate([self._sampled_network() for _ in range(config.n_samples)])
        trained = self._weights.train(networks, progress=progress, is_whole_batch=True)
        samples = self.asng.sample(config.n_samples, rng=self._rng)
        genes, is_design = with_nearest_cut(designs, samples)
        found = self._weights.batch_losses(designs.operations(genes)) if len(genes) else []
        losses = np.array([one.loss for one in found])
        if len(found):
            ranked = ranked_losses(
                losses,
                self._problem.latency_ms(genes) / goal_ms - 1,
                is_design,
                rule=config.threshold_rule,
                penalty_weight=config.penalty_weight,
            )
            self.asng.update(samples, ranked)
        return StepLog(
            step=step,
            max_latency_ms=goal_ms,
            train_loss=trained.loss,
            train_accuracy=1 - trained.error,
            loss=float(losses.mean()) if len(found) else np.nan,
            accuracy=float(np.mean([1 - one.error for one in found])) if found else np.nan,
            n_passes=len(found),
        )

    def state(self) -> State:
        """Return the distribution, and where the generator is."""
        return {**self.asng.state(), "rng": rng_state(self._rng)}

    def restore(self, state: State) -> None:
        """Be where a state was."""
        moved = {name: values.astype(float) for name, values in state.items() if name != "rng"}
        self.asng.restore(moved)
        set_rng_state(self._rng, state["rng"].astype(np.int64))

    def mode(self) -> IntArray:
        """Return the most probable category of each variable."""
        return self.asng.mode()

    def sample(self, n: int) -> IntArray:
        """Draw ``(n, n_genes)`` samples."""
        return self.asng.sample(n, rng=self._rng)

    def _sampled_network(self) -> IntArray:
        """Draw one network that has an allowed cut, canonical, ``(1, n_operation_genes)``."""
        designs = self._problem.designs
        for _ in range(_MOST_DRAWS):
            genes, _ = with_nearest_cut(designs, self.asng.sample(1, rng=self._rng))
            if len(genes):
                network: IntArray = designs.operations(genes)
                return network
        raise EvaluationError(
            f"{_MOST_DRAWS} samples gave no network with an allowed cut. Lower min_split, or raise "
            "max_head_memory_bytes or max_payload_bytes."
        )


def _remark(config: SearchConfig) -> str:
    """Say what it is, for records."""
    trained = "weights trained with its samples, by passes on single batches"
    return nasc_remark(config, what="NASC", weights=trained, most=TRAINED_THRESHOLDS)


ALGORITHM = Algorithm(
    nasc_cotrain,
    trains=True,
    plans_by_budget=True,
    reads=READS | {"alpha", "delta0", "is_warm", "n_samples", "penalty_weight", "threshold_rule"},
    heeds=frozenset({"latency_ms"}),
    remark=_remark,
)
