"""A problem that has nothing to do with networks: what to pack, how often."""

import numpy as np
from pymoo.core.problem import Problem

VALUES, WEIGHTS = np.array([4, 7, 9, 2, 6]), np.array([3, 5, 8, 1, 5])


class Knapsack(Problem):
    """Least weight and greatest value of five things, each packed up to three times."""

    def __init__(self):
        super().__init__(n_var=5, n_obj=2, xl=0, xu=3, vtype=int)

    def _evaluate(self, x, out, *args, **kwargs):
        out["F"] = np.stack([x @ WEIGHTS, -(x @ VALUES)], axis=1)


def knapsack(config):
    """Least weight and greatest value."""
    return Knapsack()
