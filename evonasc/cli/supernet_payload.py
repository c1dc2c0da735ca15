"""``evonasc supernet payload-effects``: measure and fit what sending does to the error."""

import argparse
from pathlib import Path

from evonasc.cli.console import output, progress


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
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
    from evonasc.nasbench201.errors.payload_file import EffectConfig, fit_table, measure_to_file
    from evonasc.nasbench201.errors.payload_fitting import ship
    from evonasc.supernet.live import scoring_images
    from evonasc.supernet.scores import ScoredError
    from evonasc.supernet.training import set_threads
    from evonasc.supernet.weights import shipped_supernet

    set_threads(1)
    config = EffectConfig(
        n_networks=arguments.networks, n_images=arguments.images, seed=arguments.seed
    )
    trained = shipped_supernet()
    images = scoring_images(trained, arguments.data_root, n_images=config.n_images)
    with progress() as bar:
        task = bar.add_task("measuring", total=None, note="")
        table = measure_to_file(
            arguments.out,
            trained,
            images,
            config,
            on_progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    side = images.pixels.shape[-1]
    own_error = ScoredError().table(table.cells)
    model = fit_table(table, own_error, config=trained.supernet.config, side=side)
    console = output()
    console.print(f"Measured {len(table.cells)} networks into {arguments.out}.")
    console.print(f"Error at the cut: {model.header['summary']}")
    if arguments.ship:
        command = (
            f"python -m evonasc supernet payload-effects --data-root DATA --networks "
            f"{config.n_networks} --images {config.n_images} --seed {config.seed} "
            "--out payload.npz --ship"
        )
        console.print(f"Shipped {ship(model, command=command)}")
    return 0
