"""What can be built: search spaces, and designs (a network, its cut, its payload's width)."""

from collections.abc import Callable

from evonasc.errors import UnknownNameError
from evonasc.space.base import SearchSpace
from evonasc.space.designs import DesignSpace, Genome
from evonasc.space.macro201 import NasBench201

__all__ = ["SPACES", "DesignSpace", "Genome", "NasBench201", "SearchSpace", "search_space"]

#: Name -> maker of the search space.
SPACES: dict[str, Callable[[], SearchSpace]] = {"nasbench201": NasBench201}


def search_space(name: str) -> SearchSpace:
    """Return the search space of that name.

    Raises:
        UnknownNameError: No such space.
    """
    if name not in SPACES:
        raise UnknownNameError("search space", name, SPACES)
    return SPACES[name]()
