"""``evonasc hardware``: predicted latencies, one's own machine, and fitting predictors anew."""

import argparse
from pathlib import Path

from evonasc.cli import own_machine
from evonasc.cli.console import output
from evonasc.cli.shared import shared_data


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    table = actions.add_parser("table", help="whole-network latency of all 15,625 cells as CSV")
    table.add_argument(
        "name", metavar="NAME", help="machine: see `evonasc list hardware`, or a file"
    )
    table.add_argument("--out", type=Path, required=True, metavar="FILE.csv")
    own_machine.add_actions(actions)
    fit = actions.add_parser(
        "fit", help="fit all predictors to HW-NAS-Bench measurements (for developers)"
    )
    fit.add_argument(
        "--data-root",
        type=Path,
        default=shared_data(),
        help="folder with nasbench201.npz and fbnet_lut_cifar100.json (default: %(default)s)",
    )
    fit.add_argument("--names", help="machines, comma-separated (default: all)")
    fit.add_argument("--seed", type=int, default=0, help="of held-out cells and starting points")


def execute(arguments: argparse.Namespace) -> int:
    """Write a table, fit, or make the file of a machine."""
    actions = {
        "calibrate": own_machine.calibrate,
        "fit": _fit,
        "profile": own_machine.profile,
        "table": _table,
    }
    return actions[arguments.action](arguments)


def _table(arguments: argparse.Namespace) -> int:
    """Write arch_str and total_ms of every cell, in the benchmark's order."""
    import numpy as np

    from evonasc.cli.tables import write_csv
    from evonasc.cost.machines import resolve, total_ms
    from evonasc.nasbench201.cells import N_CELLS, arch_strings, cells_of_benchmark_index

    cells = cells_of_benchmark_index(np.arange(N_CELLS))
    times = total_ms(arguments.name, cells).tolist()
    write_csv(arguments.out, ("arch_str", "total_ms"), zip(arch_strings(cells), times, strict=True))
    machine = resolve(arguments.name)
    output().print(f"Wrote {arguments.out}: {machine.description}, {machine.kind}.")
    return 0


def _fit(arguments: argparse.Namespace) -> int:
    """Fit, ship, and show how good the fits are."""
    from evonasc.analysis.report import plain_table
    from evonasc.nasbench201.machines.fitting import fit_hardware
    from evonasc.nasbench201.machines.known import HARDWARE
    from evonasc.nasbench201.machines.roofline_fitting import fit_rooflines

    names = arguments.names.split(",") if arguments.names else list(HARDWARE)
    reports = fit_hardware(
        arguments.data_root / "nasbench201.npz", names=names, seed=arguments.seed, holdout=0.2
    )
    rooflines = fit_rooflines(arguments.data_root / "fbnet_lut_cifar100.json")
    rows = [
        {
            "machine": report.name,
            "cells": str(report.n_cells),
            "held out": str(report.n_held_out),
            "mean error": f"{report.mape:.2%}",
            "within 10 %": f"{report.within_10_percent:.2%}",
            "Spearman": f"{report.spearman:.4f}",
            "Kendall": f"{report.kendall_tau:.4f}",
        }
        for report in reports
    ]
    console = output()
    console.print(plain_table(rows))
    for name, roofline in rooflines.items():
        console.print(f"roofline {name}: mean error {roofline.fit_error:.1%} on FBNet blocks")
    return 0
