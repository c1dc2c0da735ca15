"""Time on the uplink: rate, one-way delay, packet headers, losses that are sent again."""

import numpy as np

from evonasc.arrays import FloatArray
from evonasc.cost.scenario import Scenario


def uplink_ms(scenario: Scenario, payload: FloatArray) -> FloatArray:
    """Return the expected time to send payloads, ms, same shape; 0 for nothing to send.

    The payload is cut into packets of at most ``mtu_bytes`` including ``packet_header_bytes``
    each. A packet is lost with probability p, independently, and sent again until it arrives:
    1 / (1 - p) times on average (NASC's lossy link, section 1a of arXiv 2208.13968's abstract, in
    our formulation). Then the one-way delay passes once.

    Args:
        scenario: Gives rate, delay, loss and packet sizes.
        payload: Bytes for one input.
    """
    room = scenario.mtu_bytes - scenario.packet_header_bytes
    on_wire = payload + np.ceil(payload / room) * scenario.packet_header_bytes
    bits_per_ms = scenario.uplink_mbps * 1e3
    sending = on_wire * 8 / bits_per_ms / (1 - scenario.packet_loss)
    return np.where(payload > 0, sending + scenario.one_way_delay_ms, 0.0)
