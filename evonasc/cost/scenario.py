"""A scenario: which machines, which link, and which cuts are allowed."""

from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from evonasc.cost.link_table import is_added
from evonasc.cost.machines import is_file, resolve
from evonasc.cost.payload import Sending
from evonasc.errors import ConfigError, DataFileError, UnknownNameError
from evonasc.parsing import toml_values
from evonasc.plugins import refuse_code

RADIOS = ("3g", "lte", "wifi")
#: How the text of a link that varies begins; a file follows.
TRACE_PREFIX = "trace:"


@dataclass(frozen=True)
class Scenario:
    """Where the head runs, where the tail runs, what lies between, and what is forbidden.

    Raises:
        ConfigError: A value out of range.
        UnknownNameError: Unknown hardware or radio.
        DataFileError: The file of a machine cannot be used.
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
    #: Radio whose power is charged: 3g, lte or wifi.
    radio: str = "wifi"

    def __post_init__(self) -> None:
        for hardware in (self.head_hardware, self.tail_hardware):
            resolve(hardware)
        if self.radio not in RADIOS:
            raise UnknownNameError("radio", self.radio, RADIOS)
        _require(
            "uplink_mbps",
            self.uplink_mbps,
            "be positive and below 1e9",
            1e-9 < self.uplink_mbps < 1e9,
        )
        self._check_link()
        delay = self.one_way_delay_ms
        _require("one_way_delay_ms", delay, "be at least 0 and below 1e9", 0 <= delay < 1e9)
        _require("packet_loss", self.packet_loss, "lie in [0, 1)", 0 <= self.packet_loss < 1)
        header = self.packet_header_bytes
        _require("packet_header_bytes", header, "be at least 0", header >= 0)
        wanted = f"exceed packet_header_bytes = {header}"
        wanted += " and not 1e9"
        _require("mtu_bytes", self.mtu_bytes, wanted, header < self.mtu_bytes <= 10**9)
        _require("min_split", self.min_split, "be at least 0", self.min_split >= 0)
        for name in ("max_head_memory_bytes", "max_payload_bytes", "head_power_mw", "deadline_ms"):
            limit = getattr(self, name)
            _require(name, limit, "be positive", limit is None or 0 < limit < float("inf"))
        if not self.payload_bits:
            raise ConfigError("payload_bits must name at least one width, got none.")
        if len(set(self.payload_bits)) < len(self.payload_bits):
            raise ConfigError(f"payload_bits must differ, got {self.payload_bits}.")
        for bits in self.payload_bits:
            self.sending(bits)

    @property
    def has_varying_link(self) -> bool:
        """Whether the rate of the uplink is that of a trace."""
        return self.link.startswith(TRACE_PREFIX)

    def _check_link(self) -> None:
        """Refuse a link that is neither fixed nor a trace, and a deadline that says nothing."""
        is_trace = self.has_varying_link and self.link != TRACE_PREFIX
        is_known = self.link == "fixed" or is_trace or is_added(self.link)
        _require("link", self.link, "be fixed or trace:FILE", is_known)
        if self.deadline_ms is not None and not is_trace:
            raise ConfigError(
                f"deadline_ms must come with a link that varies, got link {self.link!r}. Give link "
                "trace:FILE, or bound the latency itself."
            )

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


#: Field name -> "bool", "str", "int", "float", "optional" (float or nothing) or "tuple" (of ints).
FIELD_KINDS = {
    field.name: {
        "bool": "bool",
        "str": "str",
        "int": "int",
        "float": "float",
        "float | None": "optional",
        "tuple[int, ...]": "tuple",
    }[str(field.type) if not isinstance(field.type, type) else field.type.__name__]
    for field in fields(Scenario)
}

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
    "radio": "3g, lte or wifi",
}

#: Named scenarios; the first is the default.
SCENARIOS: dict[str, Scenario] = {
    scenario.name: scenario
    for scenario in (
        Scenario(name="raspi4-edgegpu-10mbps"),
        Scenario(name="raspi4-edgegpu-5mbps", uplink_mbps=5.0),
        Scenario(name="raspi4-edgegpu-50mbps", uplink_mbps=50.0),
        Scenario(
            name="pixel3-busygpu-20mbps-lte",
            head_hardware="pixel3",
            tail_hardware="1080ti_busy",
            uplink_mbps=20.0,
            one_way_delay_ms=10.0,
            radio="lte",
        ),
        Scenario(
            name="eyeriss-busygpu-30mbps",
            head_hardware="eyeriss",
            tail_hardware="titan_rtx_busy",
            uplink_mbps=30.0,
        ),
    )
}
DEFAULT_SCENARIO = "raspi4-edgegpu-10mbps"


def named_scenario(name: str) -> Scenario:
    """Return the scenario of that name, or read it from a TOML file if the name ends in .toml.

    Raises:
        UnknownNameError: No such scenario.
        DataFileError: The file cannot be read or is no TOML.
        ConfigError: The file holds something that is no scenario.
    """
    if name.endswith(".toml"):
        return read_scenario(Path(name))
    if name not in SCENARIOS:
        raise UnknownNameError("scenario", name, SCENARIOS)
    return SCENARIOS[name]


def read_scenario(path: Path) -> Scenario:
    """Read a TOML file whose keys are the fields of :class:`Scenario`.

    What it leaves out is taken from the named scenario ``base``, or from the default one. The file
    of a machine is looked for from the folder of the scenario.

    Raises:
        DataFileError: The file cannot be read or is no TOML.
        UnknownNameError: Unknown keys, or an unknown base.
        ConfigError: Wrong types, or values out of range.
    """
    try:
        values = toml_values(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataFileError(f"Cannot read the scenario {path}: {error.strerror}.") from error
    except ValueError as error:
        raise DataFileError(f"{path} is no TOML file: {error}.") from error
    base = SCENARIOS[DEFAULT_SCENARIO]
    if "base" in values:
        name = str(values.pop("base"))
        if name not in SCENARIOS:
            raise UnknownNameError("base scenario", name, SCENARIOS)
        base = SCENARIOS[name]
    machines = ("head_hardware", "tail_hardware")
    refuse_code((values.get(key) for key in machines), where=path)
    for key in machines:
        named = values.get(key)
        if isinstance(named, str) and is_file(named):
            values[key] = str(path.parent / named)  # a file beside the scenario's, or an absolute
    return override(base, {"name": path.stem, **values})


def override(scenario: Scenario, values: dict[str, object]) -> Scenario:
    """Return a scenario with some fields replaced, their types checked.

    Args:
        scenario: The one to start from.
        values: Field name to value, as TOML or JSON gives it.

    Raises:
        UnknownNameError: No such field.
        ConfigError: A value of a wrong type or out of range.
    """
    checked: dict[str, object] = {}
    for name, value in values.items():
        if name not in FIELD_KINDS:
            raise UnknownNameError("scenario field", name, FIELD_KINDS)
        checked[name] = _typed(name, value)
    return replace(scenario, **checked)  # type: ignore[arg-type]  # _typed checked each value


def _typed(name: str, value: object) -> object:
    """Return a value as the field's type, or refuse it."""
    wanted = FIELD_KINDS[name]
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if wanted == "tuple" and isinstance(value, list | tuple):
        if all(isinstance(bits, int) and not isinstance(bits, bool) for bits in value):
            return tuple(value)
    elif wanted == "tuple" and isinstance(value, int) and is_number:
        return (value,)
    elif wanted == {str: "str", bool: "bool"}.get(type(value)):
        return value
    elif wanted == "optional" and value is None:
        return None
    elif wanted == "int" and isinstance(value, int) and is_number:
        return value
    elif wanted in ("float", "optional") and is_number:
        try:
            return float(value)  # type: ignore[arg-type]  # is_number
        except OverflowError as error:
            raise ConfigError(f"{name} must be a number of a sensible size.") from error
    words = {
        "bool": "true or false",
        "int": "a whole number",
        "str": "text",
        "tuple": "a list of whole numbers",
    }
    raise ConfigError(f"{name} must be {words.get(wanted, 'a number')}, got {value!r}.")


def as_dict(scenario: Scenario) -> dict[str, object]:
    """Return the fields as JSON and TOML can hold them."""
    return {**asdict(scenario), "payload_bits": list(scenario.payload_bits)}
