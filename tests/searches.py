"""Searches of tests: generators driven to their end."""

from evonasc.search.algorithm import Algorithm
from evonasc.search.config import SearchConfig
from evonasc.search.search import Search


def driven(search, problem, *, config=None, budget=300):
    """Return a search by a generator function of (archive, config), gone through."""
    config = SearchConfig(budget=budget) if config is None else config
    return Search(problem, config, algorithm=Algorithm(search)).run()


def returned(search, problem, *, config):
    """Return what a generator function of (archive, config) returns, and the archive."""
    found = []

    def noting(archive, config):
        found.append((yield from search(archive, config)))

    archive = driven(noting, problem, config=config).archive
    return found[0], archive
