"""Mutation: a few genes anew, the cut moved, and the cut kept valid."""

from typing import Any

import numpy as np
from pymoo.core.mutation import Mutation

from evonasc.arrays import IntArray


class DesignMutation(Mutation):
    """Resets operation genes, shifts the cut, and repairs it in one vectorised step.

    Operations are categories without an order, so a mutated gene takes any *other* value with
    equal chance. The cut is ordered: it moves by a few blocks (geometric, either way), or now and
    then to any cut at all. At least one gene of a mutated design changes before the repair. A
    mutation that leaves no valid cut is undone.

    Args:
        prob: Probability that a design is mutated at all, in [0, 1].
        prob_var: Probability of each operation gene to be reset; ``1 / n_operation_genes`` by
            default.
        prob_cut: Probability that the cut moves, in [0, 1].
        prob_jump: Share of cut moves that go to any cut instead of a near one, in [0, 1].
    """

    def __init__(
        self,
        prob: float = 1.0,
        prob_var: float | None = None,
        *,
        prob_cut: float = 0.3,
        prob_jump: float = 0.3,
    ) -> None:
        super().__init__(prob=prob, prob_var=prob_var)
        self.prob_cut, self.prob_jump = prob_cut, prob_jump

    def _do(self, problem: Any, X: IntArray, *, random_state: Any, **kwargs: Any) -> IntArray:
        """Map ``(n, n_genes)`` valid designs to as many valid designs."""
        designs, rng = problem.designs, random_state
        n, split = len(X), designs.space.n_operation_genes
        choices = np.array(designs.n_choices)
        rate = 1 / split if self.prob_var is None else self.get_prob_var(problem)

        is_reset = rng.random((n, designs.n_genes)) < rate
        is_reset[:, split] = rng.random(n) < self.prob_cut
        forced = rng.integers(split, size=n)
        nothing = ~is_reset.any(axis=1)
        is_reset[nothing, forced[nothing]] = True

        # Another value: one of the choices - 1 steps around the circle of values.
        steps = 1 + rng.integers(np.maximum(choices - 1, 1), size=(n, designs.n_genes))
        fresh = (X + steps) % choices
        # A near cut: at a geometric distance, either way; back where that leads outside.
        distance = rng.geometric(0.5, size=n) * rng.choice([-1, 1], size=n)
        near, last = X[:, split] + distance, choices[split] - 1
        near = np.where((near < 0) | (near > last), X[:, split] - distance, near).clip(0, last)
        fresh[:, split] = np.where(rng.random(n) < self.prob_jump, fresh[:, split], near)

        repaired: IntArray = designs.repair(np.where(is_reset, fresh, X), fallback=X)
        return repaired
