"""Fitting FBNet's machines to measurements; for developers, not needed to predict.

The folder of measurements holds ``fbnet_blocks.csv``, HW-NAS-Bench's entries, and
``fbnet_5000_cifar100.npz``, whole networks that HELP measured or summed up.
"""

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from evonasc.arrays import FloatArray, IntArray
from evonasc.cost.fit_quality import FitReport, judge
from evonasc.errors import DataFileError, UnknownNameError
from evonasc.fbnet.machines.block_fitting import fit_pipeline, fit_smooth
from evonasc.fbnet.machines.block_model import BlockModel, PipelineModel, SmoothModel
from evonasc.fbnet.machines.entry_report import EntryReport
from evonasc.fbnet.machines.entry_table import EntryTable, read_entry_table
from evonasc.fbnet.machines.known import HARDWARE, KnownHardware
from evonasc.fbnet.machines.network_entries import fixed_entries, searched_entries
from evonasc.fbnet.machines.network_fitting import (
    fit_networks,
    judge_networks,
    judge_sharing,
    sum_of,
)
from evonasc.fbnet.machines.shipped import SHARING_ASSET, asset_path, model_arrays, ship
from evonasc.inputs import MOST_ARRAYS, file_bytes
from evonasc.limits import require_seed
from evonasc.parsing import npz_arrays

logger = logging.getLogger(__name__)

BLOCKS_FILE, NETWORKS_FILE = "fbnet_blocks.csv", "fbnet_5000_cifar100.npz"


def fit_machines(
    folder: Path, names: Sequence[str] | None, seed: int
) -> tuple[list[FitReport], list[str]]:
    """Fit and ship the machines' models; see :class:`evonasc.benchmark.Benchmark`.

    No names: all machines, and the check of how well whole networks tell blocks.

    Args:
        folder: The measurements.
        names: Machines of :data:`evonasc.fbnet.machines.known.HARDWARE`.
        seed: Of the networks held out.

    Raises:
        UnknownNameError: No such machine.
        ConfigError: A seed out of range.
        DataFileError: A file is missing or damaged.
    """
    for name in names or ():
        if name not in HARDWARE:
            raise UnknownNameError("hardware", name, HARDWARE)
    require_seed(seed)
    table = read_entry_table(folder / BLOCKS_FILE)
    operations, times_ms = read_networks(folder / NETWORKS_FILE)
    reports, notes = [], []
    for name in HARDWARE if names is None else names:
        machine = HARDWARE[name]
        if machine.kind == "networks":
            report = _ship_networks(machine, operations, times_ms, seed=seed)
        else:
            report, note = _ship_blocks(machine, table, operations, times_ms, seed=seed)
            notes.append(note)
        reports.append(report)
        logger.info("%s", report)
    if names is None:
        notes += _ship_sharing(table, operations, seed=seed)
    return reports, notes


def read_networks(path: Path) -> tuple[IntArray, dict[str, FloatArray]]:
    """Return the measured networks, ``(n, 22)``, and their times by column, ms, ``(n,)``.

    Raises:
        DataFileError: The file is missing or damaged, or lacks a machine.
    """
    columns = [machine.column for machine in HARDWARE.values() if machine.column]
    try:
        arrays = npz_arrays(
            file_bytes(path, kind="measured networks", most=MOST_ARRAYS), ["genes", *columns]
        )
    except ValueError as error:
        raise DataFileError(f"{path} is no .npz file of measured networks ({error}).") from error
    operations = arrays.pop("genes").astype(np.int64)
    shape = (len(searched_entries()), len(searched_entries()[0]))
    if operations.ndim != 2 or operations.shape[1] != shape[0] or not len(operations):
        raise DataFileError(f"{path} must hold networks of {shape[0]} layers.")
    if operations.min() < 0 or operations.max() >= shape[1]:
        raise DataFileError(f"{path} must hold operations in [0, {shape[1] - 1}].")
    for column, times in arrays.items():
        if times.shape != (len(operations),) or not (times > 0).all():
            raise DataFileError(f"{path}: {column} must have a positive time a network.")
    return operations, {column: times.astype(np.float64) for column, times in arrays.items()}


def fit_blocks(
    machine: KnownHardware, table: EntryTable, *, of: str
) -> tuple[SmoothModel | PipelineModel, EntryReport]:
    """Return the model of a machine's blocks, and how good it is.

    Args:
        machine: One whose blocks are in the table.
        table: The entries.
        of: ``time`` or ``energy``.

    Raises:
        DataFileError: The table does not follow a closed form that should hold.
    """
    given = table.has_time if of == "time" else table.has_energy
    values = (table.times_ms if of == "time" else table.energies_mj)[machine.name]
    is_given = given(machine.name)
    entries = [entry for entry, one in zip(table.entries, is_given, strict=True) if one]
    if machine.kind == "closed form":
        return fit_pipeline(entries, values[is_given])
    return fit_smooth(entries, values[is_given], copies_cost=machine.copies_cost)


def published_blocks(table: EntryTable, machine: str) -> tuple[FloatArray, FloatArray]:
    """Return the published times of a machine's blocks, ms: ``(22, 9)`` and the fixed blocks.

    Raises:
        DataFileError: The table lacks an entry.
    """
    searched = np.array([table.times_of(machine, row) for row in searched_entries()])
    return searched, table.times_of(machine, fixed_entries())


def measured_sums(
    model: BlockModel, table: EntryTable, machine: str, operations: IntArray
) -> tuple[FloatArray, FloatArray]:
    """Return predicted and published sums over the blocks that have a published time, ms."""
    searched, fixed = published_blocks(table, machine)
    predicted = np.array([model.of_entries(row) for row in searched_entries()])
    predicted_fixed = model.of_entries(fixed_entries())
    # what was not simulated is 0 in the table: it is no part of the published sums
    return (
        sum_of(operations, predicted * (searched > 0)) + predicted_fixed[fixed > 0].sum(),
        sum_of(operations, searched) + fixed.sum(),
    )


def _ship_blocks(
    machine: KnownHardware,
    table: EntryTable,
    operations: IntArray,
    times_ms: dict[str, FloatArray],
    *,
    seed: int,
) -> tuple[FitReport, str]:
    """Fit a machine's blocks, judge sums of them on whole networks, and write its file."""
    model, fitted = fit_blocks(machine, table, of="time")
    predicted_ms, summed_ms = measured_sums(model, table, machine.name, operations)
    if machine.column and not np.allclose(summed_ms, times_ms[machine.column], rtol=1e-9):
        raise DataFileError(
            f"The networks' times in {machine.column!r} must be the sums of the entries of "
            f"{machine.name}, got others."
        )
    report = judge(
        machine.name,
        predicted_ms=predicted_ms,
        measured_ms=summed_ms,
        n_networks=len(operations),
        twins=np.zeros(0),
    )
    arrays = {"report": report.as_array(), "time_report": fitted.as_array()}
    arrays |= model_arrays(model, of="time")
    note = f"{machine.name}: {fitted.in_words}"
    if machine.has_energy:
        energy, fitted_energy = fit_blocks(machine, table, of="energy")
        arrays["energy_report"] = fitted_energy.as_array()
        arrays |= model_arrays(energy, of="energy")
        note += f"; energies: {fitted_energy.in_words}"
    ship(
        asset_path(machine.name),
        arrays,
        command=_command(machine.name, seed),
        note=(
            f"Model of blocks ({machine.kind}): {machine.description}. Times: {fitted.n_fitted} "
            f"numbers fitted to {fitted.n_entries} entries of HW-NAS-Bench's FBNet table; figures "
            "inside are errors on entries, on entries left out, and on sums over whole networks."
        ),
    )
    return report, note


def _ship_networks(
    machine: KnownHardware, operations: IntArray, times_ms: dict[str, FloatArray], *, seed: int
) -> FitReport:
    """Fit a machine to whole networks, judge it on networks held out, and write its file."""
    measured_ms = times_ms[machine.column] / machine.batch
    rng = np.random.default_rng(seed)
    report = judge_networks(machine.name, operations, measured_ms, rng=rng)
    found = fit_networks(operations, measured_ms)
    ship(
        asset_path(machine.name),
        {
            "searched_ms": found.searched_ms.astype(np.float32),
            "fixed_ms": found.fixed_ms.astype(np.float32),
            "report": report.as_array(),
        },
        command=_command(machine.name, seed),
        note=(
            f"Times of blocks ({machine.kind}): {machine.description}. Fitted to "
            f"{report.n_networks} whole networks, column {machine.column}; what they do not tell "
            "is shared out by a roofline. Figures inside are those of the same fit without "
            f"{report.n_held_out} held-out networks."
        ),
    )
    return report


def _ship_sharing(table: EntryTable, operations: IntArray, *, seed: int) -> list[str]:
    """Check how well whole networks tell blocks, on machines that have both; write the figures."""
    arrays, notes = {}, []
    for name in sorted(HARDWARE):
        if HARDWARE[name].kind == "blocks":
            found = judge_sharing(operations, *published_blocks(table, name))
            arrays[name] = found.as_array()
            notes.append(f"networks shared out among blocks of {name}: {found.in_words}")
    ship(
        SHARING_ASSET,
        arrays,
        command=f"python -m evonasc hardware fit --data-root DATA --space fbnet --seed {seed}",
        note="How far apportioned blocks are from measured ones, on machines that have both.",
    )
    return notes


def _command(name: str, seed: int) -> str:
    """Return the command that fits one machine."""
    return (
        f"python -m evonasc hardware fit --data-root DATA --space fbnet --names {name} "
        f"--seed {seed}"
    )
