"""``evonasc supernet proxies``: measure the training-free proxies of networks."""

import argparse
from pathlib import Path

from evonasc.cli.console import counter, output
from evonasc.cli.problem_arguments import add_space_argument
from evonasc.cli.supernet_train import NETWORKS_HELP


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_space_argument(parser)
    parser.add_argument("--out", type=Path, required=True, help="proxy file (.npz); resumes")
    parser.add_argument("--networks", type=Path, metavar="FILE.csv", help=NETWORKS_HELP)
    parser.add_argument("--jobs", type=int, default=1, help="worker processes")
    parser.add_argument(
        "--repeats", type=int, default=1, help="random initialisations (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=0, help="(default: %(default)s)")
    parser.add_argument("--ship", action="store_true", help="make them the shipped ones")


def execute(arguments: argparse.Namespace) -> int:
    """Measure with a progress bar; ship if asked."""
    from evonasc.runs.benchmarks import benchmark, supernet_family
    from evonasc.supernet.network_list import read_networks
    from evonasc.supernet.proxy_file import ProxyConfig, measure_to_file

    family = supernet_family(arguments.space)
    config = ProxyConfig(*family.proxy_configs(), n_repeats=arguments.repeats, seed=arguments.seed)
    chosen = arguments.networks
    with counter("measuring") as on_progress:
        table = measure_to_file(
            arguments.out,
            config,
            family,
            n_jobs=arguments.jobs,
            networks=None if chosen is None else read_networks(chosen, family.space),
            on_progress=on_progress,
        )
    console = output()
    console.print(
        f"Measured {len(table.networks)} networks, {config.n_repeats} random initialisations each, "
        f"into {arguments.out}."
    )
    if arguments.ship:
        command = (
            f"python -m evonasc supernet proxies --repeats {config.n_repeats} "
            f"--seed {config.seed} --out proxies.npz --ship"
        )
        shipped = benchmark(arguments.space).use_tool("ship-proxies", table, command)
        console.print(f"Shipped {shipped}")
    return 0
