"""``evonasc supernet proxies``: measure the training-free proxies of every network."""

import argparse

from evonasc.cli.console import output, progress


def execute(arguments: argparse.Namespace) -> int:
    """Measure with a progress bar; ship if asked."""
    from evonasc.supernet.proxy_file import ProxyConfig, measure_to_file, ship

    config = ProxyConfig(n_repeats=arguments.repeats, seed=arguments.seed)
    with progress() as bar:
        task = bar.add_task("measuring", total=None, note="")
        table = measure_to_file(
            arguments.out,
            config,
            n_jobs=arguments.jobs,
            on_progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    console = output()
    console.print(
        f"Measured {len(table.cells)} networks, {config.n_repeats} random initialisations each, "
        f"into {arguments.out}."
    )
    if arguments.ship:
        command = (
            f"python -m evonasc supernet proxies --repeats {config.n_repeats} "
            f"--seed {config.seed} --out proxies.npz --ship"
        )
        console.print(f"Shipped {ship(table, command=command)}")
    return 0
