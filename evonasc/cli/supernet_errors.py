"""``evonasc supernet errors``: what a source of stored errors says of networks, as CSV."""

import argparse
from pathlib import Path

import numpy as np

from evonasc.cli.accuracy_arguments import add_accuracy_arguments, stored_source
from evonasc.cli.console import output
from evonasc.cli.problem_arguments import add_space_argument
from evonasc.files import write_output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_space_argument(parser)
    parser.set_defaults(is_out_new=True)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.csv")
    parser.add_argument(
        "--best",
        type=int,
        metavar="N",
        help="only the N networks of least error, each once, best first (default: all)",
    )
    add_accuracy_arguments(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Write the name and the error of every network, or of the best ones."""
    from evonasc.errors import ConfigError
    from evonasc.runs.benchmarks import benchmark
    from evonasc.runs.tables import as_csv
    from evonasc.supernet.calibration import errors_of
    from evonasc.supernet.error_table import StoredErrors
    from evonasc.supernet.network_list import listed_networks

    source = stored_source(arguments, what="A table of errors")
    space = benchmark(arguments.space).make_space()
    networks = listed_networks(space, remedy="A table of all errors cannot be written.")
    errors = errors_of(source, networks, space)
    if arguments.best is not None:
        if not 1 <= arguments.best <= len(networks):
            raise ConfigError(f"--best must lie in [1, {len(networks)}], got {arguments.best}.")
        rows = networks[np.argsort(errors, kind="stable")[: arguments.best]]
    else:
        spelled = space.spellings()
        rows = networks if spelled is None else spelled
    shown = StoredErrors(space, networks, errors).of_networks(space.canonical(rows)).tolist()
    lines = [
        {space.text_column: text, "error": "" if np.isnan(error) else error}
        for text, error in zip(space.to_text(rows), shown, strict=True)
    ]
    write_output(arguments.out, as_csv(lines))
    output().print(f"Wrote {arguments.out}. {source.provenance}")
    return 0
