"""Enumeration as an algorithm: every design, where the space is small enough to list."""

from evonasc.errors import ConfigError
from evonasc.search.algorithm import Algorithm
from evonasc.search.archive import Archive
from evonasc.search.config import SearchConfig


def exact(archive: Archive, config: SearchConfig) -> None:
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
    archive.budget = None
    archive.evaluate(designs)


ALGORITHM = Algorithm(exact, enumerates=True)
