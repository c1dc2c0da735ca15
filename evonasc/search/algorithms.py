"""The table of algorithms; each is imported only when it runs."""

from collections.abc import Callable
from dataclasses import fields
from typing import cast

from evonasc.errors import ConfigError
from evonasc.plugins import Registry
from evonasc.search.archive import Archive
from evonasc.search.config import SearchConfig

Algorithm = Callable[[Archive, SearchConfig], None]

#: Name -> (module, function, one line for people).
ALGORITHMS: dict[str, tuple[str, str, str]] = {
    "deap-nsga2": ("deap_nsga2", "deap_nsga2", "NSGA-II (DEAP)"),
    "exact": ("exact", "exact", "enumerate every design (small spaces only)"),
    "gdas": ("gdas", "gdas", "GDAS: Gumbel samples, weights trained with them (--data)"),
    "hwnas": ("hwnas", "hwnas", "ASNG for the device alone, cut afterwards; NASC's comparator"),
    "moead": ("moead", "moead", "MOEA/D (pymoo)"),
    "nasc": ("nasc", "nasc", "ASNG over network and cut, latency thresholds swept; the baseline"),
    "nsga2": ("nsga2", "nsga2", "NSGA-II (pymoo), the default"),
    "nsga3": ("nsga3", "nsga3", "NSGA-III (pymoo), for three objectives and more"),
    "random": ("random_search", "random_search", "random valid designs"),
    "sms-emoa": ("sms_emoa", "sms_emoa", "SMS-EMOA (pymoo)"),
}

#: These and those of other packages.
REGISTRY = Registry(
    "algorithm",
    "algorithms",
    {
        name: (f"evonasc.search.{module}:{function}", what)
        for name, (module, function, what) in ALGORITHMS.items()
    },
)

#: Algorithms that always train weights while they search, and so need images.
TRAINING = ("gdas",)


#: Field of the search's configuration -> the algorithms of evonasc that read it.
_READ_BY = {
    "fixed_cut": ("hwnas",),
    "is_warm": ("gdas", "hwnas", "nasc"),
    "max_latency_ms": ("gdas", "hwnas", "nasc"),
    "nasc_mode": ("nasc",),
    "nasc_rule": ("hwnas", "nasc"),
    "penalty_weight": ("gdas", "hwnas", "nasc"),
}


def require_read_options(config: SearchConfig) -> None:
    """Refuse an option that the algorithm would not look at: its user expects an effect.

    Algorithms of other packages may read what they like.

    Raises:
        ConfigError: The algorithm is evonasc's own and does not read an option that was given.
    """
    for field in fields(config):
        readers = _READ_BY.get(field.name, ())
        is_read = not readers or config.algorithm not in ALGORITHMS or config.algorithm in readers
        if not is_read and getattr(config, field.name) != field.default:
            option = _OPTIONS.get(field.name, f"--{field.name.replace('_', '-')}")
            raise ConfigError(
                f"{option} must be used with one of {', '.join(readers)}, got --algo "
                f"{config.algorithm}, which does not read it. Leave out {option}."
            )


#: Options of the command line that are not spelled as their field.
_OPTIONS = {"is_warm": "--cold-start"}


def trains_weights(config: SearchConfig) -> bool:
    """Tell whether a search trains weights as it goes, so that its errors come from there."""
    is_cotrained = config.algorithm == "nasc" and config.nasc_mode == "cotrain"
    return is_cotrained or config.algorithm in TRAINING


def algorithm(name: str) -> Algorithm:
    """Return the algorithm of that name, a function of (archive, config).

    Raises:
        UnknownNameError: No such algorithm.
        PluginError: It is another package's, and broken.
    """
    entry = REGISTRY.entry(name)
    loaded = REGISTRY.load_entry(entry)
    if not callable(loaded):
        raise REGISTRY.broken(entry, f"it must be callable, got {type(loaded).__name__}")
    return cast(Algorithm, loaded)
