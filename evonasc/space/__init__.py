"""What can be built: search spaces, and designs (a network, its cut, its payload's width)."""

from evonasc.plugins import Registry
from evonasc.space.base import SearchSpace
from evonasc.space.designs import DesignSpace, Genome

__all__ = ["SPACES", "DesignSpace", "Genome", "SearchSpace", "search_space"]

#: The search spaces: a class, or a function without arguments, that gives one.
SPACES = Registry(
    "search space",
    "spaces",
    {"nasbench201": ("evonasc.nasbench201.space:NasBench201", "cells of NAS-Bench-201, 19 blocks")},
)


def search_space(name: str) -> SearchSpace:
    """Return the search space of that name.

    Raises:
        UnknownNameError: No such space.
        PluginError: It is another package's, and broken.
    """
    made = SPACES.make(name)
    if not isinstance(made, SearchSpace):
        raise SPACES.broken(
            SPACES.entry(name), f"it must give a SearchSpace, got {type(made).__name__}"
        )
    return made
