"""What crosses the uplink for one input, and what may happen to it on the way."""

import math
from dataclasses import dataclass

import numpy as np

from evonasc.arrays import FloatArray, IntArray
from evonasc.errors import ConfigError
from evonasc.space import SearchSpace

#: Bits per value that a payload may have: float32, float16, and affine integers.
PAYLOAD_WIDTHS = (2, 4, 8, 16, 32)
#: Least and greatest value of an affine integer tensor, a float32 each: one pair an image.
AFFINE_HEADER_BYTES = 8
#: Narrower payloads raise the error. What this and wider ones do is less than the model of the
#: increase is off by, and counts as nothing; `evonasc supernet payload-effects` measures it, and
#: ships no model where that is no longer so.
LEAST_HARMLESS_BITS = 8


def check_width(bits: int) -> None:
    """Refuse a width that no payload can have.

    Raises:
        ConfigError: ``bits`` is not one of ``PAYLOAD_WIDTHS``.
    """
    if bits not in PAYLOAD_WIDTHS:
        offered = ", ".join(map(str, PAYLOAD_WIDTHS))
        raise ConfigError(f"payload_bits must be one of {offered}, got {bits!r}.")


@dataclass(frozen=True)
class Sending:
    """How the values of a tensor travel.

    Raises:
        ConfigError: A width that is not offered, or packets that are lost and hold no whole value.
    """

    #: Bits per value, one of ``PAYLOAD_WIDTHS``.
    bits: int
    #: Probability that a packet is lost for good, [0, 1).
    packet_loss: float = 0.0
    #: Bytes of a packet that values may fill.
    packet_bytes: int = 1460

    def __post_init__(self) -> None:
        check_width(self.bits)
        if not 0 <= self.packet_loss < 1:
            raise ConfigError(f"packet_loss must lie in [0, 1), got {self.packet_loss}.")
        if self.packet_loss > 0 and self.values_per_packet < 1:
            raise ConfigError(
                f"A packet must hold at least one value of {self.bits} bits, got "
                f"{self.packet_bytes} bytes. Raise mtu_bytes."
            )

    @property
    def values_per_packet(self) -> int:
        """Whole values that a packet holds."""
        return self.packet_bytes * 8 // self.bits

    @property
    def is_harmless(self) -> bool:
        """Whether what arrives counts as what was sent."""
        return self.bits >= LEAST_HARMLESS_BITS and self.packet_loss == 0


def payload_table(space: SearchSpace, *, bits: int) -> FloatArray:
    """Return the bytes that cross the uplink at each cut for one input, ``(n_blocks + 1,)``.

    At cut 0 the raw image is sent as one byte a value whatever the width; at ``n_blocks`` nothing
    is sent. Widths below 16 carry the least and the greatest value of the tensor.

    Raises:
        ConfigError: A width that is not offered.
    """
    check_width(bits)
    header = AFFINE_HEADER_BYTES if bits < 16 else 0
    elements = [math.prod(shape) for shape in space.cut_shapes]
    table = np.array([math.ceil(count * bits / 8) + header for count in elements], dtype=float)
    table[0], table[-1] = elements[0], 0.0
    return table


def payload_bytes(space: SearchSpace, split_points: IntArray, bits: IntArray) -> FloatArray:
    """Return the payloads of designs in bytes, from split points and bits a value, all ``(n,)``."""
    result = np.empty(len(split_points))
    for width in np.unique(bits).tolist():
        rows = bits == width
        result[rows] = payload_table(space, bits=width)[split_points[rows]]
    return result
