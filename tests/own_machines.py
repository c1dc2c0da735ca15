"""Machines for tests: those of NAS-Bench-201 by name, and made-up ones of users."""

import numpy as np

from evonasc.cost.calibration import MeasuredNetworks, calibrate
from evonasc.cost.machine_record import write_record
from evonasc.cost.machine_table import known_machines, machine_of
from evonasc.cost.measured_machine import MeasuredMachine
from evonasc.cost.path import path_of
from evonasc.cost.profile_fit import Profile
from evonasc.nasbench201 import BENCHMARK

SPACE = BENCHMARK.make_space()
KNOWN = known_machines(BENCHMARK.machines)


def machine(name):
    """Return the machine of a name or file, for NAS-Bench-201."""
    return machine_of(str(name), space=SPACE, known=BENCHMARK.machines)


def path(scenario):
    """Return the path of a scenario, for NAS-Bench-201."""
    return path_of(scenario, space=SPACE, known=BENCHMARK.machines)


def of_record(record, space=SPACE):
    """Return the machine of a record that was not written."""
    base = KNOWN[record.base] if record.base else None
    return MeasuredMachine(record, space, base, where="nowhere", digest="0" * 64)


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
    measured = networks(n, seed=seed)
    block_ms = SPACE.block_sums(measured, 1.5 * layer_ms)
    block_ms = block_ms * rng.normal(1, noise, block_ms.shape)
    profile = Profile(
        networks=measured,
        block_ms=block_ms,
        total_ms=block_ms.sum(axis=1),
        noise=np.full(n, 0.01),
        layer_ms=layer_ms,
        description="made up for tests",
        busyness=1.0,
    )
    return profile, 1.5 * layer_ms


def write_calibrated(path, *, name="mybox", factor=2.0, base="raspi4", **powers):
    """Write a machine that takes a factor of the time of a known one."""
    measured = networks(8)[1:]
    record = calibrate(
        MeasuredNetworks(measured, factor * KNOWN[base].total_ms(measured)),
        space=SPACE,
        known=KNOWN,
        name=name,
        description="made up for tests",
        like=base,
        **powers,
    )
    path.unlink(missing_ok=True)
    write_record(path, record)
    return record
