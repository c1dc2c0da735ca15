"""A path: machines in a row with a link between each two, resolved from a scenario once."""

from dataclasses import dataclass

from evonasc.cost.link import Link
from evonasc.cost.link_table import link_of
from evonasc.cost.machine import Machine
from evonasc.cost.machine_table import machine_of
from evonasc.cost.scenario import Scenario
from evonasc.errors import ConfigError
from evonasc.plugins import Registry
from evonasc.space import SearchSpace


@dataclass(frozen=True)
class Path:
    """Where a network runs: its first blocks on the first machine, the last ones on the last.

    Raises:
        ConfigError: No link, or not one between each two machines.
    """

    #: At least two.
    machines: tuple[Machine, ...]
    #: One between each two machines.
    links: tuple[Link, ...]

    def __post_init__(self) -> None:
        if not self.links or len(self.links) != len(self.machines) - 1:
            raise ConfigError(
                "A path must have at least two machines and a link between each two, got "
                f"{len(self.machines)} machines and {len(self.links)} links."
            )

    @property
    def head(self) -> Machine:
        """The device."""
        return self.machines[0]

    @property
    def tail(self) -> Machine:
        """The server at the end."""
        return self.machines[-1]

    @property
    def uplink(self) -> Link:
        """The link that the device sends on."""
        return self.links[0]


def path_of(scenario: Scenario, *, space: SearchSpace, known: Registry) -> Path:
    """Return the path of a scenario for the networks of a space.

    Raises:
        EvonascError: A machine or the link cannot be had.
    """
    names = (scenario.head_hardware, scenario.tail_hardware)
    head, tail = (machine_of(name, space=space, known=known) for name in names)
    return Path((head, tail), (link_of(scenario),))
