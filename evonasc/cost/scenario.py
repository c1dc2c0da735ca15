"""A scenario: which machines, which link, and which cuts are allowed."""

from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from evonasc.cost.payload import Sending
from evonasc.errors import ConfigError, UnknownNameError
from evonasc.field_types import require_types

RADIOS = ("3g", "lte", "wifi")


@dataclass(frozen=True)
class Scenario:
    """Where the head runs, where the tail runs, what lies between, and what is forbidden.

    A value: machines and link are named here and resolved where a problem is made, by
    :func:`evonasc.cost.path.path_of`.

    Raises:
        ConfigError: A value out of range.
        UnknownNameError: Unknown radio.

    Example:
        >>> slow = Scenario(name="slow", uplink_mbps=1.0, max_payload_bytes=4096)
        >>> slow.head_hardware, slow.tail_hardware, slow.payload_bits
        ('raspi4', 'edgegpu', (8,))
    """

    #: Name on the command line and in reports.
    name: str = "custom"
    #: Machine that computes the head: a name, or the file of one's own.
    head_hardware: str = "raspi4"
    #: Machine that computes the tail.
    tail_hardware: str = "edgegpu"
    #: Rate of the uplink, Mbit/s.
    uplink_mbps: float = 10.0
    #: ``fixed`` at ``uplink_mbps``, ``trace:FILE`` for rates recorded over time, or the link of
    #: another package, ``NAME`` or ``NAME:ARGUMENT``.
    link: str = "fixed"
    #: What an input may take, ms, where the link varies; None for no deadline.
    deadline_ms: float | None = None
    #: Propagation and queueing, once an input, ms.
    one_way_delay_ms: float = 0.0
    #: Probability that a packet is lost, [0, 1).
    packet_loss: float = 0.0
    #: Whether lost packets are sent again until they arrive; if not, their values are missing.
    retransmit: bool = True
    #: Largest packet, headers included, bytes.
    mtu_bytes: int = 1500
    #: Headers of a packet (IPv4 and TCP), bytes.
    packet_header_bytes: int = 40
    #: Bits per payload value; more than one makes the width a gene.
    payload_bits: tuple[int, ...] = (8,)
    #: Blocks that must stay on the device; 1 means that the raw input never leaves it.
    min_split: int = 1
    #: Largest head, weights and activations, bytes; None for no limit.
    max_head_memory_bytes: float | None = None
    #: Largest payload, bytes; None for no limit.
    max_payload_bytes: float | None = None
    #: Power of the computing device, mW; None takes the hardware table's.
    head_power_mw: float | None = None
    #: Its power while it does not compute, mW; None takes the hardware table's.
    head_idle_power_mw: float | None = None
    #: Radio whose power is charged: 3g, lte or wifi.
    radio: str = "wifi"

    def __post_init__(self) -> None:
        require_types(self)
        if self.radio not in RADIOS:
            raise UnknownNameError("radio", self.radio, RADIOS)
        rate = self.uplink_mbps
        _require("uplink_mbps", rate, "be positive and below 1e9", 1e-9 < rate < 1e9)
        if self.deadline_ms is not None and not self.link.startswith("trace:"):
            raise ConfigError(
                f"deadline_ms must come with a link that varies, got link {self.link!r}. Give link "
                "trace:FILE, or bound the latency itself."
            )
        delay = self.one_way_delay_ms
        _require("one_way_delay_ms", delay, "be at least 0 and below 1e9", 0 <= delay < 1e9)
        _require("packet_loss", self.packet_loss, "lie in [0, 1)", 0 <= self.packet_loss < 1)
        header = self.packet_header_bytes
        _require("packet_header_bytes", header, "be at least 0", header >= 0)
        wanted = f"exceed packet_header_bytes = {header} and not 1e9"
        _require("mtu_bytes", self.mtu_bytes, wanted, header < self.mtu_bytes <= 10**9)
        _require("min_split", self.min_split, "be at least 0", self.min_split >= 0)
        for name in ("max_head_memory_bytes", "max_payload_bytes", "head_power_mw", "deadline_ms"):
            limit = getattr(self, name)
            _require(name, limit, "be positive", limit is None or 0 < limit < float("inf"))
        idle = self.head_idle_power_mw
        is_possible = idle is None or 0 <= idle < float("inf")
        _require("head_idle_power_mw", idle, "be at least 0 and finite", is_possible)
        if not self.payload_bits:
            raise ConfigError("payload_bits must name at least one width, got none.")
        if len(set(self.payload_bits)) < len(self.payload_bits):
            raise ConfigError(f"payload_bits must differ, got {self.payload_bits}.")
        for bits in self.payload_bits:
            self.sending(bits)

    @property
    def packet_room_bytes(self) -> int:
        """Bytes of a packet that its headers leave."""
        return self.mtu_bytes - self.packet_header_bytes

    def sending(self, bits: int) -> Sending:
        """Return how values of that width travel; packets that are sent again are not lost.

        Raises:
            ConfigError: See :class:`evonasc.cost.payload.Sending`.
        """
        loss = 0.0 if self.retransmit else self.packet_loss
        return Sending(bits, packet_loss=loss, packet_bytes=self.packet_room_bytes)

    @property
    def is_payload_harmless(self) -> bool:
        """Whether the payload arrives well enough for the error to be the network's own.

        Then it does not depend on the cut.
        """
        return all(self.sending(bits).is_harmless for bits in self.payload_bits)


def _require(name: str, value: object, constraint: str, is_met: bool) -> None:
    """Refuse a value in the words of the house."""
    if not is_met:
        raise ConfigError(f"{name} must {constraint}, got {value}.")


_KINDS: dict[Any, str] = {
    bool: "bool",
    str: "str",
    int: "int",
    float: "float",
    float | None: "optional",
    tuple[int, ...]: "tuple",
}
#: Field name -> "bool", "str", "int", "float", "optional" (float or nothing) or "tuple" (of ints).
FIELD_KINDS = {field.name: _KINDS[field.type] for field in fields(Scenario)}

#: Field name -> what it means, for people.
FIELD_HELP = {
    "name": "name in reports",
    "head_hardware": "machine of the head: see `evonasc list hardware`, or a file of one's own",
    "tail_hardware": "machine of the tail",
    "uplink_mbps": "rate of the uplink, Mbit/s",
    "link": "fixed, or trace:FILE: rates recorded over time, a CSV file with time_s, mbps; or a "
    "link of another package, see `evonasc list links`",
    "deadline_ms": "what an input may take, ms, for miss_probability on a trace, or none",
    "one_way_delay_ms": "delay once an input, ms",
    "packet_loss": "probability that a packet is lost, [0, 1)",
    "retransmit": "send lost packets again; without, their values are zero and the error rises",
    "mtu_bytes": "largest packet with headers, bytes",
    "packet_header_bytes": "headers of a packet, bytes",
    "payload_bits": "bits per payload value, one or more of 2,4,8,16,32",
    "min_split": "blocks that must stay on the device; 0 allows raw input on the link",
    "max_head_memory_bytes": "weights and activations of the head, bytes, or none",
    "max_payload_bytes": "largest payload, bytes, or none",
    "head_power_mw": "power of the computing device, mW, or none for the table's",
    "head_idle_power_mw": "its power until the answer is there, mW, or none for the table's",
    "radio": "3g, lte or wifi",
}


def override(scenario: Scenario, values: dict[str, object]) -> Scenario:
    """Return a scenario with some fields replaced by values as TOML or JSON gives them.

    Raises:
        UnknownNameError: No such field.
        ConfigError: A value of a wrong type or out of range.
    """
    given: dict[str, Any] = {}
    for name, value in values.items():
        if name not in FIELD_KINDS:
            raise UnknownNameError("scenario field", name, FIELD_KINDS)
        is_single = name == "payload_bits" and isinstance(value, int)
        given[name] = (value,) if is_single else value
    return replace(scenario, **given)


def as_dict(scenario: Scenario) -> dict[str, object]:
    """Return the fields as JSON and TOML can hold them."""
    return {**asdict(scenario), "payload_bits": list(scenario.payload_bits)}
