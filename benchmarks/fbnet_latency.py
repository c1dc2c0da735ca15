"""How well FBNet's machines are predicted: on entries, on entries left out, on whole networks.

    python benchmarks/fbnet_latency.py --data-root DATA [--out FILE.csv]

Everything is fitted anew to `fbnet_blocks.csv` and `fbnet_5000_cifar100.npz` in DATA, nothing that
ships is read or written. Rows of `what`:

- `entries`: machines whose blocks were measured one by one, fitted to be within 5 %, 3 % and 1 % of
  the entries, each with how many numbers that took and how far sums over 5,000 networks are off.
  What ships has at most two numbers for three entries; the last fit of a machine has as many as 1 %
  takes: where that is nearly one an entry, it is a copy of the table. `reversals` is the share of
  pairs of blocks, alike but for the kernel, of which the one with 5x5 was published as the quicker:
  noise that a smooth fit does not follow.
- `servers`: fits to four fifths of the measured networks, judged on the others.
- `sharing`: the same method on machines whose blocks are known, its blocks against those.

Writes benchmarks/results/fbnet_latency.csv.
"""

import argparse
from pathlib import Path

import numpy as np

from evonasc.arrays import FloatArray, IntArray
from evonasc.fbnet.machines.block_fitting import (
    ENTRY_ERROR,
    MOST_FITTED,
    fit_pipeline,
    fit_smooth,
)
from evonasc.fbnet.machines.entry import Entry
from evonasc.fbnet.machines.entry_table import EntryTable, read_entry_table
from evonasc.fbnet.machines.fitting import (
    BLOCKS_FILE,
    NETWORKS_FILE,
    measured_sums,
    published_blocks,
    read_networks,
)
from evonasc.fbnet.machines.known import HARDWARE
from evonasc.fbnet.machines.network_fitting import judge_networks, judge_sharing
from evonasc.files import write_atomically
from evonasc.runs.tables import as_csv

Row = dict[str, str | float | int]
#: Mean errors on entries to reach, and the most numbers an entry: the last is a copy of the table.
WANTED = ((0.05, MOST_FITTED), (0.03, MOST_FITTED), (ENTRY_ERROR, MOST_FITTED), (ENTRY_ERROR, 1.0))


def main() -> None:
    """Fit, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-root", type=Path, default=Path("../shared/data"))
    results = Path(__file__).parent / "results" / "fbnet_latency.csv"
    parser.add_argument("--out", type=Path, default=results)
    arguments = parser.parse_args()
    table = read_entry_table(arguments.data_root / BLOCKS_FILE)
    operations, times_ms = read_networks(arguments.data_root / NETWORKS_FILE)
    rows: list[Row] = []
    for name, machine in HARDWARE.items():
        if machine.kind == "networks":
            rows.append(server_row(name, operations, times_ms[machine.column] / machine.batch))
        else:
            rows += block_rows(name, table, operations)
    for row in rows:
        print(*(f"{key} {_shown(value)}" for key, value in row.items()), sep="  ")
    names = list(dict.fromkeys(key for row in rows for key in row))
    filled = [{name: row.get(name, "") for name in names} for row in rows]
    write_atomically(arguments.out, as_csv(filled), makes_folder=True)


def block_rows(name: str, table: EntryTable, operations: IntArray) -> list[Row]:
    """Return the rows of a machine whose blocks were measured."""
    is_given = table.has_time(name)
    entries = [entry for entry, given in zip(table.entries, is_given, strict=True) if given]
    values, rows = table.times_ms[name][is_given], list[Row]()
    copies_cost = HARDWARE[name].copies_cost
    for wanted, most in WANTED if HARDWARE[name].kind == "blocks" else ((0.0, 0.0),):
        model, report = (
            fit_smooth(
                entries, values, copies_cost=copies_cost, most_error=wanted, most_fitted=most
            )
            if wanted
            else fit_pipeline(entries, values)
        )
        predicted, published = measured_sums(model, table, name, operations)
        errors = np.abs(predicted / published - 1)
        rows.append(
            {
                "what": "entries",
                "machine": name,
                "wanted": wanted,
                "numbers": report.n_fitted,
                "entries": report.n_entries,
                "mean_error": report.mean_error,
                "max_error": report.max_error,
                "left_out_error": report.left_out_error,
                "refitted_error": report.refitted_error,
                "shape_out_error": report.shape_out_error,
                "networks_error": float(errors.mean()),
                "networks_max_error": float(errors.max()),
                "reversals": reversals(entries, values),
            }
        )
    if HARDWARE[name].kind == "blocks":
        found = judge_sharing(operations, *published_blocks(table, name))
        shared = {"known": found.known_blocks, "shared": found.shared_blocks}
        alone = {"roofline": found.roofline_alone, "heads": found.heads}
        rows.append({"what": "sharing", "machine": name, **shared, **alone})
    return rows


def server_row(name: str, operations: IntArray, measured_ms: FloatArray) -> Row:
    """Return the row of a machine whose networks were measured."""
    rng = np.random.default_rng(0)
    report = judge_networks(name, operations, measured_ms, rng=rng)
    return {
        "what": "servers",
        "machine": name,
        "networks_error": report.mape,
        "networks_median_error": report.median_error,
        "networks_max_error": report.max_error,
        "within_10_percent": report.within_10_percent,
    }


def reversals(entries: list[Entry], values: FloatArray) -> float:
    """Return the share of pairs of blocks of which that with the larger kernel is the quicker."""
    time_of = {entry.name: float(value) for entry, value in zip(entries, values, strict=True)}
    pairs = [
        (time_of[entry.name], time_of[entry.name.replace("kernel3", "kernel5")])
        for entry in entries
        if entry.kind == "ConvBlock" and entry.kernel == 3
    ]
    return float(np.mean([larger < smaller for smaller, larger in pairs]))


def _shown(value: str | float) -> str:
    """Return a value for people."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()
