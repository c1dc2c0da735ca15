"""GDAS with a cut: gradient search by hard Gumbel samples, beside NASC's natural gradient.

Steps alternate as in :mod:`evonasc.search.nasc_cotrain`: the weights learn from the first half of
the training images through a sampled network, the logits of operations and cuts from the second
half, by one forward pass and back. The temperature falls from 10 to 0.1 in equal steps.

Reference: Dong and Yang 2019, "Searching for a Robust Neural Architecture in Four GPU Hours",
CVPR, arXiv 1910.04465. It searches a network alone: the cut, the latency term
(:func:`evonasc.supernet.relaxed.latency_term`, a surrogate) and thresholds are **our addition**.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from evonasc.arrays import FloatArray, IntArray, State, rng_state, set_rng_state
from evonasc.problems import DesignProblem
from evonasc.search.algorithm import Algorithm
from evonasc.search.archive import Archive
from evonasc.search.config import SearchConfig
from evonasc.search.steps import Steps
from evonasc.search.weight_sharing import READS, StepLog, search_thresholds, shared_weights

if TYPE_CHECKING:  # torch comes with it, and takes seconds
    from evonasc.supernet.cotraining import SharedWeights
    from evonasc.supernet.relaxed import Latencies

#: Temperatures of the first and the last step, as published.
_TEMPERATURES = (10.0, 0.1)
#: As published, for 250 epochs of 25,000 images in batches of 64.
_PUBLISHED_RATE, _PUBLISHED_STEPS = 3e-4, 250 * 25_000 // 64
#: Largest rate of a short search.
_LARGEST_RATE = 0.03
#: Networks drawn to learn what an operation adds to the latency.
_N_DRAWN = 2000


def gdas(
    archive: Archive,
    config: SearchConfig,
    *,
    on_step: Callable[[StepLog], None] = lambda log: None,
) -> Steps:
    """Train weights and logits together, under one threshold or a few.

    Args:
        archive: Its problem's errors must come from
            :class:`evonasc.supernet.cotraining.SharedWeights`.
        config: Budget in forward passes, seed, threshold, penalty weight in nats.
        on_step: Called after each step.

    Raises:
        ConfigError: The problem's errors come from elsewhere, or no design meets the threshold.
    """
    weights = shared_weights(archive, name="gdas")
    learner = RelaxedSearch(archive.problem, weights, config)
    yield from search_thresholds(archive, config, learner, weights=weights, on_step=on_step)


def architecture_rate(n_steps: int) -> float:
    """Return Adam's rate: the published 3e-4, raised as the search is shorter, at most 0.03.

    Adam moves a logit by about its rate a step; the published rate would leave the logits of a
    search of a thousand steps where they began. The scaling is ours.
    """
    return min(_LARGEST_RATE, max(_PUBLISHED_RATE, _PUBLISHED_RATE * _PUBLISHED_STEPS / n_steps))


class RelaxedSearch:
    """Logits of operations and cuts, and the weights they learn with; see :class:`Learner`.

    Args:
        problem: Gives designs and latencies.
        weights: Trained here.
        config: Seed, budget and penalty weight.
    """

    n_passes = 1

    def __init__(
        self, problem: DesignProblem, weights: SharedWeights, config: SearchConfig
    ) -> None:
        problem.designs.require_one_link("gdas")
        self._problem, self._weights, self._config = problem, weights, config
        self._rng = np.random.default_rng(config.seed)
        self._rate = architecture_rate(config.budget)
        networks = self._drawn_networks()
        latency = self._latency_table(networks)
        from evonasc.supernet.relaxed import operation_means

        self._mean_ms = latency.mean(0)
        self._operation_ms = operation_means(networks, latency, problem.designs.space)
        self.begin_threshold()

    def begin_threshold(self) -> None:
        """Forget the logits, which would stay where they settled under the threshold before."""
        from evonasc.supernet.relaxed import RelaxedDesigns

        self.relaxed = RelaxedDesigns(
            self._weights,
            n_choices=len(self._mean_ms),
            learning_rate=self._rate,
            seed=self._config.seed,
        )

    def step(self, step: int, goal_ms: float, *, progress: float) -> StepLog:
        """Train the weights by one sample, then the logits by another."""
        first, last = _TEMPERATURES
        temperature = first + (last - first) * progress
        sampled = self.relaxed.sample(temperature, is_usable=self._is_usable)
        # What is reported in the end is the canonical network, so its weights learn too where the
        # sample is another spelling of it.
        drawn = np.array([sampled.network])
        canonical = self._problem.designs.space.canonical(drawn)
        paths = drawn if (drawn == canonical).all() else np.concatenate([drawn, canonical])
        trained = self._weights.train(paths, progress=progress)
        sample = self.relaxed.sample(temperature, is_usable=self._is_usable)
        found = self.relaxed.step(sample, self._latencies(sample.network, goal_ms))
        return StepLog(
            step=step,
            max_latency_ms=goal_ms,
            train_loss=trained.loss,
            train_accuracy=1 - trained.error,
            loss=found.loss,
            accuracy=1 - found.error,
            n_passes=1,
        )

    def state(self) -> State:
        """Return the logits, and where the generator is."""
        return {**self.relaxed.state(), "rng": rng_state(self._rng)}

    def restore(self, state: State) -> None:
        """Be where a state was."""
        self.relaxed.restore({name: values for name, values in state.items() if name != "rng"})
        set_rng_state(self._rng, state["rng"].astype(np.int64))

    def mode(self) -> IntArray:
        """Return the most probable operations and choice of cut and width."""
        operations, choices = self.relaxed.probabilities()
        chosen = self._joined(operations.argmax(axis=1)[None], np.array([choices.argmax()]))
        mode: IntArray = chosen[0]
        return mode

    def sample(self, n: int) -> IntArray:
        """Draw ``(n, n_genes)`` samples."""
        operations, choices = self.relaxed.probabilities()
        drawn = [self._rng.choice(len(row), size=n, p=row / row.sum()) for row in operations]
        picked = self._rng.choice(len(choices), size=n, p=choices / choices.sum())
        return self._joined(np.stack(drawn, axis=1), picked)

    def _joined(self, operations: IntArray, choices: IntArray) -> IntArray:
        """Complete operations ``(n, n_operation_genes)`` by their choices ``(n,)`` to designs."""
        designs = self._problem.designs
        n_cuts = designs.space.n_blocks + 1
        rest = [choices % n_cuts, choices // n_cuts][: 1 + designs.has_bits_gene]
        return np.concatenate([operations, *(column[:, None] for column in rest)], axis=1)

    def _every_choice(self, operations: IntArray) -> IntArray:
        """Return each network with every cut and width, ``(n * n_choices, n_genes)``."""
        designs = self._problem.designs
        n_choices = (designs.space.n_blocks + 1) * len(designs.payload_bits)
        choices = np.tile(np.arange(n_choices), len(operations))
        return self._joined(np.repeat(operations, n_choices, axis=0), choices)

    def _latency_table(self, operations: IntArray) -> FloatArray:
        """Return the latency of networks by choice, allowed or not, ms, ``(n, n_choices)``."""
        latency = self._problem.latency_ms(self._every_choice(operations))
        return latency.reshape(len(operations), -1)

    def _drawn_networks(self) -> IntArray:
        """Draw connected networks with every operation of an edge equally likely."""
        space = self._problem.designs.space
        shape = (_N_DRAWN, space.n_operation_genes)
        drawn = self._rng.integers(0, np.array(space.n_choices), size=shape)
        return drawn[space.is_connected(drawn)]

    def _is_usable(self, network: list[int]) -> bool:
        """Tell whether a network has an allowed cut."""
        designs = self._problem.designs
        return bool(designs.is_valid(self._every_choice(np.array([network]))).any())

    def _latencies(self, network: list[int], goal_ms: float) -> Latencies:
        """Gather what a step must know of latencies."""
        from evonasc.supernet.relaxed import Latencies

        genes = self._every_choice(np.array([network]))
        return Latencies(
            sampled_ms=self._problem.latency_ms(genes),
            is_allowed=self._problem.designs.is_valid(genes),
            mean_ms=self._mean_ms,
            operation_ms=self._operation_ms,
            goal_ms=goal_ms,
            weight=self._config.penalty_weight,
        )


ALGORITHM = Algorithm(
    gdas,
    trains=True,
    plans_by_budget=True,
    reads=READS | {"penalty_weight"},
    heeds=frozenset({"latency_ms"}),
)
