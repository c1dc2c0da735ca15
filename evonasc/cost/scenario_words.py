"""What a scenario is called: a name, and in words what was changed of what has that name."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import PurePath
from typing import Any

from evonasc.cost.scenario import FIELD_KINDS, Scenario, override

#: What stands between a scenario's name and what was changed of it, and what ends that.
_OPEN, _CLOSE = " (", ")"
#: From so many bytes on, a size is written in this unit; largest first.
SIZES = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"))


def changed(base: Scenario, values: dict[str, object]) -> Scenario:
    """Return a scenario with some fields replaced, and a name that says which.

    Raises:
        UnknownNameError: No such field.
        ConfigError: A value of a wrong type or out of range.

    Example:
        >>> slow = changed(Scenario(name="home"), {"uplink_mbps": 2, "head_hardware": "pixel3"})
        >>> slow.name
        'home (head pixel3, 2 Mbit/s)'
    """
    result = override(base, values)
    words = difference_words(base, result)
    return replace(result, name=f"{base.name}{_OPEN}{words}{_CLOSE}") if words else result


def base_name(name: str) -> str:
    """Return the name of what a scenario was changed from."""
    return name.partition(_OPEN)[0]


def difference_words(base: Scenario, other: Scenario) -> str:
    """Say in which fields but the name a scenario differs from another; nothing where in none."""
    return ", ".join(
        _WORDS[name](getattr(other, name))
        for name in FIELD_KINDS
        if name != "name" and getattr(other, name) != getattr(base, name)
    )


def size_words(n_bytes: float) -> str:
    """Write a number of bytes as people do.

    Example:
        >>> size_words(1.5e6), size_words(4096), size_words(12)
        ('1.5 MB', '4.096 kB', '12 B')
    """
    for size, unit in SIZES:
        if n_bytes >= size:
            return f"{n_bytes / size:.6g} {unit}"
    return f"{n_bytes:.6g} B"


def _link_words(link: str) -> str:
    """Name a link: a recorded one by its file."""
    kind, has_argument, argument = link.partition(":")
    if link == "fixed":
        return "fixed rate"
    if kind == "trace" and has_argument:
        return f"trace {PurePath(argument).name}"
    return f"link {link}"


def _limit_words(what: str) -> Callable[[float | None], str]:
    """Return what words a limit in bytes."""
    return lambda limit: f"{what} unbounded" if limit is None else f"{what} <= {size_words(limit)}"


#: Field -> how its value is said.
_WORDS: dict[str, Callable[[Any], str]] = {
    "head_hardware": lambda machine: f"head {PurePath(machine).name}",
    "tail_hardware": lambda machine: f"tail {PurePath(machine).name}",
    "uplink_mbps": lambda rate: f"{rate:.6g} Mbit/s",
    "link": _link_words,
    "deadline_ms": lambda limit: "no deadline" if limit is None else f"deadline {limit:.6g} ms",
    "one_way_delay_ms": lambda delay: f"delay {delay:.6g} ms",
    "packet_loss": lambda share: f"loss {100 * share:.6g} %",
    "retransmit": lambda is_on: f"lost packets {'sent again' if is_on else 'stay lost'}",
    "mtu_bytes": lambda size: f"packets of {size} B",
    "packet_header_bytes": lambda size: f"headers of {size} B",
    "payload_bits": lambda bits: f"{' or '.join(map(str, bits))} bits a value",
    "min_split": lambda n: f"at least {n} blocks on the device" if n else "raw input may be sent",
    "max_head_memory_bytes": _limit_words("memory"),
    "max_payload_bytes": _limit_words("payload"),
    "head_power_mw": lambda power: "tabled power" if power is None else f"power {power:.6g} mW",
    "head_idle_power_mw": lambda power: (
        "tabled idle power" if power is None else f"idle power {power:.6g} mW"
    ),
    "radio": lambda radio: f"radio {radio}",
}
