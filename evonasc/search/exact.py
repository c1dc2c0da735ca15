"""Enumeration as an algorithm: every design, where the space is small enough to list."""

from evonasc.errors import ConfigError
from evonasc.search.algorithm import Algorithm
from evonasc.search.archive import Archive
from evonasc.search.config import SearchConfig
from evonasc.search.steps import Steps

#: Designs asked for at once.
_BATCH = 1000


def exact(archive: Archive, config: SearchConfig) -> Steps:
    """Evaluate every design; the budget does not apply.

    Raises:
        ConfigError: The designs are too many to list.
    """
    designs = archive.problem.designs.all_designs()
    if designs is None:
        raise ConfigError(
            f"The designs of {archive.problem.designs.space.name!r} are too many to list. "
            "Use --algo nsga2."
        )
    for start in range(0, len(designs), _BATCH):
        yield designs[start : start + _BATCH]


ALGORITHM = Algorithm(exact, enumerates=True)
