"""The published times of blocks as machines, for users who bring HW-NAS-Bench's table."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from evonasc.arrays import FloatArray
from evonasc.cost.block_record import BlockRecord, write_block_record
from evonasc.cost.machine_record import check_power
from evonasc.fbnet.machines.block_model import BlockModel
from evonasc.fbnet.machines.entry import Entry
from evonasc.fbnet.machines.entry_table import TIMED, EntryTable, read_entry_table
from evonasc.fbnet.machines.known import HARDWARE
from evonasc.fbnet.machines.network_entries import (
    block_of_layer,
    fixed_entries,
    of_blocks,
    searched_entries,
)
from evonasc.fbnet.machines.shipped import load_model, power_mw
from evonasc.fbnet.space import FBNet
from evonasc.files import require_new

#: What the name of an imported machine ends in: it is another one than that evonasc fitted.
SUFFIX = "_table"


def import_machines(file: Path, folder: Path) -> list[tuple[Path, str]]:
    """Write a file a machine, with the times of a table; see :class:`evonasc.benchmark.Benchmark`.

    Args:
        file: HW-NAS-Bench-v1_0.pickle, or the CSV file of its FBNet blocks.
        folder: Where to write; made if need be.

    Returns:
        Each file, and what is in it in words.

    Raises:
        DataFileError: The file is missing or is none of the two, or lacks an entry.
        ConfigError: A file cannot be written, or is there already.
    """
    table = read_entry_table(file)
    records = {folder / f"{name}{SUFFIX}.npz": imported(table, name) for name in TIMED}
    for path in records:  # all or none
        require_new(path)
    for path, record in records.items():
        write_block_record(path, record)
    return [
        (path, "; ".join(filter(None, (record.description, record.remark))))
        for path, record in records.items()
    ]


def imported(table: EntryTable, name: str) -> BlockRecord:
    """Return one machine of a table as published, with estimates of what is not given.

    An identity takes what the table says, on most machines nothing. Whatever else is 0 there was
    not measured, and has the time or energy that the shipped model estimates.

    Args:
        table: The times and energies.
        name: One of :data:`evonasc.fbnet.machines.entry_table.TIMED`.

    Raises:
        DataFileError: The table lacks an entry.
    """
    hardware, words = HARDWARE[name], list[str]()
    searched_mj, fixed_mj = np.zeros((0, 0)), np.zeros(0)
    searched, fixed, n_estimated = _filled(partial(table.times_of, name), load_model(name))
    if n_estimated:
        words.append(f"{n_estimated} of its times are not given there and are estimated")
    if hardware.has_energy:
        model = load_model(name, of="energy")
        searched_mj, fixed_mj, n_estimated = _filled(partial(table.energies_of, name), model)
        if n_estimated:
            words.append(f"{n_estimated} of its energies are not given there and are estimated")
    return BlockRecord(
        name=f"{name}{SUFFIX}",
        description=f"{hardware.description}, blocks of the table {table.digest[:8]}",
        space=FBNet.name,
        remark=", ".join(words),
        searched_ms=searched,
        fixed_ms=fixed,
        block_of_gene=block_of_layer(),
        searched_mj=searched_mj,
        fixed_mj=fixed_mj,
        power_mw=check_power(power_mw(name)),
        idle_power_mw=check_power(hardware.idle_power_mw, of="idle_power_mw"),
    )


def _filled(
    published: Callable[[Sequence[Entry]], FloatArray], model: BlockModel
) -> tuple[FloatArray, FloatArray, int]:
    """Return values of operations and of all fixed blocks, and how many of them are estimated."""
    rows, n_estimated = [], 0
    for entries in (*searched_entries(), fixed_entries()):
        values = published(entries)
        is_lacking = (values == 0) & ~np.array([entry.is_identity for entry in entries])
        n_estimated += int(is_lacking.sum())
        rows.append(np.where(is_lacking, model.of_entries(entries), values))
    return np.array(rows[:-1]), of_blocks(rows[-1]), n_estimated
