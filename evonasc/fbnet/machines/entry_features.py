"""What a block's time may depend on: loads that add up, and coordinates that blocks differ by."""

from collections.abc import Sequence

import numpy as np

from evonasc.arrays import FloatArray
from evonasc.fbnet.machines.entry import ENTRY_KINDS, Entry

#: Loads: layers to start, multiply-accumulates, values read and written, weights. A time is about
#: a sum of them, each at a rate of its own.
LOADS = (
    *(
        "conv1x1_layers",
        "conv_layers",
        "depthwise_layers",
        "sums",
        "copies",
        "pools",
        "classifiers",
    ),
    *("grouped_layers", "conv_macs", "depthwise3_macs", "depthwise5_macs", "classifier_macs"),
    *("values", "grouped_values", "classifier_values", "weights"),
)
_COUNTED = {
    "depthwise": "depthwise_layers",
    "sum": "sums",
    "copy": "copies",
    "pool": "pools",
    "linear": "classifiers",
}

#: Channels and pixels that machines compute side by side: how well a block fills them.
_PIXELS, _CHANNELS_IN, _MIDDLE, _CHANNELS_OUT = (4, 8, 16), (8, 16, 32), (32, 64), (8, 16, 32)
COORDINATES = (
    *("log_height", "log_channels_in", "log_channels_out", "log_expansion", "kernel", "stride"),
    *("groups", "log_out_height", "log_macs", "keeps_shape"),
    *(f"is_{kind}" for kind in ENTRY_KINDS),
    *("log_values", "log_middle", "log_middle_values", "log_widest_values"),
    *(f"pixels_fill_{n}" for n in _PIXELS),
    *(f"channels_in_fill_{n}" for n in _CHANNELS_IN),
    *(f"middle_fills_{n}" for n in _MIDDLE),
    *(f"channels_out_fill_{n}" for n in _CHANNELS_OUT),
)


def loads(entries: Sequence[Entry]) -> FloatArray:
    """Return the loads of entries, ``(n, n_loads)``, in the order of :data:`LOADS`."""
    rows = []
    for entry in entries:
        row = dict.fromkeys(LOADS, 0.0)
        for layer in entry.layers:
            if layer.kind == "conv":
                row["conv1x1_layers" if entry.kernel_of_convs == 1 else "conv_layers"] += 1
                row["conv_macs"] += layer.macs
                if entry.groups > 1:
                    row["grouped_layers"] += 1
                    row["grouped_values"] += layer.elements
            else:
                row[_COUNTED[layer.kind]] += 1
            if layer.kind == "depthwise":
                row["depthwise3_macs" if entry.kernel == 3 else "depthwise5_macs"] += layer.macs
            if layer.kind == "linear":
                row["classifier_macs"] += layer.macs
                row["classifier_values"] += layer.elements
            else:
                row["values"] += layer.elements
            row["weights"] += layer.params
        rows.append([row[name] for name in LOADS])
    return np.array(rows, dtype=np.float64)


def coordinates(entries: Sequence[Entry]) -> FloatArray:
    """Return where entries lie, ``(n, n_coordinates)``, in the order of :data:`COORDINATES`."""
    return np.array([_coordinates(entry) for entry in entries], dtype=np.float64)


def _coordinates(entry: Entry) -> list[float]:
    """Return the coordinates of one entry."""
    macs = sum(layer.macs for layer in entry.layers)
    values = sum(layer.elements for layer in entry.layers)
    height, out, middle = entry.height, entry.out_height, entry.middle
    logs = np.log([height, entry.channels_in, entry.channels_out, entry.expansion]).tolist()
    return [
        *logs,
        *(entry.kernel / 2, entry.stride, entry.groups),
        *np.log([out, max(macs, 1)]).tolist(),
        float(entry.keeps_shape),
        *(float(entry.kind == kind) for kind in ENTRY_KINDS),
        *np.log([values, middle, middle * out**2, middle * height**2]).tolist(),
        *(_filled(height, n) for n in _PIXELS),
        *(_filled(entry.channels_in // entry.groups, n) for n in _CHANNELS_IN),
        *(_filled(middle, n) for n in _MIDDLE),
        *(_filled(entry.channels_out, n) for n in _CHANNELS_OUT),
    ]


def _filled(number: int, lanes: int) -> float:
    """Return the share of lanes that so many pixels or channels keep busy."""
    return number / (-(-number // lanes) * lanes)
