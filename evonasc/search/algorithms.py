"""The table of algorithms; each is imported only when it is asked for."""

from collections.abc import Collection
from dataclasses import fields

from evonasc.errors import ConfigError
from evonasc.plugins import OWN, Registry
from evonasc.search.algorithm import Algorithm, optional_fields
from evonasc.search.config import SearchConfig, option_of
from evonasc.search.operator_table import foreign_operators

#: evonasc's algorithms and those of other packages: an :class:`Algorithm`, or a bare
#: generator function of (archive, config).
ALGORITHMS = Registry(
    "algorithm",
    "algorithms",
    {
        "deap-nsga2": (
            "evonasc.search.deap_nsga2:ALGORITHM",
            "NSGA-II (sorting and selection by DEAP, operators as nsga2)",
        ),
        "exact": ("evonasc.search.exact:ALGORITHM", "enumerate every design (small spaces only)"),
        "gdas": (
            "evonasc.search.gdas:ALGORITHM",
            "GDAS: Gumbel samples, weights trained with them (--data)",
        ),
        "hwnas": (
            "evonasc.search.hwnas:ALGORITHM",
            "ASNG for the device alone on frozen weights, cut afterwards; NASC's comparator",
        ),
        "moead": ("evonasc.search.moead:ALGORITHM", "MOEA/D (pymoo)"),
        "nasc": (
            "evonasc.search.nasc:ALGORITHM",
            "ASNG over network and cut on frozen weights, thresholds swept; the baseline",
        ),
        "nasc-cotrain": (
            "evonasc.search.nasc_cotrain:ALGORITHM",
            "NASC, weights trained with its samples (--data)",
        ),
        "nsga2": ("evonasc.search.nsga2:ALGORITHM", "NSGA-II, the default"),
        "nsga3": (
            "evonasc.search.nsga3:ALGORITHM",
            "NSGA-III (pymoo), for three objectives and more",
        ),
        "pls": (
            "evonasc.search.pls:ALGORITHM",
            "Pareto local search around the front of everything evaluated",
        ),
        "pymoo-nsga2": ("evonasc.search.pymoo_nsga2:ALGORITHM", "NSGA-II (pymoo)"),
        "random": ("evonasc.search.random_search:ALGORITHM", "random valid designs"),
        "surrogate": (
            "evonasc.search.surrogate:ALGORITHM",
            "Pareto local search led by a model of everything evaluated, for dear evaluations",
        ),
        "sms-emoa": ("evonasc.search.sms_emoa:ALGORITHM", "SMS-EMOA (pymoo)"),
    },
)


def algorithm(name: str) -> Algorithm:
    """Return the algorithm of that name, imported.

    Raises:
        UnknownNameError: No such algorithm.
        PluginError: It is another package's, and broken.
    """
    entry = ALGORITHMS.entry(name)
    loaded = ALGORITHMS.load_entry(entry)
    if isinstance(loaded, Algorithm):
        return loaded
    if callable(loaded):
        return Algorithm.of_function(loaded)
    raise ALGORITHMS.broken(
        entry,
        f"it must be an Algorithm or a function of (archive, config), got {type(loaded).__name__}",
    )


def own_algorithms() -> dict[str, Algorithm]:
    """Return evonasc's algorithms by name, all imported."""
    loaded = {
        entry.name: ALGORITHMS.load_entry(entry)
        for entry in ALGORITHMS.entries()
        if entry.source == OWN
    }
    return {name: one for name, one in loaded.items() if isinstance(one, Algorithm)}


def foreign_parts(config: SearchConfig) -> list[str]:
    """Return the names of the algorithm and operators of a search that are not evonasc's."""
    foreign = [] if ALGORITHMS.is_built_in(config.algorithm) else [config.algorithm]
    return foreign + foreign_operators(config)


def require_read_options(
    config: SearchConfig, entry: Algorithm, *, given: Collection[str] = ()
) -> None:
    """Refuse an option that the algorithm would not look at: its user expects an effect.

    Args:
        config: Names the algorithm; an option is given where it differs from its default.
        entry: The algorithm.
        given: Fields that are given besides, though at their default.

    Raises:
        ConfigError: The algorithm does not read an option that was given.
    """
    for field in fields(SearchConfig):
        value = getattr(config, field.name)
        unread = optional_fields() - entry.options
        if entry.enumerates:  # whatever the order, it evaluates all there is
            unread |= {"budget", "seed"}
        is_given = value != field.default if field.name in optional_fields() else False
        if field.name not in unread or not (is_given or field.name in given):
            continue
        readers = [
            name
            for name, one in own_algorithms().items()
            if field.name in one.options or not (field.name in optional_fields() or one.enumerates)
        ]
        option = option_of(field.name)
        given = option if isinstance(value, bool) else f"{option} {value}"
        raise ConfigError(
            f"{option} must be used with one of {', '.join(readers)}, got {given} with --algo "
            f"{config.algorithm}, which does not read it. Leave out {option}."
        )
