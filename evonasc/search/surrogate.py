"""Pareto local search that evaluates what a model of everything evaluated expects to be best.

Each batch makes many times as many children as it may evaluate. A part of it are those that, were
they one standard deviation better than a Gaussian process expects, would improve on the front the
most; the rest are children of the least tried designs, unseen by the model, so that its errors do
not decide where the search may go. Which part is large is learnt from which of the two has found
more of the front of late: the model is worth most in the beginning. Worth it where an evaluation
takes longer than the model, which is a few milliseconds a design.

References: Knowles 2006, "ParEGO", IEEE Transactions on Evolutionary Computation 10(1), for models
in place of evaluations; Thierens 2005, "An Adaptive Pursuit Strategy for Allocating Operator
Probabilities", GECCO, for probability matching; the local search is :mod:`evonasc.search.pls`. How
they are joined, and the improvement as the least margin over any design of the front, is **our
formulation**. Its settings were chosen on two machines and six rates that no published figure is
of.
"""

from typing import NamedTuple

import numpy as np

from evonasc.arrays import BoolArray, FloatArray, IntArray
from evonasc.search.algorithm import Algorithm
from evonasc.search.archive import Archive
from evonasc.search.array_operators import ArrayOperators
from evonasc.search.config import SearchConfig
from evonasc.search.kriging import Kriging
from evonasc.search.pool import Pool
from evonasc.search.ranking import ranks_of
from evonasc.search.steps import Steps

#: Children that the model chooses among; least and most of the share of a batch that it chooses.
_CANDIDATES, _SHARES = 1000, (0.25, 0.75)
#: What the last batch counts in what is known of the success of either part, and what is thought
#: of them before.
_MEMORY, _FIRST_SUCCESS = 0.1, (0.3, 0.1)
#: Standard deviations that candidates are taken to be better than expected.
_OPTIMISM = 1.0
#: Digits of a gain that count: linear algebra is not the same to the last bit everywhere.
_DIGITS = 9
#: Designs that the model is made of, at most: the best ones; and batches' size.
_MOST_KNOWN, _BATCH = 1000, 20


class _Known(NamedTuple):
    """The best of all evaluated designs, as many as a model is made of."""

    #: ``(n, n_genes)`` canonical.
    genes: IntArray
    #: ``(n, n_obj)`` finite.
    values: FloatArray
    #: ``(n,)`` by how much bounds are missed.
    violation: FloatArray
    #: ``(n,)`` number of its front, from 0.
    rank: IntArray

    def joined(self, genes: IntArray, values: FloatArray, violation: FloatArray) -> "_Known":
        """Return the best of these designs and new ones, those whose evaluation failed left out."""
        is_known = np.isfinite(values).all(axis=1)
        genes = np.concatenate([self.genes, genes[is_known]])
        values = np.concatenate([self.values, values[is_known]])
        violation = np.concatenate([self.violation, violation[is_known]])
        rank = ranks_of(values, violation)
        rows = np.argsort(rank, kind="stable")[:_MOST_KNOWN]
        return _Known(genes[rows], values[rows], violation[rows], rank[rows])


class _Parts:
    """The two parts of a batch, and how often a design of either came to be on the front."""

    def __init__(self) -> None:
        self._chosen, self._others = _FIRST_SUCCESS

    @property
    def n_to_choose(self) -> int:
        """How many of the next batch the model is to choose."""
        total = self._chosen + self._others
        share = self._chosen / total if total > 0 else 0.5
        return round(float(np.clip(share, *_SHARES)) * _BATCH)

    def learn(self, is_on_front: BoolArray, *, n_chosen: int) -> None:
        """Be told which of a batch are on the front, ``(n,)``, those that were chosen first."""
        chosen, others = is_on_front[:n_chosen], is_on_front[n_chosen:]
        self._chosen += _MEMORY * (float(chosen.mean()) - self._chosen)
        if len(others):
            self._others += _MEMORY * (float(others.mean()) - self._others)


def _are_among(genes: IntArray, front: IntArray) -> BoolArray:
    """Tell which designs are on a front, ``(n,)``."""
    on_front = {row.tobytes() for row in front.astype(np.int64)}
    return np.array([row.tobytes() in on_front for row in genes.astype(np.int64)])


def surrogate(archive: Archive, config: SearchConfig) -> Steps:
    """Evaluate what a model of all evaluated designs expects to be best, and some of the rest.

    Ends when neither mating nor drawing finds a new design.
    """
    rng = np.random.default_rng(config.seed)
    operators, designs = ArrayOperators(archive, config, rng=rng), archive.problem.designs
    pool = Pool.empty(n_genes=designs.n_genes, n_obj=archive.problem.n_obj)
    known = _Known(pool.genes, pool.values, pool.violation, pool.rank)

    def parents(n_matings: int) -> IntArray:
        return pool.parents(n_matings, rng=rng)

    genes, n_chosen, parts = operators.sample(config.population), 0, _Parts()
    while len(genes):
        values = yield genes
        violation = archive.violations_of(genes)
        pool = pool.joined(genes, values, violation)
        if n_chosen:
            parts.learn(_are_among(genes, pool.genes[pool.rank == 0]), n_chosen=n_chosen)
        known = known.joined(designs.canonical(genes), values, violation)
        near = pool.pairs_near_the_front(_CANDIDATES // 2, rng=rng)
        candidates = operators.new(operators.children(near))
        gain = _gains(known, designs.canonical(candidates))
        chosen = candidates[np.argsort(-gain, kind="stable")[: parts.n_to_choose]]
        n_chosen = len(chosen)
        genes = operators.new_children(_BATCH, parents, found=chosen)


def _gains(known: _Known, candidates: IntArray) -> FloatArray:
    """Return by how much candidates are expected to improve on the front, ``(n,)``.

    The least margin over any design of the front, in the objective in which it is largest, in
    ranges of the front; below 0 where the front dominates. What is expected to miss bounds comes
    after all that is not.
    """
    if len(candidates) == 0 or len(known.genes) < 2:
        return np.zeros(len(candidates))
    has_bounds = bool((known.violation > 0).any())
    columns = [known.values, known.violation[:, None]] if has_bounds else [known.values]
    expected = Kriging(known.genes, np.concatenate(columns, axis=1)).optimistic(
        candidates, deviations=_OPTIMISM
    )
    n_obj = known.values.shape[1]
    front = known.values[(known.rank == 0) & (known.violation <= 0)]
    gain = np.zeros(len(candidates))
    if len(front):
        span = np.ptp(front, axis=0)
        margin = (front[None] - expected[:, None, :n_obj]) / np.where(span > 0, span, 1.0)
        gain = margin.max(axis=2).min(axis=1)
    if has_bounds:
        misses = np.maximum(expected[:, n_obj], 0.0)
        gain = np.where(misses > 0, gain.min() - 1.0 - misses, gain)
    rounded: FloatArray = gain.round(_DIGITS)
    return rounded


ALGORITHM = Algorithm(surrogate, is_evolving=True, can_refine=True, heeds=None)
