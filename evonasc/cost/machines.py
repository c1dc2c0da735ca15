"""Every machine a scenario can name: one evonasc knows, or the file of one's own.

This is the one place where a name becomes a machine; the rest of the package asks here.
"""

from pathlib import Path

import numpy as np

from evonasc.arrays import FloatArray, IntArray
from evonasc.assets import manifest
from evonasc.cost import hardware
from evonasc.cost.cell_features import check_cells
from evonasc.cost.hardware import HARDWARE, Hardware, asset_path, load_predictor
from evonasc.cost.own_machine import (
    SUFFIX,
    OwnMachine,
    OwnPredictor,
    check_name,
    file_digest,
    read_own_machine,
)
from evonasc.errors import ConfigError, DataFileError, UnknownNameError
from evonasc.space import NasBench201


def resolve(name: str) -> Hardware:
    """Return the machine that a scenario names: one of :data:`HARDWARE`, or the file of one's own.

    Args:
        name: A name, or a path that ends in ``.npz``.

    Raises:
        UnknownNameError: No such machine.
        DataFileError: The file is missing, of another format, or belongs to another version.
    """
    if not is_own(name):
        if name not in HARDWARE:
            raise UnknownNameError("hardware", name, HARDWARE)
        return HARDWARE[name]
    machine = own_machine(name)
    return Hardware(
        name=machine.name,
        description=machine.description,
        column="",
        kind="profiled" if machine.made_by == "profile" else "calibrated",
        typical_power_mw=None if np.isnan(machine.power_mw) else machine.power_mw,
    )


def is_own(name: str) -> bool:
    """Tell whether a scenario names a file rather than a machine of :data:`HARDWARE`."""
    return name.endswith(SUFFIX)


def own_machine(name: str) -> OwnMachine:
    """Return the machine that a file describes.

    Raises:
        DataFileError: It cannot be used with this version.
    """
    machine = read_own_machine(Path(name))
    try:
        check_name(machine.name, HARDWARE)
    except ConfigError as error:
        raise DataFileError(f"{name} cannot be used: {error}") from error
    if machine.base and (
        machine.base not in HARDWARE or base_digest(machine.base) != machine.base_sha256
    ):
        raise DataFileError(
            f"{name} leans on the prediction of {machine.base!r} by another version of evonasc. "
            "Calibrate the machine again."
        )
    return machine


def own_predictor(machine: OwnMachine) -> OwnPredictor:
    """Return a machine of the user with its base: its own layers, or a machine we know."""
    if machine.base:
        return OwnPredictor(machine, load_predictor(machine.base).total_ms)
    space = NasBench201()
    layer_ms = machine.layer_times(space.layers)
    return OwnPredictor(machine, lambda cells: space.block_sums(cells, layer_ms).sum(axis=1))


def base_digest(name: str) -> str:
    """Return the SHA-256 of the weights of a machine of :data:`HARDWARE`."""
    return str(manifest()[asset_path(name)]["sha256"])


def machine_digest(name: str) -> str:
    """Return what tells the versions of a machine's file apart; empty for a machine we ship."""
    return file_digest(Path(name)) if is_own(name) else ""


def total_ms(name: str, genes: IntArray) -> FloatArray:
    """Return the time of the whole CIFAR-10 network for one input.

    Args:
        name: As in :func:`resolve`.
        genes: Raw cells as written, ``(n, 6)``. A machine of one's own runs the canonical network.

    Returns:
        Predicted times, ms, ``(n,)``; finite and positive.

    Raises:
        UnknownNameError: No such machine.
        DataFileError: The file of a machine cannot be used.
        GenomeError: Genes of a wrong shape or outside [0, 4].
    """
    if is_own(name):
        return own_predictor(own_machine(name)).total_ms(check_cells(genes))
    return hardware.total_ms(name, genes)
