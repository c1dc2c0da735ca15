"""A link: how long payloads take on it. One of a fixed rate here; others build on it.

The time of a payload is counted in packets. A packet is lost with probability p, independently, and
sent again until it arrives: 1 / (1 - p) times on average (NASC's lossy link, section 1a of arXiv
2208.13968's abstract, in our formulation). Where nothing is sent again, each packet is sent once:
then loss costs no time but accuracy, as in COMtune (Itahara et al. 2022, IEEE Access 10, arXiv
2112.09407). Then the one-way delay passes once.
"""

from abc import ABC, abstractmethod

import numpy as np

from evonasc.arrays import FloatArray
from evonasc.cost.scenario import Scenario
from evonasc.errors import ConfigError


class Link(ABC):
    """What lies between two machines, resolved from a scenario once, when a problem is made."""

    #: Where its times come from, in words that follow "uplink_ms: "; no full stop.
    provenance: str
    #: What decides its times besides the scenario's own fields: the SHA-256 of a file, or empty.
    digest: str = ""
    #: Whether another package's code decides its times, which may change unseen.
    is_foreign: bool = False
    #: Rate that the radio's power goes by, Mbit/s.
    radio_mbps: float

    @abstractmethod
    def send_ms(self, payload: FloatArray) -> FloatArray:
        """Return the usual time to send payloads of so many bytes, ms, same shape; 0 for none."""

    @abstractmethod
    def radio_ms(self, payload: FloatArray) -> FloatArray:
        """Return how long the radio sends payloads, propagation left out, ms, same shape."""


class FixedLink(Link):
    """The link of a scenario at its one rate."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario, self.radio_mbps = scenario, scenario.uplink_mbps
        #: How packets travel.
        self.packet_words = (
            f"{scenario.packet_header_bytes} header bytes a packet of {scenario.mtu_bytes}, "
            f"{scenario.one_way_delay_ms:g} ms delay, {scenario.packet_loss:g} loss "
            f"{'with' if scenario.retransmit else 'without'} resending"
        )
        self.provenance = f"computed from {self.radio_mbps:g} Mbit/s (assumed), {self.packet_words}"

    def send_ms(self, payload: FloatArray) -> FloatArray:
        """Return the expected time to send payloads; see the module."""
        given = self.scenario
        n_packets = np.ceil(payload / given.packet_room_bytes)
        on_wire = payload + n_packets * given.packet_header_bytes
        n_tries = 1 / (1 - given.packet_loss) if given.retransmit else 1.0
        sending = on_wire * 8 / (given.uplink_mbps * 1e3) * n_tries
        return np.where(payload > 0, sending + given.one_way_delay_ms, 0.0)

    def radio_ms(self, payload: FloatArray) -> FloatArray:
        """Return the time less the delay."""
        return (self.send_ms(payload) - self.scenario.one_way_delay_ms).clip(min=0.0)


def fixed_link(scenario: Scenario, argument: str = "") -> FixedLink:
    """Return the link of a scenario at its fixed rate.

    Raises:
        ConfigError: An argument: its rate stands in the scenario.
    """
    if argument:
        raise ConfigError(
            f"link must be fixed without an argument, got 'fixed:{argument}'. Set uplink_mbps."
        )
    return FixedLink(scenario)
