"""Searches that train shared weights as they go: thresholds, budget and the closing evaluations.

One evaluation is one forward pass on images that the weights do not learn from. Most of the budget
goes into passes on single batches, from which the search learns; these are counted, not kept, since
the weights move on. When the training has ended, the answer to each threshold and designs drawn
from the distributions are evaluated on the held-out images with the final weights: those make the
run's table and front, so that its errors can be compared with each other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from evonasc.arrays import IntArray
from evonasc.errors import ConfigError
from evonasc.search.archive import Archive
from evonasc.search.config import SearchConfig
from evonasc.search.design_latency import cuttable_networks
from evonasc.search.steps import Answers, Passes, Steps
from evonasc.search.thresholds import (
    answers_of,
    evaluations_left,
    require_reachable,
    thresholds,
    with_nearest_cut,
)

if TYPE_CHECKING:  # torch comes with it, and takes seconds
    from evonasc.supernet.cotraining import SharedWeights

#: Thresholds of a sweep, at most; the weights are carried from one to the next.
TRAINED_THRESHOLDS = 5
#: Share of the budget kept for the closing evaluations.
_CLOSING_SHARE = 0.05
#: What a search built on this reads of its configuration.
READS = frozenset({"n_thresholds"})


@dataclass(frozen=True)
class StepLog:
    """One step of weights and distribution."""

    #: From 1.
    step: int
    #: The threshold searched under, ms.
    max_latency_ms: float
    #: Loss of the weights' batch, nats.
    train_loss: float
    #: Share of the weights' batch classified right.
    train_accuracy: float
    #: Mean loss of the step's samples on a batch of the second half, nats.
    loss: float
    #: Mean share of that batch classified right.
    accuracy: float
    #: Forward passes on the second half.
    n_passes: int


class Learner(Protocol):
    """A distribution over designs that learns together with weights."""

    #: Forward passes on the second half that a step takes, at most.
    n_passes: int

    def begin_threshold(self) -> None:
        """Be told that another threshold begins: the distribution may start afresh."""

    def step(self, step: int, goal_ms: float, *, progress: float) -> StepLog:
        """Train the weights by one batch, then the distribution; ``progress`` lies in [0, 1)."""

    def mode(self) -> IntArray:
        """Return the most probable sample, ``(n_genes,)``."""

    def sample(self, n: int) -> IntArray:
        """Draw ``(n, n_genes)`` samples."""


def shared_weights(archive: Archive, *, name: str) -> SharedWeights:
    """Return the weights of a problem whose errors come from weights in training, untrained.

    Raises:
        ConfigError: The problem's errors come from elsewhere.
    """
    source = archive.problem.error_source
    if source is not None:
        from evonasc.supernet.cotraining import SharedWeights

        if isinstance(source, SharedWeights):
            source.reset()
            return source
    raise ConfigError(
        f"{name} trains weights on images while it searches, which stored errors cannot replace. "
        "Name the data set: --data digits, or --data cifar10 --data-root DATA."
    )


def search_thresholds(
    archive: Archive,
    config: SearchConfig,
    learner: Learner,
    *,
    on_step: Callable[[StepLog], None] = lambda log: None,
) -> Steps:
    """Train under each threshold in turn, then evaluate; see above.

    Every pass is counted; the closing evaluations and the answers are kept.

    Raises:
        ConfigError: No design meets the threshold.
    """
    rng = np.random.default_rng(config.seed)
    networks, least_ms = cuttable_networks(archive.problem, rng=rng)
    require_reachable(archive.problem, least_ms, networks=networks)
    budget = evaluations_left(archive, config)
    goals = thresholds(
        archive.problem, least_ms, budget=budget, config=config, n_most=TRAINED_THRESHOLDS
    ).tolist()
    n_closing = max(len(goals), int(_CLOSING_SHARE * budget))
    n_steps = max(budget - n_closing, 0) // learner.n_passes
    modes, drawn, step = [], [], 0
    for index, goal in enumerate(goals):
        learner.begin_threshold()
        while step < n_steps * (index + 1) // len(goals):
            log = learner.step(step + 1, goal, progress=step / n_steps)
            step += 1
            on_step(log)
            yield Passes(log.n_passes)
        modes.append(learner.mode())
        drawn.append(learner.sample(4 * n_closing))
    for goal, mode in zip(goals, modes, strict=True):
        yield Answers((yield from answers_of(archive, goal, mode)))
    # One design of each distribution after the other, so that each gets its share of the rest.
    interleaved = np.stack(drawn, axis=1).reshape(-1, drawn[0].shape[1])
    yield with_nearest_cut(archive.problem.designs, interleaved)[0]
