"""The table of links, and how the time on another package's link is asked for.

A scenario writes such a link as ``NAME``, or ``NAME:ARGUMENT`` with whatever the link asks for.
"""

from functools import lru_cache
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

from evonasc.arrays import FloatArray
from evonasc.plugins import Registry

if TYPE_CHECKING:
    from evonasc.cost.scenario import Scenario

#: The links; another package gives a function ``(scenario, argument)`` that returns a LinkModel.
LINKS = Registry(
    "link",
    "links",
    {
        "fixed": ("evonasc.cost.link:uplink_ms", "one rate, uplink_mbps"),
        "trace": ("evonasc.cost.varying_link:VaryingLink", "trace:FILE, rates recorded over time"),
    },
)


@runtime_checkable
class LinkModel(Protocol):
    """The uplink of a scenario as another package models it."""

    #: Where its times come from, a few words.
    provenance: str

    def uplink_ms(self, payload: FloatArray) -> FloatArray:
        """Return the time to send payloads, ms, ``(n,)``, given bytes, ``(n,)``."""


def is_added(link: str) -> bool:
    """Tell whether a scenario's link is one of another package."""
    name = link.partition(":")[0]
    return not LINKS.is_own(name) and name in LINKS


@lru_cache(maxsize=16)
def link_model(scenario: "Scenario") -> LinkModel | None:
    """Return the model of a scenario's link; None for a link of evonasc.

    Raises:
        PluginError: The link cannot be had, or two packages use its name.
    """
    name, _, argument = scenario.link.partition(":")
    entry = LINKS.entry(name)
    if LINKS.is_own(name):
        return None
    model = LINKS.make(name, scenario, argument)
    if not isinstance(model, LinkModel):
        raise LINKS.broken(
            entry, f"it must give uplink_ms(payload) and provenance, got {type(model).__name__}"
        )
    return model


def added_uplink_ms(scenario: "Scenario", payload: FloatArray) -> FloatArray | None:
    """Return the time on another package's link, ms, same shape; None for a link of evonasc.

    Raises:
        PluginError: The link fails, or gives something else than a time for each payload.
    """
    model = link_model(scenario)
    if model is None:
        return None
    entry = LINKS.entry(scenario.link.partition(":")[0])
    flat = np.ascontiguousarray(payload, dtype=np.float64).ravel()
    times = LINKS.guarded(entry, model.uplink_ms, flat.copy())
    if not isinstance(times, np.ndarray) or times.shape != flat.shape:
        raise LINKS.broken(entry, f"uplink_ms must give an array of shape {flat.shape}")
    if not (np.isfinite(times).all() and (times >= 0).all()):
        raise LINKS.broken(entry, "uplink_ms must give finite times of at least 0 ms")
    return times.astype(np.float64).reshape(payload.shape)
