"""Every machine a scenario can name: one evonasc knows, another package's, or a file of one's own.

This is the one place where a name becomes a machine; the rest of the package asks here.
"""

from pathlib import Path

import numpy as np

from evonasc.arrays import FloatArray, IntArray
from evonasc.cost.declared_machine import SUFFIX as DECLARED_SUFFIX
from evonasc.cost.declared_machine import DeclaredMachine, declared_digest, read_declared
from evonasc.cost.own_machine import (
    SUFFIX,
    OwnMachine,
    OwnPredictor,
    check_name,
    file_digest,
    read_own_machine,
)
from evonasc.errors import ConfigError, DataFileError, UnknownNameError
from evonasc.nasbench201.assets import ASSETS
from evonasc.nasbench201.machines import known as hardware
from evonasc.nasbench201.machines.cell_features import check_cells
from evonasc.nasbench201.machines.known import HARDWARE, Hardware, asset_path, load_predictor
from evonasc.nasbench201.space import NasBench201
from evonasc.plugins import Registry

#: The machines; another package gives the path of a machine's file, or a function that does.
MACHINES = Registry(
    "hardware",
    "hardware",
    {
        name: ("evonasc.nasbench201.machines.known:HARDWARE", machine.description)
        for name, machine in HARDWARE.items()
    },
)


def resolve(name: str) -> Hardware:
    """Return the machine that a scenario names: one of :data:`HARDWARE`, or the file of one's own.

    Args:
        name: A name, or a path that ends in ``.npz`` or ``.toml``.

    Raises:
        UnknownNameError: No such machine.
        DataFileError: The file is missing, of another format, or belongs to another version.
        PluginError: The machine of another package cannot be used.
    """
    if not is_own(name):
        return HARDWARE[name]
    declared = declared_machine(name)
    if declared is not None:
        return Hardware(
            name=declared.name,
            description=declared.description,
            column="",
            kind="declared",
            typical_power_mw=declared.power_mw or None,
        )
    machine = own_machine(name)
    return Hardware(
        name=machine.name,
        description=machine.description,
        column="",
        kind="profiled" if machine.made_by == "profile" else "calibrated",
        typical_power_mw=None if np.isnan(machine.power_mw) else machine.power_mw,
    )


def is_file(name: str) -> bool:
    """Tell whether a scenario names a file."""
    return name.endswith((SUFFIX, DECLARED_SUFFIX))


def is_own(name: str) -> bool:
    """Tell whether a machine is described by a file, rather than one of :data:`HARDWARE`.

    Raises:
        UnknownNameError: No such machine.
        ConfigError: No such machine, but a file of that name with the ending left out.
    """
    if is_file(name):
        return True
    if name in HARDWARE:
        return False
    try:
        MACHINES.entry(name)
    except UnknownNameError as error:
        for file in (name + SUFFIX, name + DECLARED_SUFFIX):
            if Path(file).is_file():
                raise ConfigError(
                    f"Unknown hardware {name!r}. A file is named with its ending: {file!r}."
                ) from error
        raise
    return True


def machine_file(name: str) -> Path:
    """Return the file of a machine that :func:`is_own`.

    Raises:
        PluginError: It is another package's, which gives no such file.
    """
    if is_file(name):
        return Path(name)
    found = MACHINES.load(name)
    found = MACHINES.make(name) if callable(found) else found
    if not isinstance(found, str | Path) or not is_file(str(found)):
        raise MACHINES.broken(
            MACHINES.entry(name), f"it must give the path of a .npz or .toml file, got {found!r}"
        )
    return Path(found)


def declared_machine(name: str) -> DeclaredMachine | None:
    """Return a machine that somebody declared in a few numbers; None for any other.

    Raises:
        DataFileError: The file cannot be used.
    """
    if not is_own(name):
        return None
    path = machine_file(name)
    if path.suffix != DECLARED_SUFFIX:
        return None
    machine = read_declared(path)
    _refuse_taken(machine.name, path)
    return machine


def own_machine(name: str) -> OwnMachine:
    """Return the machine that a file describes.

    Raises:
        DataFileError: It cannot be used with this version.
    """
    path = machine_file(name)
    machine = read_own_machine(path)
    _refuse_taken(machine.name, path)
    if machine.base and (
        machine.base not in HARDWARE or base_digest(machine.base) != machine.base_sha256
    ):
        raise DataFileError(
            f"{path} leans on the prediction of {machine.base!r} by another version of evonasc. "
            "Calibrate the machine again."
        )
    return machine


def _refuse_taken(name: str, path: Path) -> None:
    """Refuse a file whose machine has the name of one we know."""
    try:
        check_name(name, HARDWARE)
    except ConfigError as error:
        raise DataFileError(f"{path} cannot be used: {error}") from error


def own_predictor(machine: OwnMachine) -> OwnPredictor:
    """Return a machine of the user with its base: its own layers, or a machine we know."""
    if machine.base:
        return OwnPredictor(machine, load_predictor(machine.base).total_ms)
    space = NasBench201()
    layer_ms = machine.layer_times(space.layers)
    return OwnPredictor(machine, lambda cells: space.block_sums(cells, layer_ms).sum(axis=1))


def base_digest(name: str) -> str:
    """Return the SHA-256 of the weights of a machine of :data:`HARDWARE`."""
    return str(ASSETS.manifest()[asset_path(name)]["sha256"])


def machine_digest(name: str) -> str:
    """Return what tells the versions of a machine's file apart; empty for a machine we ship."""
    if not is_own(name):
        return ""
    path = machine_file(name)
    return declared_digest(path) if path.suffix == DECLARED_SUFFIX else file_digest(path)


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
        PluginError: Another package's machine cannot be used, or uses the name of one we know.
        GenomeError: Genes of a wrong shape or outside [0, 4].
    """
    declared = declared_machine(name)
    if declared is not None:
        space = NasBench201()
        return declared.head_table_ms(space, space.canonical(check_cells(genes)))[:, -1]
    if is_own(name):
        return own_predictor(own_machine(name)).total_ms(check_cells(genes))
    MACHINES.entry(name)  # refuses a name that another package uses too
    return hardware.total_ms(name, genes)
