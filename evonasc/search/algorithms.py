"""The table of algorithms; each is imported only when it runs."""

from collections.abc import Callable
from importlib import import_module

from evonasc.errors import UnknownNameError
from evonasc.search.archive import Archive
from evonasc.search.config import SearchConfig

Algorithm = Callable[[Archive, SearchConfig], None]

#: Name -> (module, function, one line for people).
ALGORITHMS: dict[str, tuple[str, str, str]] = {
    "exact": ("exact", "exact", "enumerate every design (small spaces only)"),
    "moead": ("moead", "moead", "MOEA/D (pymoo)"),
    "nsga2": ("nsga2", "nsga2", "NSGA-II (pymoo), the default"),
    "nsga3": ("nsga3", "nsga3", "NSGA-III (pymoo), for three objectives and more"),
    "random": ("random_search", "random_search", "random valid designs"),
    "sms-emoa": ("sms_emoa", "sms_emoa", "SMS-EMOA (pymoo)"),
}


def algorithm(name: str) -> Algorithm:
    """Return the algorithm of that name, a function of (archive, config).

    Raises:
        UnknownNameError: No such algorithm.
    """
    if name not in ALGORITHMS:
        raise UnknownNameError("algorithm", name, ALGORITHMS)
    module, function, _ = ALGORITHMS[name]
    loaded: Algorithm = getattr(import_module(f"evonasc.search.{module}"), function)
    return loaded
