"""Which cuts a scenario allows."""

import numpy as np

from evonasc.arrays import BoolArray, IntArray
from evonasc.cost.costs import head_memory_table
from evonasc.cost.payload import payload_table
from evonasc.cost.scenario import Scenario
from evonasc.errors import ConfigError
from evonasc.space import DesignSpace, SearchSpace


def design_space(
    scenario: Scenario, space: SearchSpace, *, memory_bytes: float | None = None
) -> DesignSpace:
    """Return the designs of ``space`` that ``scenario`` allows.

    A cut is allowed if at least ``min_split`` blocks stay on the device, the head fits its memory
    (``memory_bytes``, None for no limit) and ``max_head_memory_bytes``, and the payload fits
    ``max_payload_bytes``.

    Raises:
        ConfigError: ``min_split`` exceeds the number of blocks.
    """
    if scenario.min_split > space.n_blocks:
        raise ConfigError(
            f"min_split must lie in [0, n_blocks] = [0, {space.n_blocks}], "
            f"got {scenario.min_split}."
        )
    is_deep_enough = np.arange(space.n_blocks + 1) >= scenario.min_split
    payload_limit = scenario.max_payload_bytes
    limits = [one for one in (scenario.max_head_memory_bytes, memory_bytes) if one is not None]
    memory_limit = min(limits, default=None)
    fits_link = {
        bits: is_deep_enough
        if payload_limit is None
        else is_deep_enough & (payload_table(space, bits=bits) <= payload_limit)
        for bits in scenario.payload_bits
    }

    def allowed(operations: IntArray, bits: IntArray) -> BoolArray:
        mask = np.empty((*bits.shape, space.n_blocks + 1), dtype=bool)
        for width, fits in fits_link.items():
            mask[bits == width] = fits
        if memory_limit is not None:
            mask[:, 0] &= head_memory_table(space, operations) <= memory_limit
        return mask

    return DesignSpace(space, scenario.payload_bits, allowed)
