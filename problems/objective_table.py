"""The table of objectives of the split problem, and the columns that other packages add.

Such an objective is a function of the columns that are there: it is given a dictionary of read-only
``(n,)`` arrays by name, and returns an ``(n,)`` array of finite numbers, which is minimised.
"""

import numpy as np

from evonasc.arrays import FloatArray
from evonasc.plugins import Registry

_HERE = "evonasc.problems.split_nas"

#: The objectives; another package gives a function of columns.
OBJECTIVES = Registry(
    "objective",
    "objectives",
    {
        "energy_mj": (f"{_HERE}:OBJECTIVES", "energy of the device for one input, mJ"),
        "error": (f"{_HERE}:OBJECTIVES", "share of inputs classified wrongly"),
        "head_memory_bytes": (f"{_HERE}:OBJECTIVES", "weights and activations of the head, bytes"),
        "head_ms": (f"{_HERE}:OBJECTIVES", "time of the head, ms"),
        "latency_ms": (f"{_HERE}:OBJECTIVES", "head, uplink and tail one after the other, ms"),
        "latency_p95_ms": (
            f"{_HERE}:TRACE_OBJECTIVES",
            "latency that 95 % of inputs keep to, ms (a link that varies)",
        ),
        "miss_probability": (
            f"{_HERE}:TRACE_OBJECTIVES",
            "share of inputs after the deadline (a link that varies)",
        ),
        "payload_bytes": (f"{_HERE}:OBJECTIVES", "what crosses the uplink, bytes"),
    },
)


def is_added(name: str) -> bool:
    """Tell whether an objective is one of another package, or a ``package.module:function``."""
    return not OBJECTIVES.is_own(name) and (":" in name or name in OBJECTIVES)


def source_of(name: str) -> str:
    """Return who brings an objective, for people."""
    entry = OBJECTIVES.entry(name)
    return f"{entry.source} ({entry.target})"


def added_column(name: str, columns: dict[str, FloatArray]) -> FloatArray:
    """Return the column of another package's objective, ``(n,)``.

    Args:
        name: In the table, or ``package.module:function``.
        columns: What it may use, ``(n,)`` arrays by name.

    Raises:
        PluginError: It fails, or gives something else than a number for each design.
    """
    entry = OBJECTIVES.entry(name)
    shown = {key: values.copy() for key, values in columns.items()}
    for values in shown.values():
        values.flags.writeable = False
    result = OBJECTIVES.make(name, shown)
    shape = next(iter(columns.values())).shape
    if not isinstance(result, np.ndarray) or result.shape != shape:
        raise OBJECTIVES.broken(entry, f"it must give an array of shape {shape}")
    return result.astype(np.float64)
