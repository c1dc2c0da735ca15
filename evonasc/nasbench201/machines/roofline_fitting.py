"""Fitting rooflines to the FBNet blocks that HW-NAS-Bench measured on the same machines.

The table gives each block's time relative to the skip of its place; where stride is 1 and the
channels stay, the skip is the identity, so the value is the block's own time. Those blocks are
used. A block is a 1x1 convolution, a depthwise convolution, a 1x1 convolution and a sum.
"""

import json
import re
from dataclasses import asdict
from pathlib import Path

import numpy as np

from evonasc.arrays import FloatArray
from evonasc.cost.roofline import Roofline
from evonasc.cost.roofline_fit import fit_roofline
from evonasc.errors import DataFileError
from evonasc.nasbench201.assets import ASSETS
from evonasc.nasbench201.machines.machine import ROOFLINE_ASSET
from evonasc.parsing import json_value
from evonasc.space.layers import Layer

_BLOCK = re.compile(
    r"ConvBlock_H(\d+)_W(\d+)_Cin(\d+)_Cout(\d+)_exp(\d+)_kernel(\d+)_stride(\d+)_group(\d+)"
)


def fit_rooflines(table_file: Path) -> dict[str, Roofline]:
    """Fit one roofline a machine and write them as a shipped file.

    Args:
        table_file: ``fbnet_lut_cifar100.json``, HW-NAS-Bench's FBNet blocks.

    Raises:
        DataFileError: The file is missing or of another form.
    """
    try:
        machines = json_value(table_file.read_text())["devices"]
        blocks = {name: _usable_blocks(entry["table"]) for name, entry in machines.items()}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataFileError(
            f"{table_file} must be the JSON table of HW-NAS-Bench's FBNet blocks ({error})."
        ) from error
    fitted = {name: fit_roofline(*blocks[name]) for name in sorted(blocks)}
    text = json.dumps({name: asdict(row) for name, row in fitted.items()}, indent=1)
    ASSETS.write(
        ROOFLINE_ASSET,
        f"{text}\n".encode(),
        command="python -m evonasc hardware fit --data-root DATA",
        note="Rooflines fitted to 48 FBNet blocks a machine (HW-NAS-Bench, CIFAR-100 input).",
    )
    return fitted


def _usable_blocks(table: dict[str, float]) -> tuple[list[tuple[Layer, ...]], FloatArray]:
    """Return layers and measured time of the blocks whose own time is known."""
    layers, times = [], []
    for name, ms in table.items():
        match = _BLOCK.fullmatch(name)
        if match is None:  # the skips, all 0
            continue
        side, _, c_in, c_out, expansion, kernel, stride, groups = map(int, match.groups())
        if stride == 1 and c_in == c_out:
            layers.append(_block_layers(c_in, side, expansion, kernel, groups))
            times.append(ms)
    return layers, np.array(times)


def _block_layers(
    channels: int, side: int, expansion: int, kernel: int, groups: int
) -> tuple[Layer, ...]:
    """Return the four layers of an FBNet block."""
    middle, pixels = channels * expansion, side * side
    dense = channels * middle // groups
    moved = (channels + middle) * pixels
    depthwise = middle * kernel * kernel
    return (
        Layer("conv", channels, middle, dense * pixels, dense, moved),
        Layer("depthwise", middle, middle, depthwise * pixels, depthwise, 2 * middle * pixels),
        Layer("conv", middle, channels, dense * pixels, dense, moved),
        Layer("sum", channels, channels, 0, 0, 3 * channels * pixels),
    )
