"""Machines of users, made up for tests."""

import numpy as np

from evonasc.cost.calibration import MeasuredNetworks, calibrate
from evonasc.cost.own_machine import write_own_machine
from evonasc.cost.profile_fit import Profile
from evonasc.nasbench201.machines.known import total_ms
from evonasc.nasbench201.space import NasBench201

SPACE = NasBench201()


def networks(n, *, seed=0):
    """Return the bare network and n - 1 others, all different."""
    bare = np.array([SPACE.bare_network])
    others = SPACE.networks()
    others = others[(others != bare).any(axis=1)]
    chosen = np.random.default_rng(seed).choice(len(others), size=n - 1, replace=False)
    return np.concatenate([bare, others[chosen]])


def made_up_profile(n, *, seed=0, noise=0.0):
    """Return the profile of a machine whose layers take 20 to 100 us, and those times in ms.

    Inside networks every layer takes half as long again as by itself.
    """
    rng = np.random.default_rng(seed)
    layer_ms = rng.uniform(0.02, 0.1, len(SPACE.layers))
    cells = networks(n, seed=seed)
    block_ms = SPACE.block_sums(cells, 1.5 * layer_ms)
    block_ms = block_ms * rng.normal(1, noise, block_ms.shape)
    profile = Profile(
        cells=cells,
        block_ms=block_ms,
        total_ms=block_ms.sum(axis=1),
        noise=np.full(n, 0.01),
        layer_ms=layer_ms,
        description="made up for tests",
        busyness=1.0,
    )
    return profile, 1.5 * layer_ms


def write_calibrated(path, *, name="mybox", factor=2.0, base="raspi4", power_mw=None):
    """Write a machine that takes a factor of the time of a known one."""
    cells = networks(8)[1:]
    measured = MeasuredNetworks(cells, factor * total_ms(base, cells))
    machine = calibrate(
        measured, name=name, description="made up for tests", like=base, power_mw=power_mw
    )
    write_own_machine(path, machine)
    return machine
