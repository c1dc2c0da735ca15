"""``evonasc resume``: go on with a run that was cut short, or evaluate more."""

import argparse
from pathlib import Path

from evonasc.cli.search_into import add_result_arguments, search_into
from evonasc.runs.resume import prepare_again


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = (
        "The search is run again from its seed and answered from what the folder holds, so that "
        "it ends as it would have without an interruption, to the bit."
    )
    parser.add_argument("folder", type=Path, metavar="RUN", help="run folder")
    parser.add_argument(
        "--budget",
        type=int,
        metavar="N",
        help="distinct designs to evaluate in all (default: as many as the run was to)",
    )
    add_result_arguments(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Search on, and return what ``evonasc run`` does."""
    prepared = prepare_again(arguments.folder, budget=arguments.budget)
    return search_into(arguments.folder, prepared, arguments, is_resumed=True)
