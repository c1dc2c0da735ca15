"""Time on the uplink: rate, one-way delay, packet headers, and losses if they are sent again."""

import numpy as np

from evonasc.arrays import FloatArray
from evonasc.cost.link_table import added_uplink_ms
from evonasc.cost.scenario import Scenario


def uplink_ms(scenario: Scenario, payload: FloatArray) -> FloatArray:
    """Return the expected time to send payloads, ms, same shape; 0 for nothing to send.

    The payload is cut into packets of at most ``mtu_bytes`` including ``packet_header_bytes``
    each. A packet is lost with probability p, independently, and sent again until it arrives:
    1 / (1 - p) times on average (NASC's lossy link, section 1a of arXiv 2208.13968's abstract, in
    our formulation). Where the scenario does not retransmit, each packet is sent once: then loss
    costs no time but accuracy, as in COMtune (Itahara et al. 2022, IEEE Access 10, arXiv
    2112.09407). Then the one-way delay passes once.

    A link of another package has times of its own.

    Args:
        scenario: Gives rate, delay, loss and packet sizes.
        payload: Bytes for one input.

    Raises:
        PluginError: The link of another package cannot be used.
    """
    added = added_uplink_ms(scenario, payload)
    if added is not None:
        return np.where(payload > 0, added, 0.0)
    n_packets = np.ceil(payload / scenario.packet_room_bytes)
    on_wire = payload + n_packets * scenario.packet_header_bytes
    bits_per_ms = scenario.uplink_mbps * 1e3
    n_tries = 1 / (1 - scenario.packet_loss) if scenario.retransmit else 1.0
    sending = on_wire * 8 / bits_per_ms * n_tries
    return np.where(payload > 0, sending + scenario.one_way_delay_ms, 0.0)
