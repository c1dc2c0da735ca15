"""``evonasc supernet rank``: how well every signal, and all joined, order the networks."""

import argparse
from pathlib import Path
from typing import cast

from evonasc.analysis.report import plain_table
from evonasc.cli.console import output
from evonasc.cli.problem_arguments import add_space_argument
from evonasc.cli.shared import shared_data
from evonasc.runs.benchmarks import benchmark


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_space_argument(parser)
    parser.add_argument(
        "--measurements",
        type=Path,
        help="npz with arch_str, or what the space calls it, and accuracies (default: SPACE.npz in "
        f"{shared_data()})",
    )
    parser.add_argument(
        "--scores",
        type=Path,
        action="append",
        help="score file; give it again for each supernet (default: the shipped ones)",
    )
    parser.add_argument("--proxies", type=Path, help="proxy file (default: the shipped one)")


def execute(arguments: argparse.Namespace) -> int:
    """Print one row a signal: Kendall's tau on three sets of networks, rho, the best pick."""
    chosen = benchmark(arguments.space)
    measurements = arguments.measurements or shared_data() / f"{chosen.name}.npz"
    made = chosen.use_tool("rank", measurements, arguments.scores or [], arguments.proxies)
    rows, note = cast(tuple[list[dict[str, str]], str], made)
    console = output()
    console.print(plain_table(rows))
    console.print(note)
    return 0
