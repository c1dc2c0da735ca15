"""``evonasc supernet payload-effects``: measure and fit what sending does to the error."""

import argparse
from pathlib import Path
from typing import cast

from evonasc.cli.console import counter, output
from evonasc.cli.problem_arguments import add_space_argument


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_space_argument(parser)
    parser.add_argument("--data-root", type=Path, help="folder with the data set, where it has one")
    parser.add_argument("--out", type=Path, required=True, help="measurements (.npz); resumes")
    parser.add_argument(
        "--networks", type=int, default=150, help="drawn at random (default: %(default)s)"
    )
    parser.add_argument(
        "--images", type=int, default=500, help="held-out images (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=0, help="(default: %(default)s)")
    parser.add_argument("--ship", action="store_true", help="make the model the shipped one")


def execute(arguments: argparse.Namespace) -> int:
    """Measure the shipped supernet with a progress bar, fit the model; ship if asked."""
    from evonasc.runs.benchmarks import benchmark
    from evonasc.supernet.threads import set_threads

    set_threads(1)
    with counter("measuring") as on_progress:
        lines = benchmark(arguments.space).use_tool(
            "payload-effects",
            arguments.out,
            arguments.data_root,
            arguments.networks,
            arguments.images,
            arguments.seed,
            arguments.ship,
            on_progress,
        )
    console = output()
    for line in cast(list[str], lines):
        console.print(line)
    return 0
