"""Mutation: a few genes anew, the cut moved, and the cut kept valid."""

from typing import Any

import numpy as np
from pymoo.core.mutation import Mutation

from evonasc.arrays import IntArray, drawn_below


class DesignMutation(Mutation):
    """Resets operation genes, now and then moves a cut, and repairs all in one vectorised step.

    The network is first written in a random one of its spellings (``SearchSpace.respell``), so
    that a reset reaches everything one edge away from the network, not from one way to write it.
    Operations are categories without an order: a reset gene takes any *other* value with equal
    chance. The cut is ordered: it moves to a place where the payload changes
    (``SearchSpace.landmark_cuts``), or by a few blocks, geometric, either way. At least one gene of
    a mutated design changes before the repair. A mutation that leaves no valid cut is undone.

    Args:
        prob: Probability that a design is mutated at all, in [0, 1].
        prob_var: Probability of each operation gene to be reset, in [0, 1]; where none is, one gene
            is anyway, so a low value means: mostly one.
        prob_cut: Probability that the cut moves, in [0, 1].
        prob_landmark: Share of cut moves that go to a landmark instead of a near cut, in [0, 1].
    """

    def __init__(
        self,
        prob: float = 1.0,
        prob_var: float = 0.1,
        *,
        prob_cut: float = 0.1,
        prob_landmark: float = 0.8,
    ) -> None:
        super().__init__(prob=prob, prob_var=prob_var)
        self.prob_cut, self.prob_landmark = prob_cut, prob_landmark

    def _do(self, problem: Any, X: IntArray, *, random_state: Any, **kwargs: Any) -> IntArray:
        """Map ``(n, n_genes)`` valid designs to as many valid designs."""
        designs, rng = problem.designs, random_state
        n, n_links, n_operations = len(X), designs.n_links, designs.space.n_operation_genes
        splits, choices = designs.split_genes, np.array(designs.n_choices)

        spelled = X.copy()
        spelled[:, :n_operations] = designs.space.respell(X[:, :n_operations], rng=rng)
        is_reset = rng.random((n, designs.n_genes)) < self.get_prob_var(problem)
        is_reset[:, splits] = rng.random((n, n_links)) < self.prob_cut
        nothing = np.flatnonzero(~is_reset.any(axis=1))
        is_reset[nothing, rng.integers(n_operations, size=len(nothing))] = True

        # Another value: one of the choices - 1 steps around the circle of values.
        rows, genes = np.nonzero(is_reset)
        steps = 1 + drawn_below(np.maximum(choices - 1, 1)[genes], rng=rng)
        mutated = spelled.copy()
        mutated[rows, genes] = (spelled[rows, genes] + steps) % choices[genes]
        is_moved = is_reset[:, splits]
        mutated[:, splits][is_moved] = self._moved(X[:, splits][is_moved], designs, rng=rng)
        repaired: IntArray = designs.repair(mutated, fallback=X)
        return repaired

    def _moved(self, cuts: IntArray, designs: Any, *, rng: np.random.Generator) -> IntArray:
        """Return other cuts than these, ``(n,)``: landmarks, or near ones."""
        near = self._near(cuts, last=designs.space.n_blocks, rng=rng)
        landmarks = designs.space.landmark_cuts
        landmark = landmarks[rng.integers(len(landmarks), size=cuts.shape)]  # rng.choice is slow
        is_landmark = (rng.random(cuts.shape) < self.prob_landmark) & (landmark != cuts)
        moved: IntArray = np.where(is_landmark, landmark, near)
        return moved

    @staticmethod
    def _near(cuts: IntArray, *, last: int, rng: np.random.Generator) -> IntArray:
        """Return cuts at a geometric distance; at the ends of the network they turn inwards."""
        sign = 2 * rng.integers(2, size=cuts.shape) - 1
        distance = np.minimum(rng.geometric(0.5, size=cuts.shape), last) * sign
        moved = cuts + distance
        inwards = np.where((moved < 0) | (moved > last), cuts - distance, moved)
        near: IntArray = np.clip(inwards, 0, last)
        return near
