"""A known machine on FBNet's networks: the time of a network is the sum of its blocks'."""

import hashlib

from evonasc.arrays import FloatArray, IntArray
from evonasc.cost.block_times import BlockMachine, BlockTimes
from evonasc.fbnet.assets import ASSETS
from evonasc.fbnet.machines.known import HARDWARE
from evonasc.fbnet.machines.network_entries import block_of_layer, of_blocks
from evonasc.fbnet.machines.shipped import (
    SHARING_ASSET,
    asset_path,
    entry_report,
    fit_report,
    load_blocks,
    power_mw,
    sharing_reports,
)
from evonasc.fbnet.space import FBNet

#: What the FPGA's times are where HW-NAS-Bench gives none.
ESTIMATED = (
    "stem, last convolution, pooling, classifier and 1x1 skips were not simulated there and are "
    "estimated at the rates of its blocks"
)


class KnownMachine(BlockMachine):
    """A machine of :data:`evonasc.fbnet.machines.known.HARDWARE`.

    Raises:
        UnknownNameError: No such machine.
        AssetError: A shipped file is missing or damaged.
    """

    def __init__(self, name: str) -> None:
        report = fit_report(name)
        hardware = HARDWARE[name]
        searched_ms, fixed_ms = load_blocks(name)
        super().__init__(BlockTimes(searched_ms, of_blocks(fixed_ms), block_of_layer()), FBNet())
        self.name, self.description = name, hardware.description
        self.kind = "closed form" if hardware.kind == "closed form" else "fitted"
        self.power_mw, self.idle_power_mw = power_mw(name), hardware.idle_power_mw
        self.fit = report
        self._energies: BlockTimes | None = None
        if hardware.has_energy:
            searched_mj, fixed_mj = load_blocks(name, of="energy")
            self._energies = BlockTimes(searched_mj, of_blocks(fixed_mj), block_of_layer())
            error = entry_report(name, of="energy").mean_error
            self.energy_provenance = (
                f"by energies of blocks fitted to HW-NAS-Bench's (mean error {error:.1%} on its "
                "entries; what it does not give is estimated)"
            )
        files = (asset_path(name), *([SHARING_ASSET] if hardware.kind == "networks" else []))
        self.digest = hashlib.sha256("".join(map(ASSETS.digest, files)).encode()).hexdigest()
        if hardware.kind == "networks":
            shared = sharing_reports().values()
            heads = [found.heads for found in shared]
            self.block_model = "whole networks and a roofline"
            self.sharing = (
                "apportioned to blocks by comparing networks and, where they cannot tell, by a "
                f"roofline (heads off by {min(heads):.1%} to {max(heads):.0%} of the network's "
                "time on machines whose blocks were measured)"
            )
            self.provenance = (
                f"{self.description}; total fitted to {report.n_networks} measured networks "
                f"(held-out networks: mean error {report.mape:.1%}, largest {report.max_error:.0%})"
                f"; {self.sharing}"
            )
            return
        entries = entry_report(name)
        if hardware.kind == "closed form":
            self.block_model = "a closed form"
            self.sharing = "blocks by a closed form that reproduces HW-NAS-Bench exactly"
            self.provenance = f"{self.description}; {self.sharing}; {ESTIMATED}"
            return
        self.block_model = "fitted blocks"
        self.sharing = (
            f"blocks fitted to {entries.n_entries} entries of HW-NAS-Bench (mean error "
            f"{entries.mean_error:.1%}; {entries.refitted_error:.1%} on blocks left out)"
        )
        self.provenance = (
            f"{self.description}; {self.sharing}; network as their sum, as HW-NAS-Bench has it "
            f"(mean error {report.mape:.1%} of its sums)"
        )

    def head_energy_table_mj(self, operations: IntArray) -> FloatArray | None:
        """Add the energies of blocks up, where they are known."""
        return None if self._energies is None else self._energies.head_table_ms(operations)
