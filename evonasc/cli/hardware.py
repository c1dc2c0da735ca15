"""``evonasc hardware``: predicted latencies, one's own machine, and fitting predictors anew."""

import argparse
from pathlib import Path
from typing import cast

from evonasc.analysis.report import plain_table
from evonasc.cli import own_machine
from evonasc.cli.console import output
from evonasc.cli.problem_arguments import add_space_argument
from evonasc.cli.shared import shared_data
from evonasc.cost.fit_quality import FitReport
from evonasc.cost.machine_table import machine_of
from evonasc.errors import ConfigError
from evonasc.files import write_output
from evonasc.runs.benchmarks import benchmark
from evonasc.runs.tables import as_csv


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    table = actions.add_parser("table", help="latency of every whole network as CSV")
    table.add_argument(
        "name", metavar="NAME", help="machine: see `evonasc list hardware`, or a file"
    )
    table.set_defaults(is_out_new=True)
    table.add_argument("--out", type=Path, required=True, metavar="FILE.csv")
    add_space_argument(table)
    own_machine.add_actions(actions)
    brought = actions.add_parser(
        "import", help="write machines whose times of blocks are those of a benchmark's own table"
    )
    brought.add_argument(
        "file", type=Path, metavar="FILE", help="HW-NAS-Bench-v1_0.pickle, or a CSV of its blocks"
    )
    brought.add_argument(
        "--out", type=Path, required=True, metavar="FOLDER", help="gets one file a machine"
    )
    add_space_argument(brought)
    fit = actions.add_parser(
        "fit", help="fit a space's predictors to its benchmark's measurements (for developers)"
    )
    fit.add_argument(
        "--data-root",
        type=Path,
        default=shared_data(),
        help="folder with the benchmark's measurements (default: %(default)s)",
    )
    fit.add_argument("--names", help="machines, comma-separated (default: all)")
    add_space_argument(fit)
    fit.add_argument("--seed", type=int, default=0, help="of held-out cells and starting points")


def execute(arguments: argparse.Namespace) -> int:
    """Write a table, fit, or make the files of machines."""
    actions = {
        "calibrate": own_machine.calibrate,
        "fit": _fit,
        "import": _import,
        "plan": own_machine.plan,
        "profile": own_machine.profile,
        "table": _table,
    }
    return actions[arguments.action](arguments)


def _table(arguments: argparse.Namespace) -> int:
    """Write name and total_ms of every network, as it is written, in the benchmark's order."""
    chosen = benchmark(arguments.space)
    space = chosen.make_space()
    machine = machine_of(arguments.name, space=space, known=chosen.machines)
    networks = space.spellings()
    if networks is None:
        raise ConfigError(
            f"The networks of {space.name!r} are too many to list. Use evonasc run, whose tables "
            "have the times of those it finds."
        )
    texts = space.to_text(networks)
    rows = [
        {space.text_column: text, "total_ms": total_ms}
        for text, total_ms in zip(texts, machine.total_ms(networks).tolist(), strict=True)
    ]
    write_output(arguments.out, as_csv(rows))
    output().print(f"Wrote {arguments.out}: {machine.description}, {machine.kind}.")
    return 0


def _import(arguments: argparse.Namespace) -> int:
    """Write the machines of a benchmark's table, one file each, and say how to use them."""
    chosen = benchmark(arguments.space)
    made = chosen.use_tool("import-machines", arguments.file, arguments.out)
    files = cast("list[tuple[Path, str]]", made)
    console = output()
    for path, words in files:
        console.print(f"Wrote {path}: {words}.", soft_wrap=True)
    console.print(
        f"Use them: evonasc run --space {chosen.name} --head-hardware {files[-1][0]}",
        soft_wrap=True,
    )
    return 0


def _fit(arguments: argparse.Namespace) -> int:
    """Fit, ship, and show how good the fits are."""
    chosen = benchmark(arguments.space)
    names = arguments.names.split(",") if arguments.names else None
    fitted = chosen.use_tool("fit-machines", arguments.data_root, names, arguments.seed)
    reports, notes = cast("tuple[list[FitReport], list[str]]", fitted)
    rows = [
        {
            "machine": report.name,
            "networks": str(report.n_networks),
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
    for note in notes:
        console.print(note)
    return 0
