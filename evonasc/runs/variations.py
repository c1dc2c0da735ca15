"""Variations of an algorithm to compare: ``nasc+cold``, ``nsga2+refine``, ``nsga2+MY-MUTATION``."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from evonasc.errors import UnknownNameError
from evonasc.plugins import Registry
from evonasc.search.algorithm import Algorithm, optional_fields
from evonasc.search.config import SearchConfig
from evonasc.search.operator_table import OPERATORS, operator


@dataclass(frozen=True)
class Variation:
    """A change of a search that is set beside the search without it.

    Raises:
        ValueError: ``changes`` is empty, or names what is no option of an algorithm.
    """

    #: Fields of :class:`SearchConfig` that some algorithms read, and their values.
    changes: Mapping[str, object]

    def __post_init__(self) -> None:
        if not self.changes or not self.changes.keys() <= optional_fields():
            raise ValueError(
                f"changes must name options of algorithms, got {', '.join(self.changes) or 'none'}."
            )

    def fits(self, entry: Algorithm) -> bool:
        """Tell whether an algorithm reads what changes."""
        return self.changes.keys() <= entry.options

    def applied(self, search: SearchConfig) -> SearchConfig:
        """Return a search with the change.

        Raises:
            ConfigError: A value out of range.
        """
        return replace(search, **self.changes)  # type: ignore[arg-type]  # checked there


COLD = Variation({"is_warm": False})
REFINE = Variation({"refine_split": True})
RISING = Variation({"threshold_order": "rising"})
SHARED = Variation({"share_samples": True})

#: evonasc's variations and those of other packages. Operators are variations too, by their names.
VARIATIONS = Registry(
    "variation",
    "variations",
    {
        "cold": (
            "evonasc.runs.variations:COLD",
            "each threshold of a sweep searched from scratch",
        ),
        "refine": (
            "evonasc.runs.variations:REFINE",
            "each new design cut where its network is fastest",
        ),
        "rising": (
            "evonasc.runs.variations:RISING",
            "a sweep that begins with the tightest threshold",
        ),
        "shared": (
            "evonasc.runs.variations:SHARED",
            "all thresholds of a sweep at once, samples shared by importance",
        ),
    },
)


def variation(name: str) -> tuple[Variation, str]:
    """Return a variation, or an operator as one, and what it does in one line.

    Raises:
        UnknownNameError: No such variation, and no such operator.
        PluginError: It is another package's, and broken.
    """
    if name not in VARIATIONS:
        if name not in OPERATORS:
            raise UnknownNameError("variation", name, [*VARIATIONS, *OPERATORS])
        _, kind = operator(name)
        return Variation({kind: name}), f"the {kind} {name}"
    entry = VARIATIONS.entry(name)
    loaded = VARIATIONS.load_entry(entry)
    if not isinstance(loaded, Variation):
        raise VARIATIONS.broken(entry, f"it must be a Variation, got {type(loaded).__name__}")
    return loaded, entry.what or f"of {entry.source}"
