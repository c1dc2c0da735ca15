"""A known machine on NAS-Bench-201 networks: totals predicted, shared out among the blocks."""

import hashlib
import json
from functools import lru_cache

from evonasc.arrays import FloatArray, IntArray
from evonasc.cost.apportion import Apportioned, layer_weights, macs_and_bytes_weights
from evonasc.cost.machine import Machine
from evonasc.cost.roofline import Roofline
from evonasc.errors import AssetError
from evonasc.nasbench201.assets import ASSETS
from evonasc.nasbench201.machines.cell_features import check_cells
from evonasc.nasbench201.machines.known import HARDWARE
from evonasc.nasbench201.machines.predictor import asset_path, fit_report, load_predictor
from evonasc.nasbench201.space import NasBench201

ROOFLINE_ASSET = "hardware/rooflines.json"


@lru_cache(maxsize=1)
def rooflines() -> dict[str, Roofline]:
    """Return the rooflines by hardware name.

    HW-NAS-Bench gives whole networks of the cell space only; these were fitted to the FBNet blocks
    that it measured on the same machines (:mod:`evonasc.nasbench201.machines.roofline_fitting`).

    Raises:
        AssetError: The shipped file is missing or damaged.
    """
    try:
        table = json.loads(ASSETS.read(ROOFLINE_ASSET))
        return {name: Roofline(**row) for name, row in table.items()}
    except (ValueError, TypeError) as error:
        raise AssetError(f"The shipped file {ROOFLINE_ASSET!r} is damaged: {error}.") from error


class KnownMachine(Machine):
    """A machine of :data:`evonasc.nasbench201.machines.known.HARDWARE`.

    Its blocks share the total by the machine's roofline where the benchmark measured FBNet blocks
    on it; elsewhere by MACs and bytes (an assumption).

    Raises:
        UnknownNameError: No such machine.
        AssetError: A shipped file is missing or damaged.
    """

    def __init__(self, name: str) -> None:
        self._predictor, space = load_predictor(name), NasBench201()
        hardware, roofline = HARDWARE[name], rooflines().get(name)
        self.name, self.description, self.kind = name, hardware.description, hardware.kind
        self.power_mw, self.idle_power_mw = hardware.typical_power_mw, hardware.idle_power_mw
        self.fit = fit_report(name)
        files = (asset_path(name), ROOFLINE_ASSET)
        self.digest = hashlib.sha256("".join(map(ASSETS.digest, files)).encode()).hexdigest()
        if roofline is None:
            self._weights, self.block_model = macs_and_bytes_weights(space), "MACs and bytes"
            self.sharing = "apportioned to blocks by MACs and bytes (assumed)"
        else:
            self._weights = layer_weights(space, roofline.layer_ms(space.layers))
            self.block_model = "roofline"
            self.sharing = (
                f"apportioned to blocks by a roofline (mean error {roofline.fit_error:.0%} on "
                "FBNet blocks)"
            )
        self._apportioned = Apportioned(space, self.total_ms, self._weights)
        total = (
            "total by a closed form that reproduces HW-NAS-Bench exactly"
            if self.kind == "closed form"
            else f"total fitted to measurements (held-out cells: {self.fit.within_10_percent:.0%} "
            f"within 10 %, mean error {self.fit.mape:.1%})"
        )
        self.provenance = f"{self.description}; {total}; {self.sharing}"

    def total_ms(self, operations: IntArray) -> FloatArray:
        """Return the predicted times of cells as written."""
        return self._predictor.total_ms(check_cells(operations))

    def head_table_ms(self, operations: IntArray) -> FloatArray:
        """Share the totals out among the blocks."""
        return self._apportioned.head_table_ms(operations)

    def block_weights(self, operations: IntArray) -> FloatArray:
        """Return the times of the roofline, or shares of MACs and bytes."""
        return self._weights(operations)
