"""An algorithm, a variation, a mutation, an objective and a link."""

import numpy as np
from pymoo.core.mutation import Mutation

from evonasc.runs.variations import Variation
from evonasc.search.algorithm import Algorithm
from evonasc.search.refinement import SplitRefinement


def uniform(archive, config):
    """Draw designs uniformly, ten at a time."""
    rng = np.random.default_rng(config.seed)
    refinement = SplitRefinement.of(archive.problem, config)
    for _ in range(1000):
        drawn = archive.problem.designs.sample(10, rng=rng)
        yield refinement.refined(drawn)


UNIFORM = Algorithm(uniform, can_refine=True)

CROWDED = Variation({"pop_size": 40})


class SwapMutation(Mutation):
    """Swap an operation with a fresh one, at one place."""

    def _do(self, problem, X, *, random_state, **kwargs):
        designs, rows = problem.designs, np.arange(len(X))
        place = random_state.integers(designs.space.n_operation_genes, size=len(X))
        mutated = X.copy()
        mutated[rows, place] = random_state.integers(np.array(designs.n_choices)[place])
        return designs.repair(mutated, fallback=X)


def cost_cents(genes, designs, columns):
    """What an input costs: bytes sent and time on the server."""
    return columns["payload_bytes"] / 1e4 + columns["tail_ms"] / 10


class Satellite:
    """A link with a long way up: satellite:HEIGHT_KM."""

    def __init__(self, scenario, argument):
        self.height_km, self.mbps = float(argument or 550), scenario.uplink_mbps
        self.provenance = f"{self.mbps:g} Mbit/s by way of {self.height_km:g} km"

    def uplink_ms(self, payload):
        """Return the time up and down at the speed of light, and to send."""
        return 2 * self.height_km / 299.792 + payload * 8 / (self.mbps * 1e3)
