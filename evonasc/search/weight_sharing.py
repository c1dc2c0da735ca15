"""Searches that train shared weights as they go: thresholds, budget and the closing evaluations.

One evaluation is one forward pass on images that the weights do not learn from. Most of the budget
goes into passes on single batches, from which the search learns; these are counted, not kept, since
the weights move on. When the training has ended, the answer to each threshold and designs drawn
from the distributions are evaluated on the held-out images with the final weights: those make the
run's table and front, so that its errors can be compared with each other.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from evonasc.arrays import IntArray, State
from evonasc.errors import ConfigError
from evonasc.search.archive import Archive
from evonasc.search.config import SearchConfig
from evonasc.search.decoding import with_nearest_cut
from evonasc.search.design_latency import cuttable_networks
from evonasc.search.steps import Answers, Passes, Steps
from evonasc.search.threshold_rule import FALLING
from evonasc.search.thresholds import (
    answers_of,
    evaluations_left,
    require_reachable,
    thresholds,
)

if TYPE_CHECKING:  # torch comes with it, and takes seconds
    from evonasc.supernet.cotraining import SharedWeights

#: Thresholds of a sweep, at most; the weights are carried from one to the next.
TRAINED_THRESHOLDS = 5
#: Share of the budget kept for the closing evaluations.
_CLOSING_SHARE = 0.05
#: How often a training is written to its file, s.
KEPT_EVERY_S = 60.0
#: What a search built on this reads of its configuration.
READS = frozenset({"n_thresholds", "threshold_order"})


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

    def state(self) -> State:
        """Return everything that moves, by name."""

    def restore(self, state: State) -> None:
        """Be where a state was; ValueError or KeyError for one that does not fit."""

    def mode(self) -> IntArray:
        """Return the most probable sample, ``(n_genes,)``."""

    def sample(self, n: int) -> IntArray:
        """Draw ``(n, n_genes)`` samples."""


class _Done:
    """How far a search has come; what of it moves is the learner's.

    Args:
        learner: Learns on.
    """

    def __init__(self, learner: Learner) -> None:
        self._learner = learner
        #: Steps done, and the passes that they took.
        self.step, self.n_passes = 0, 0
        #: Whether the threshold at hand has begun.
        self.is_begun = False
        #: Of each threshold that has ended: the most probable sample, and samples drawn.
        self.modes: list[IntArray] = []
        self.drawn: list[IntArray] = []

    def end_threshold(self, *, n_drawn: int) -> None:
        """Take what a threshold gave."""
        self.modes.append(self._learner.mode())
        self.drawn.append(self._learner.sample(n_drawn))
        self.is_begun = False

    def state(self) -> State:
        """Return everything that moves, by name."""
        counts = [self.step, self.n_passes, self.is_begun, len(self.modes)]
        ended: State = {}
        for place, (mode, drawn) in enumerate(zip(self.modes, self.drawn, strict=True)):
            ended |= {f"mode {place}": mode, f"drawn {place}": drawn}
        learner = {f"learner {name}": values for name, values in self._learner.state().items()}
        return {"counts": np.array(counts, dtype=np.int64), **ended, **learner}

    def restore(self, state: State) -> None:
        """Be where a state was; KeyError or ValueError for one that does not fit."""
        self.step, self.n_passes, is_begun, n_ended = state["counts"].astype(np.int64).tolist()
        self.is_begun = bool(is_begun)
        self.modes = [state[f"mode {place}"].astype(np.int64) for place in range(n_ended)]
        self.drawn = [state[f"drawn {place}"].astype(np.int64) for place in range(n_ended)]
        own = "learner "
        self._learner.restore(
            {name.removeprefix(own): state[name] for name in state if name.startswith(own)}
        )


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
    weights: SharedWeights,
    on_step: Callable[[StepLog], None] = lambda log: None,
) -> Steps:
    """Train under each threshold in turn, then evaluate; see above.

    Every pass is counted; the closing evaluations and the answers are kept. Where the weights have
    a file, it is written every now and then, and the training goes on from it.

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
    searched = goals[::-1] if config.threshold_order == FALLING else goals
    n_closing = max(len(goals), int(_CLOSING_SHARE * budget))
    n_steps = max(budget - n_closing, 0) // learner.n_passes
    done = _Done(learner)
    settings = asdict(config)
    weights.go_on(settings, done.restore)
    if done.n_passes:
        yield Passes(done.n_passes)
    kept_at = time.monotonic()
    try:
        for index in range(len(done.modes), len(searched)):
            if not done.is_begun:
                learner.begin_threshold()
                done.is_begun = True
            while done.step < n_steps * (index + 1) // len(searched):
                log = learner.step(done.step + 1, searched[index], progress=done.step / n_steps)
                done.step, done.n_passes = done.step + 1, done.n_passes + log.n_passes
                on_step(log)
                if time.monotonic() - kept_at > KEPT_EVERY_S:
                    weights.keep(done.state, settings)
                    kept_at = time.monotonic()
                yield Passes(log.n_passes)
            done.end_threshold(n_drawn=4 * n_closing)
    except GeneratorExit:  # somebody stopped the search
        weights.keep(done.state, settings)
        raise
    weights.keep(done.state, settings)
    modes, drawn = done.modes, done.drawn
    for goal, mode in zip(searched, modes, strict=True):
        yield Answers((yield from answers_of(archive, goal, mode)))
    # One design of each distribution after the other, so that each gets its share of the rest.
    interleaved = np.stack(drawn, axis=1).reshape(-1, drawn[0].shape[1])
    yield with_nearest_cut(archive.problem.designs, interleaved)[0]
