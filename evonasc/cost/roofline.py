"""A refined roofline: how long a machine takes for single layers, from a few numbers.

A layer's time is an overhead plus the larger of arithmetic and memory time, where arithmetic slows
down on channel counts that do not fill the machine's lanes.

Reference: Wess et al. 2021, "ANNETTE: Accurate Neural Network Execution Time Estimation With
Stacked Models", IEEE Access 9, arXiv 2105.03176.
"""

from dataclasses import dataclass

import numpy as np

from evonasc.arrays import FloatArray
from evonasc.space.layers import Layer

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
    #: Mean relative error on the blocks it was fitted to, fraction; NaN where nothing was fitted.
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
