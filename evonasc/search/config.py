"""What a search is told: algorithm, budget, population, seed, what single algorithms ask for."""

import math
from dataclasses import dataclass

from evonasc.errors import ConfigError, UnknownNameError
from evonasc.limits import require_seed

#: How NASC comes by the error of a sample.
NASC_MODES = {
    "cotrain": "weights and distribution trained together, on live data",
    "frozen": "the error source of the run: stored scores, or live evaluation",
}
#: How a latency beyond the threshold counts.
NASC_RULES = {
    "feasible-first": "any design within the threshold beats any beyond it",
    "penalty": "the error plus penalty_weight times the relative excess",
}


@dataclass(frozen=True)
class SearchConfig:
    """How to search; equal configs on equal problems give equal results.

    Raises:
        ConfigError: A value out of range.
    """

    #: Name of the algorithm.
    algorithm: str = "nsga2"
    #: Distinct designs to evaluate.
    budget: int = 2000
    #: Designs alive at once in a population.
    pop_size: int = 20
    #: Seed of everything random.
    seed: int = 0
    #: Move the cut of every new design to the network's fastest allowed one; evolutionary
    #: algorithms and random search.
    refine_split: bool = False
    #: The one latency threshold of nasc, hwnas and gdas, ms; None sweeps thresholds.
    max_latency_ms: float | None = None
    #: One of ``NASC_MODES``.
    nasc_mode: str = "frozen"
    #: One of ``NASC_RULES``; for nasc and hwnas.
    nasc_rule: str = "feasible-first"
    #: Error that an excess of once the threshold is worth under the rule ``penalty``, fraction.
    penalty_weight: float = 1.0
    #: Start each threshold of a sweep of nasc or hwnas from where the one below it ended.
    is_warm: bool = True
    #: For hwnas: cut every network after this block, or at the nearest allowed cut; None chooses
    #: the fastest cut.
    fixed_cut: int | None = None
    #: Operators of the evolutionary algorithms, names of :mod:`evonasc.search.operator_table`.
    sampling: str = "design-sampling"
    crossover: str = "design-crossover"
    mutation: str = "design-mutation"

    @property
    def population(self) -> int:
        """``pop_size``, but no more than the budget pays for."""
        return min(self.pop_size, max(self.budget, 2))

    def __post_init__(self) -> None:
        for name, least in (("budget", 1), ("pop_size", 2)):
            value = getattr(self, name)
            if value < least:
                raise ConfigError(f"{name} must be at least {least}, got {value}.")
        require_seed(self.seed)
        if self.nasc_mode not in NASC_MODES:
            raise UnknownNameError("nasc_mode", self.nasc_mode, NASC_MODES)
        if self.nasc_rule not in NASC_RULES:
            raise UnknownNameError("nasc_rule", self.nasc_rule, NASC_RULES)
        if self.fixed_cut is not None and self.fixed_cut < 0:
            raise ConfigError(f"fixed_cut must be at least 0, got {self.fixed_cut}.")
        for name in ("max_latency_ms", "penalty_weight"):
            number = getattr(self, name)
            if number is not None and not 0 < number < math.inf:
                raise ConfigError(f"{name} must be positive, got {number}.")
