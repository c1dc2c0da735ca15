"""What a search is told: algorithm, budget, population, seed."""

from dataclasses import dataclass

from evonasc.errors import ConfigError


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

    @property
    def population(self) -> int:
        """``pop_size``, but no more than the budget pays for."""
        return min(self.pop_size, max(self.budget, 2))

    def __post_init__(self) -> None:
        for name, least in (("budget", 1), ("pop_size", 2), ("seed", 0)):
            value = getattr(self, name)
            if value < least:
                raise ConfigError(f"{name} must be at least {least}, got {value}.")
