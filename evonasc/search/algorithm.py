"""What an algorithm is: a search, and the facts that the rest of evonasc must know of it."""

import math
from collections.abc import Callable
from dataclasses import dataclass, fields

from evonasc.search.archive import Archive
from evonasc.search.config import SearchConfig
from evonasc.search.steps import Steps

#: Fields that say what to search and for how long: every algorithm may read them.
_COMMON = frozenset({"algorithm", "budget", "seed"})
#: Fields that an algorithm reads because it evolves a population.
_OF_EVOLUTION = frozenset({"pop_size", "sampling", "crossover", "mutation"})
#: The field that an algorithm reads because it can refine.
_OF_REFINEMENT = frozenset({"refine_split"})


@dataclass(frozen=True)
class Algorithm:
    """One algorithm; the last statement of its module makes it.

    Raises:
        ValueError: ``reads`` names what is no field of :class:`SearchConfig`.

    Example:
        >>> def first(archive, config):
        ...     yield archive.problem.designs.all_designs()[: config.budget]
        >>> sorted(Algorithm(first, reads=frozenset({"patience"}), can_refine=True).options)
        ['patience', 'refine_split']
    """

    #: Makes the generator, see :mod:`evonasc.search.steps`, of the archive, which it may read, and
    #: the configuration. It ends when it has nothing more to ask, or is ended.
    search: Callable[[Archive, SearchConfig], Steps]
    #: Whether it evolves a population: it reads ``pop_size`` and the names of the operators.
    is_evolving: bool = False
    #: Whether it can move each new design to its network's fastest cut: it reads ``refine_split``
    #: and asks :class:`evonasc.search.refinement.SplitRefinement`.
    can_refine: bool = False
    #: Whether it trains weights while it searches, so that its errors come from there.
    trains: bool = False
    #: Whether another budget makes it ask for other designs from the start; otherwise a longer
    #: search begins as a shorter one does (given that the budget pays for its population). Whatever
    #: goes on with a finished search under a larger budget must ask for this.
    plans_by_budget: bool = False
    #: Whether its thresholds are about whole networks on the device, which it cuts afterwards.
    cuts_afterwards: bool = False
    #: Columns whose bounds steer it, None for any; what it finds beyond other bounds is left out of
    #: the front in the end. See :meth:`evonasc.problems.DesignProblem.excesses`.
    heeds: frozenset[str] | None = frozenset()
    #: Objectives that a problem must have at least.
    least_objectives: int = 1
    #: Objectives that a problem may have at most, where more would take it for ever.
    most_objectives: float = math.inf
    #: Whether it evaluates every design, whatever the budget.
    enumerates: bool = False
    #: Fields of :class:`SearchConfig` that it reads beside budget, seed and those said above.
    reads: frozenset[str] = frozenset()
    #: What its results must be read with, for records: one sentence or more, given the settings.
    remark: Callable[[SearchConfig], str] | None = None

    def __post_init__(self) -> None:
        unknown = sorted(self.reads - optional_fields() - _COMMON)
        if unknown:
            raise ValueError(f"reads must name fields of SearchConfig, got {', '.join(unknown)}.")

    @property
    def description(self) -> str:
        """What ``evonasc list`` shows where the table has no words."""
        return self.search.__doc__ or ""

    @property
    def options(self) -> frozenset[str]:
        """Every field of :class:`SearchConfig` that it reads beside algorithm, budget and seed."""
        evolution = _OF_EVOLUTION if self.is_evolving else frozenset[str]()
        refinement = _OF_REFINEMENT if self.can_refine else frozenset[str]()
        return (self.reads - _COMMON) | evolution | refinement

    @classmethod
    def of_function(cls, search: Callable[[Archive, SearchConfig], Steps]) -> "Algorithm":
        """Return what a bare function of another package is taken for.

        It may read any option and plan by its budget, but neither refines nor trains.
        """
        return cls(search, plans_by_budget=True, reads=optional_fields() - _OF_REFINEMENT)


def optional_fields() -> frozenset[str]:
    """Return the fields of :class:`SearchConfig` that only some algorithms read."""
    return frozenset(field.name for field in fields(SearchConfig)) - _COMMON
