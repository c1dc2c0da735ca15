"""What a search is told: algorithm, budget, population, seed, what single algorithms ask for."""

import math
from dataclasses import dataclass

from evonasc.errors import ConfigError, UnknownNameError
from evonasc.field_types import require_types
from evonasc.limits import require_seed
from evonasc.search.asng import ALPHA, FIRST_STEP
from evonasc.search.threshold_rule import FALLING, THRESHOLD_ORDERS, THRESHOLD_RULES

#: Designs that a search may evaluate at most, and what each takes at the very least, s.
MOST_DESIGNS, _SECONDS_A_DESIGN = 10**9, 1e-5
#: Fields that the command line spells otherwise.
_OPTIONS = {"algorithm": "--algo", "is_warm": "--cold-start"}


@dataclass(frozen=True)
class SearchConfig:
    """How to search; equal configs on equal problems give equal results.

    An algorithm reads budget and seed, and of the rest what its entry says
    (:class:`evonasc.search.algorithm.Algorithm`).

    Raises:
        ConfigError: A value out of range, or one that ``share_samples`` leaves without effect.
        UnknownNameError: An unknown ``threshold_rule`` or ``threshold_order``.

    Example:
        >>> SearchConfig(algorithm="nsga2", budget=500, seed=3).population
        20
    """

    #: Name of the algorithm.
    algorithm: str = "nsga2"
    #: Distinct designs to evaluate.
    budget: int = 2000
    #: Designs alive at once in a population.
    pop_size: int = 20
    #: Seed of everything random.
    seed: int = 0
    #: Move the cut of every new design to the network's fastest allowed one.
    refine_split: bool = False
    #: Thresholds of a sweep, at most; None for 10, or 5 where weights are trained on the way. A
    #: bound on the latency is the last threshold of a sweep, and for None the only one.
    n_thresholds: int | None = None
    #: How a latency beyond the threshold counts, one of
    #: :data:`evonasc.search.threshold_rule.THRESHOLD_RULES`.
    threshold_rule: str = "feasible-first"
    #: Loss that an excess of once the threshold is worth: under the rule ``penalty`` an error as a
    #: fraction, where weights are trained on the way nats.
    penalty_weight: float = 1.0
    #: Which threshold a sweep goes through first, one of
    #: :data:`evonasc.search.threshold_rule.THRESHOLD_ORDERS`.
    threshold_order: str = FALLING
    #: Start each threshold of a sweep from where the one before it ended, which gives better
    #: answers and, while the budget is small, better fronts; False searches each from scratch, as
    #: separate runs would.
    is_warm: bool = True
    #: Search under all thresholds of a sweep at once, each sample counting for every threshold by
    #: its importance there.
    share_samples: bool = False
    #: Samples that a distribution draws for one step of its own (lambda); the authors' default.
    n_samples: int = 2
    #: How consistent steps of a distribution must be for their length to grow; larger is bolder.
    #: The authors' default.
    alpha: float = ALPHA
    #: First length of a step of a distribution; the authors' default.
    delta0: float = FIRST_STEP
    #: Samples a threshold may draw for each design of its share of the budget: repeats cost no
    #: evaluation, and a distribution that has settled repeats itself.
    patience: int = 10
    #: Cut every network after this block, or at the nearest allowed cut; None chooses the fastest.
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
        require_types(self)
        require_seed(self.seed)
        for name, least in (
            ("budget", 1),
            ("pop_size", 2),
            ("n_thresholds", 2),
            ("n_samples", 2),
            ("patience", 1),
            ("fixed_cut", 0),
        ):
            value = getattr(self, name)
            if value is not None and value < least:
                raise ConfigError(f"{name} must be at least {least}, got {value}.")
        if self.budget > MOST_DESIGNS:
            hours = min(self.budget, 10**300) * _SECONDS_A_DESIGN / 3600
            raise ConfigError(
                f"budget must be at most {MOST_DESIGNS} designs, got {self.budget}: {hours:.3g} "
                "hours at a hundredth of a millisecond for each."
            )
        if self.threshold_order not in THRESHOLD_ORDERS:
            raise UnknownNameError("threshold_order", self.threshold_order, THRESHOLD_ORDERS)
        if self.threshold_rule not in THRESHOLD_RULES:
            raise UnknownNameError("threshold_rule", self.threshold_rule, THRESHOLD_RULES)
        if self.share_samples and (self.threshold_order != FALLING or not self.is_warm):
            raise ConfigError(
                "share_samples searches under all thresholds at once, so there is neither an order "
                "of them nor a start. Leave out --threshold-order and --cold-start."
            )
        for name in ("penalty_weight", "alpha", "delta0"):
            value = getattr(self, name)
            if not 0 < value < math.inf:
                raise ConfigError(f"{name} must be positive, got {value}.")


def option_of(field: str) -> str:
    """Return the option of the command line that sets a field of :class:`SearchConfig`.

    Example:
        >>> option_of("pop_size"), option_of("is_warm")
        ('--pop-size', '--cold-start')
    """
    return _OPTIONS.get(field, f"--{field.replace('_', '-')}")
