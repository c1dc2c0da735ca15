"""The table of objectives of the split problem, and the columns that other packages add.

An objective of another package is a function ``(genes, designs, columns)``: canonical designs
``(n, n_genes)``, their design space, and a dictionary of read-only ``(n,)`` arrays by name. It
returns an ``(n,)`` array of finite numbers, which is minimised.
"""

import numpy as np

from evonasc.arrays import IntArray
from evonasc.plugins import Registry
from evonasc.space import DesignSpace
from evonasc.space.columns import Columns, ColumnSource

_COSTS = "evonasc.cost.columns"

#: The objectives: the column sources that give them; another package gives a function.
OBJECTIVES = Registry(
    "objective",
    "objectives",
    {
        "energy_mj": (f"{_COSTS}:EnergyColumns", "energy of the device for one input, mJ"),
        "error": (
            "evonasc.problems.error_columns:ErrorColumn",
            "share of inputs classified wrongly",
        ),
        "head_memory_bytes": (
            f"{_COSTS}:CostColumns",
            "weights and activations of the head, bytes",
        ),
        "head_ms": (f"{_COSTS}:CostColumns", "time of the head, ms"),
        "latency_ms": (f"{_COSTS}:CostColumns", "head, uplink and tail one after the other, ms"),
        "latency_p95_ms": (
            f"{_COSTS}:TraceColumns",
            "latency that 95 % of inputs keep to, ms (a link that varies)",
        ),
        "miss_probability": (
            f"{_COSTS}:TraceColumns",
            "share of inputs after the deadline (a link that varies)",
        ),
        "payload_bytes": (f"{_COSTS}:CostColumns", "what crosses the uplink, bytes"),
    },
)


def is_foreign(name: str) -> bool:
    """Tell whether an objective is another package's, or a ``package.module:function``."""
    return not OBJECTIVES.is_built_in(name) and (":" in name or name in OBJECTIVES)


class ForeignColumn(ColumnSource):
    """The column of another package's objective.

    Args:
        name: In the table, or ``package.module:function``.

    Raises:
        UnknownNameError: No such objective.
        PluginError: Two packages use the name, or it stands for no function.
    """

    def __init__(self, name: str) -> None:
        self._name, self._entry = name, OBJECTIVES.entry(name)
        self._function = OBJECTIVES.function(self._entry)

    def columns(self, genes: IntArray, *, designs: DesignSpace, known: Columns) -> Columns:
        """Return the one column.

        Raises:
            PluginError: It fails, or gives something else than a number for each design.
        """
        shown = {key: values.copy() for key, values in known.items()}
        rows = genes.copy()
        for values in (rows, *shown.values()):
            values.flags.writeable = False
        result = OBJECTIVES.guarded(self._entry, self._function, rows, designs, shown)
        if not isinstance(result, np.ndarray) or result.shape != (len(genes),):
            raise OBJECTIVES.broken(self._entry, f"it must give an array of shape {(len(genes),)}")
        if result.dtype.kind not in "biuf":
            raise OBJECTIVES.broken(self._entry, f"it must give numbers, got {result.dtype}")
        return {self._name: result.astype(np.float64)}

    def provenance(self) -> tuple[str, ...]:
        """Say who brings it."""
        return (f"{self._name}: computed by {self._entry.source} ({self._entry.target}).",)
