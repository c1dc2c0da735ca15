"""The table of search spaces, each with the benchmark that knows its networks."""

from dataclasses import replace
from typing import TYPE_CHECKING

from evonasc.benchmark import Benchmark
from evonasc.errors import ConfigError
from evonasc.plugins import OWN, Registry, imported
from evonasc.space import SearchSpace

if TYPE_CHECKING:  # torch comes with it, and takes seconds
    from evonasc.supernet.family import SupernetFamily

#: The search spaces: a :class:`Benchmark`, or a class or function without arguments that gives a
#: :class:`SearchSpace`, of which then nothing but its networks is known.
SPACES = Registry(
    "search space",
    "spaces",
    {
        "fbnet": (
            "evonasc.fbnet:BENCHMARK",
            "FBNet's networks on CIFAR-100, 26 blocks; train its supernet first",
        ),
        "nasbench201": ("evonasc.nasbench201:BENCHMARK", "cells of NAS-Bench-201, 19 blocks"),
    },
)


def benchmark(name: str) -> Benchmark:
    """Return the benchmark of a search space.

    Raises:
        UnknownNameError: No such space.
        PluginError: It is another package's, and broken.
    """
    entry = SPACES.entry(name)
    found = SPACES.load_entry(entry)
    if isinstance(found, Benchmark):
        return found if entry.source == OWN else replace(found, source=entry.source)

    def make_space() -> SearchSpace:
        made = SPACES.make(name)
        if not isinstance(made, SearchSpace):
            raise SPACES.broken(
                entry, f"it must give a SearchSpace or a Benchmark, got {type(made).__name__}"
            )
        return made

    return Benchmark(name=make_space().name, make_space=make_space, source=entry.source)


def search_space(name: str) -> SearchSpace:
    """Return the search space of that name.

    Raises:
        UnknownNameError: No such space.
        PluginError: It is another package's, and broken.
    """
    return benchmark(name).make_space()


def supernet_family(name: str) -> "SupernetFamily":
    """Return what makes the one-shot supernets of a search space; imports torch.

    Raises:
        UnknownNameError: No such space.
        ConfigError: It has no supernet.
        PluginError: It is another package's, and broken.
    """
    from evonasc.supernet.family import SupernetFamily

    target = benchmark(name).supernet
    if not target:
        raise ConfigError(
            f"The space {name!r} must bring a supernet for this, and brings none. Errors of its "
            "networks can be given as a table (--accuracy-table), times as a machine's file "
            "(--head-hardware)."
        )
    family = imported(target)
    if not isinstance(family, SupernetFamily):
        raise SPACES.broken(
            SPACES.entry(name),
            f"its supernet must be a SupernetFamily, got {type(family).__name__}",
        )
    return family
