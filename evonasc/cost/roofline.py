"""Sharing a network's measured time out among its blocks, by a refined roofline.

HW-NAS-Bench gives whole networks of the cell space only. A layer's time is modelled as an
overhead plus the larger of arithmetic and memory time, where arithmetic slows down on channel
counts that do not fill the machine's lanes; the model's numbers are fitted to the FBNet blocks
that the same benchmark measured on the same machine. Only *ratios* of these times are used: the
total always stays that of :func:`evonasc.cost.machines.total_ms`. Block times are therefore
**apportioned**, not measured.

References: Wess et al. 2021, "ANNETTE: Accurate Neural Network Execution Time Estimation With
Stacked Models", IEEE Access 9, arXiv 2105.03176 (refined roofline); Li et al. 2021,
"HW-NAS-Bench", ICLR, arXiv 2103.10584.
"""

import json
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from evonasc.arrays import BoolArray, FloatArray, IntArray
from evonasc.cost.machines import declared_machine, is_own, own_machine, total_ms
from evonasc.errors import AssetError
from evonasc.nasbench201.assets import ASSETS
from evonasc.space import SearchSpace
from evonasc.space.layers import Layer

ROOFLINE_ASSET = "hardware/rooflines.json"
_BYTES_PER_VALUE = 4


@dataclass(frozen=True)
class Roofline:
    """Speed of one machine on single layers."""

    #: Multiply-accumulates per ms of a dense convolution that fills the machine.
    macs_per_ms: float
    #: Bytes moved per ms.
    bytes_per_ms: float
    #: Time to start a layer, ms.
    overhead_ms: float
    #: Channels computed side by side.
    lanes: int
    #: 0: idle lanes cost nothing; 1: they cost as much as busy ones.
    stiffness: float
    #: Mean relative error on the blocks it was fitted to, fraction.
    fit_error: float

    def layer_ms(self, layers: tuple[Layer, ...]) -> FloatArray:
        """Return the modelled time of each layer for one input, ms, ``(n_layers,)``."""
        macs = np.array([layer.macs for layer in layers], dtype=float)
        values = np.array([layer.elements + layer.params for layer in layers], dtype=float)
        filled = np.array(
            [self._filled(layer.c_in) * self._filled(layer.c_out) for layer in layers]
        )
        # Wess et al. 2021: 1 / ((1 - alpha) + alpha / efficiency).
        utilisation = 1 / (1 - self.stiffness + self.stiffness / filled)
        arithmetic = macs / (self.macs_per_ms * utilisation)
        memory = values * _BYTES_PER_VALUE / self.bytes_per_ms
        started = np.array([layer.kind != "sum" for layer in layers])  # sums fuse with a neighbour
        return started * self.overhead_ms + np.maximum(arithmetic, memory)

    def _filled(self, channels: int) -> float:
        """Share of the lanes that this many channels keep busy."""
        return channels / (-(-channels // self.lanes) * self.lanes)


@lru_cache(maxsize=1)
def rooflines() -> dict[str, Roofline]:
    """Return the fitted rooflines by hardware name.

    Raises:
        AssetError: The shipped file is missing or damaged.
    """
    try:
        table = json.loads(ASSETS.read(ROOFLINE_ASSET))
        return {name: Roofline(**row) for name, row in table.items()}
    except (ValueError, TypeError) as error:
        raise AssetError(f"The shipped file {ROOFLINE_ASSET!r} is damaged: {error}.") from error


def block_weights(hardware: str, space: SearchSpace, operations: IntArray) -> FloatArray:
    """Return how much of a machine's time each block takes, up to a factor, ``(n, n_blocks)``.

    By the times of its layers on a machine the user profiled, and by those of its base on one the
    user calibrated. Otherwise by the machine's roofline where the benchmark measured FBNet blocks
    on it; elsewhere by equal parts of the share of MACs and the share of values moved (an
    assumption).
    """
    if is_own(hardware):
        machine = own_machine(hardware)
        if not machine.base:
            return space.block_sums(operations, machine.layer_times(space.layers))
        hardware = machine.base
    roofline = rooflines().get(hardware)
    if roofline is not None:
        return space.block_sums(operations, roofline.layer_ms(space.layers))
    macs = space.block_macs(operations)
    moved = np.array([float(layer.elements + layer.params) for layer in space.layers])
    values = space.block_sums(operations, moved)
    shares: FloatArray = macs / macs.sum(axis=1, keepdims=True)
    shares += values / values.sum(axis=1, keepdims=True)
    return shares


def is_roofline_fitted(hardware: str) -> bool:
    """Tell whether the machine's block shares rest on measured FBNet blocks."""
    return hardware in rooflines()


def head_table_ms(hardware: str, space: SearchSpace, operations: IntArray) -> FloatArray:
    """Return the time of the first k blocks for each cut k, ms, ``(n, n_blocks + 1)``.

    The fixed blocks share the time of the network whose searched blocks compute nothing, the
    searched blocks share the rest; within each group by :func:`block_weights`. The last column is
    exactly the predicted total, so head and tail of one machine always add up to it.

    Args:
        hardware: A name of :data:`evonasc.nasbench201.machines.known.HARDWARE`, or the file of
            one's own.
        space: Gives the blocks.
        operations: ``(n, n_operation_genes)`` canonical operations of connected networks.
    """
    declared = declared_machine(hardware)
    if declared is not None:  # its times are those of layers to begin with
        return declared.head_table_ms(space, operations)
    bare = np.array([space.bare_network])
    total = total_ms(hardware, operations)
    searched = block_weights(hardware, space, operations)
    fixed = block_weights(hardware, space, bare) * ~_is_searched(space)
    searched = searched * _is_searched(space)
    identity = space.is_identity_block(operations)
    searched[identity] = 0.0  # what computes nothing takes no time, so equal cuts cost the same
    has_searched = searched.sum(axis=1) > 0
    # A network cannot be quicker than its fixed blocks; where the prediction says so, it is all
    # theirs.
    fixed_ms = np.where(has_searched, np.minimum(total_ms(hardware, bare), total), total)
    blocks = fixed / fixed.sum() * fixed_ms[:, None]
    searched /= np.where(has_searched, searched.sum(axis=1), 1.0)[:, None]
    blocks += searched * (total - fixed_ms)[:, None]
    table = np.zeros((len(operations), space.n_blocks + 1))
    table[:, 1:] = np.cumsum(blocks, axis=1)
    table[:, -1] = total
    return table


def _is_searched(space: SearchSpace) -> BoolArray:
    """True for blocks that the operation genes change, ``(n_blocks,)``."""
    mask: BoolArray = space.is_identity_block(np.array([space.bare_network]))[0]
    return mask
