"""The table of links, and how a scenario's text becomes one: ``NAME``, or ``NAME:ARGUMENT``."""

from typing import Protocol, runtime_checkable

import numpy as np

from evonasc.arrays import FloatArray
from evonasc.cost.link import Link
from evonasc.cost.scenario import Scenario
from evonasc.errors import ConfigError, UnknownNameError
from evonasc.plugins import Entry, Registry

#: The links: functions ``(scenario, argument)``. Those of evonasc give a :class:`Link`, those of
#: other packages a :class:`LinkModel`.
LINKS = Registry(
    "link",
    "links",
    {
        "fixed": ("evonasc.cost.link:fixed_link", "one rate, uplink_mbps"),
        "trace": ("evonasc.cost.varying_link:trace_link", "trace:FILE, rates recorded over time"),
    },
)


@runtime_checkable
class LinkModel(Protocol):
    """The uplink of a scenario as another package models it."""

    #: Where its times come from, a few words.
    provenance: str

    def uplink_ms(self, payload: FloatArray) -> FloatArray:
        """Return the time to send payloads, ms, ``(n,)``, given bytes, ``(n,)``."""


class ForeignLink(Link):
    """A link of another package; what it gives is checked each time.

    For the radio's energy the scenario's rate and delay count.
    """

    is_foreign = True

    def __init__(self, entry: Entry, model: LinkModel, scenario: Scenario) -> None:
        self._entry, self._model = entry, model
        self.radio_mbps, self._delay_ms = scenario.uplink_mbps, scenario.one_way_delay_ms
        self.provenance = (
            f"computed by the link {scenario.link} of another package: {model.provenance}"
        )

    def send_ms(self, payload: FloatArray) -> FloatArray:
        """Return the times of the model; 0 for nothing to send.

        Raises:
            PluginError: It fails, or gives something else than a time for each payload.
        """
        flat = np.ascontiguousarray(payload, dtype=np.float64).ravel()
        times = LINKS.guarded(self._entry, self._model.uplink_ms, flat.copy())
        if not isinstance(times, np.ndarray) or times.shape != flat.shape:
            raise LINKS.broken(self._entry, f"uplink_ms must give an array of shape {flat.shape}")
        if not (np.isfinite(times).all() and (times >= 0).all()):
            raise LINKS.broken(self._entry, "uplink_ms must give finite times of at least 0 ms")
        return np.where(payload > 0, times.astype(np.float64).reshape(payload.shape), 0.0)

    def radio_ms(self, payload: FloatArray) -> FloatArray:
        """Return the time less the scenario's delay: the model says nothing of one."""
        return (self.send_ms(payload) - self._delay_ms).clip(min=0.0)


def link_of(scenario: Scenario) -> Link:
    """Return the link of a scenario.

    Raises:
        ConfigError: The scenario names no link.
        DataFileError: The file of a trace cannot be read.
        PluginError: Another package's link cannot be had, or two packages use its name.
    """
    name, _, argument = scenario.link.partition(":")
    try:
        entry = LINKS.entry(name)
    except UnknownNameError as error:
        others = (one for one in LINKS if not LINKS.is_built_in(one))
        offered = ", ".join(("fixed", "trace:FILE", *others))
        raise ConfigError(f"link must be one of {offered}, got {scenario.link!r}.") from error
    made = LINKS.make(name, scenario, argument)
    if LINKS.is_built_in(name) and isinstance(made, Link):
        return made
    if not isinstance(made, LinkModel):
        raise LINKS.broken(
            entry, f"it must give uplink_ms(payload) and provenance, got {type(made).__name__}"
        )
    return ForeignLink(entry, made, scenario)
