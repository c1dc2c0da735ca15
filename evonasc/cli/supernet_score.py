"""``evonasc supernet score``: forward passes of networks into a score file."""

import argparse
from pathlib import Path
from typing import cast

from evonasc.cli.console import counter, output, warn
from evonasc.cli.problem_arguments import add_space_argument
from evonasc.cli.supernet_train import NETWORKS_HELP


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_space_argument(parser)
    parser.add_argument(
        "--weights",
        type=Path,
        required=True,
        help="checkpoint or weight file, or the folder of a training with --split-edge",
    )
    parser.add_argument(
        "--data-root",
        type=Path,
        help="folder with the data set's files, or where that of folder:PATH lies now",
    )
    parser.add_argument("--networks", type=Path, metavar="FILE.csv", help=NETWORKS_HELP)
    parser.add_argument(
        "--images", type=int, help="(default: all that were held out, at most 1000)"
    )
    parser.add_argument("--jobs", type=int, default=1, help="worker processes")
    parser.add_argument("--device", default="cpu", help="auto, cpu or cuda (default: %(default)s)")
    parser.add_argument("--out", type=Path, required=True, help="score file (.npz); resumes")
    parser.add_argument("--ship", action="store_true", help="make both the shipped ones")


def execute(arguments: argparse.Namespace) -> int:
    """Score with a progress bar; ship if asked."""
    from evonasc.errors import ConfigError
    from evonasc.runs.benchmarks import benchmark, supernet_family
    from evonasc.supernet.few_shot import is_few_shot, score_few_shot
    from evonasc.supernet.loss_scale import coarseness_note
    from evonasc.supernet.network_list import read_networks
    from evonasc.supernet.score_file import score_to_file
    from evonasc.supernet.training_state import training_note, unfinished_note

    family = supernet_family(arguments.space)
    is_split = is_few_shot(arguments.weights, family)
    if is_split and (arguments.networks is not None or arguments.ship):
        raise ConfigError("Supernets of --split-edge take neither --networks nor --ship.")
    console = output()
    note = "" if is_split else unfinished_note(arguments.weights)
    if note:
        console.print(f"Warning: {note}")
    if not is_split:
        warn(training_note(arguments.weights))
    with counter("scoring") as on_progress:
        files = (arguments.weights, arguments.data_root, arguments.out, family)
        amount = {
            "n_images": arguments.images,
            "n_jobs": arguments.jobs,
            "device": arguments.device,
        }
        if is_split:
            scores = score_few_shot(*files, **amount, on_progress=on_progress)
        else:
            chosen = arguments.networks
            networks = None if chosen is None else read_networks(chosen, family.space)
            scores = score_to_file(*files, **amount, networks=networks, on_progress=on_progress)
    best = int(scores.loss.argmin())
    console.print(
        f"Scored {len(scores.networks)} networks on {scores.n_images} images into "
        f"{arguments.out}; least loss {scores.loss[best]:.4f}, its top-1 error "
        f"{scores.top1_error[best]:.4f}."
    )
    warn(scores.chance_note)
    warn(coarseness_note(scores.n_images))
    if arguments.ship:
        paths = benchmark(arguments.space).use_tool("ship-scores", arguments.weights, scores)
        for path in cast(list[Path], paths):
            console.print(f"Shipped {path}")
    return 0
