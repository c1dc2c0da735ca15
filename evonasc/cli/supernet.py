"""``evonasc supernet``: train, score, proxies, rank, payload effects, and the scores as a table.

A supernet of one's own in three commands, here on the digits; images of one's own are
``--data folder:PATH``::

    evonasc supernet train --data digits --epochs 30 --out mine
    evonasc supernet score --weights mine/checkpoint.safetensors --images 100 --jobs 2 --out s.npz
    evonasc run --scores s.npz
"""

import argparse
from pathlib import Path

from evonasc.cli import supernet_calibrate, supernet_payload, supernet_train
from evonasc.cli.accuracy_arguments import add_accuracy_arguments, stored_accuracy_fields
from evonasc.cli.console import output, progress
from evonasc.cli.shared import shared_data


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    train = actions.add_parser("train", help="train the supernet; resumes from its folder")
    supernet_train.add_arguments(train)

    score = actions.add_parser("score", help="score every network on held-out training images")
    score.add_argument(
        "--weights",
        type=Path,
        required=True,
        help="checkpoint or weight file, or the folder of a training with --split-edge",
    )
    score.add_argument(
        "--data-root",
        type=Path,
        help="folder with the data set's files, or where that of folder:PATH lies now",
    )
    score.add_argument(
        "--networks", type=Path, metavar="FILE.csv", help=supernet_train.NETWORKS_HELP
    )
    score.add_argument("--images", type=int, help="(default: all that were held out, at most 1000)")
    score.add_argument("--jobs", type=int, default=1, help="worker processes")
    score.add_argument("--out", type=Path, required=True, help="score file (.npz); resumes")
    score.add_argument("--ship", action="store_true", help="make both the shipped ones")

    rank = actions.add_parser(
        "rank", help="rank correlation with benchmark accuracies (bring them)"
    )
    rank.add_argument(
        "--measurements",
        type=Path,
        default=shared_data() / "nasbench201.npz",
        help="npz with arch_str and accuracies (default: %(default)s)",
    )
    rank.add_argument(
        "--scores",
        type=Path,
        action="append",
        help="score file; give it again for each supernet (default: the shipped ones)",
    )
    rank.add_argument("--proxies", type=Path, help="proxy file (default: the shipped one)")

    calibrate = actions.add_parser(
        "calibrate", help="put the error on the scale of a few networks that you trained"
    )
    supernet_calibrate.add_arguments(calibrate)

    proxies = actions.add_parser("proxies", help="measure training-free proxies of every network")
    proxies.add_argument("--out", type=Path, required=True, help="proxy file (.npz); resumes")
    proxies.add_argument("--jobs", type=int, default=1, help="worker processes")
    proxies.add_argument(
        "--repeats", type=int, default=1, help="random initialisations (default: %(default)s)"
    )
    proxies.add_argument("--seed", type=int, default=0, help="(default: %(default)s)")
    proxies.add_argument("--ship", action="store_true", help="make them the shipped ones")

    payload = actions.add_parser(
        "payload-effects", help="measure what narrow payloads and lost packets do to the error"
    )
    supernet_payload.add_arguments(payload)

    scores = actions.add_parser("scores", help="error of all 15,625 cells, or the best, as CSV")
    scores.add_argument("--out", type=Path, required=True, metavar="FILE.csv")
    scores.add_argument(
        "--best",
        type=int,
        metavar="N",
        help="only the N networks of least error, each once, best first (default: all cells)",
    )
    add_accuracy_arguments(scores)


def execute(arguments: argparse.Namespace) -> int:
    """Do what the action says."""
    actions = {
        "calibrate": supernet_calibrate.execute,
        "payload-effects": supernet_payload.execute,
        "proxies": _proxies,
        "rank": _rank,
        "score": _score,
        "scores": _scores,
        "train": supernet_train.execute,
    }
    return actions[arguments.action](arguments)


def _score(arguments: argparse.Namespace) -> int:
    """Score with a progress bar; ship if asked."""
    from evonasc.errors import ConfigError
    from evonasc.supernet.few_shot import is_few_shot, score_few_shot
    from evonasc.supernet.network_list import read_networks
    from evonasc.supernet.score_file import score_to_file, ship
    from evonasc.supernet.training_log import unfinished_note

    is_split = is_few_shot(arguments.weights)
    if is_split and (arguments.networks is not None or arguments.ship):
        raise ConfigError("Supernets of a split edge take neither --networks nor --ship.")
    console = output()
    note = "" if is_split else unfinished_note(arguments.weights)
    if note:
        console.print(f"Warning: {note}")
    with progress() as bar:
        task = bar.add_task("scoring", total=None, note="")

        def on_progress(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        root, out = arguments.data_root, arguments.out
        amount = {"n_images": arguments.images, "n_jobs": arguments.jobs}
        if is_split:
            scores = score_few_shot(arguments.weights, root, out, **amount, on_progress=on_progress)
        else:
            chosen = arguments.networks
            scores = score_to_file(
                arguments.weights,
                root,
                out,
                **amount,
                networks=None if chosen is None else read_networks(chosen),
                on_progress=on_progress,
            )
    best = int(scores.loss.argmin())
    console.print(
        f"Scored {len(scores.cells)} networks on {scores.n_images} images into {arguments.out}; "
        f"least loss {scores.loss[best]:.4f}, its top-1 error {scores.top1_error[best]:.4f}."
    )
    if arguments.ship:
        for path in ship(arguments.weights, scores):
            console.print(f"Shipped {path}")
    return 0


def _proxies(arguments: argparse.Namespace) -> int:
    """See :mod:`evonasc.cli.supernet_proxies`."""
    from evonasc.cli import supernet_proxies

    return supernet_proxies.execute(arguments)


def _rank(arguments: argparse.Namespace) -> int:
    """See :mod:`evonasc.cli.supernet_rank`."""
    from evonasc.cli import supernet_rank

    return supernet_rank.execute(arguments)


def _scores(arguments: argparse.Namespace) -> int:
    """Write arch_str and error of every cell, in the benchmark's order, or of the best networks."""
    import numpy as np

    from evonasc.cli.tables import write_csv
    from evonasc.errors import ConfigError
    from evonasc.nasbench201.cells import (
        N_CELLS,
        arch_strings,
        canonical_cells,
        canonical_connected_cells,
        cell_number,
        cells_of_benchmark_index,
    )
    from evonasc.nasbench201.errors.proxies import by_cell_number
    from evonasc.runs.run import RunConfig, error_source
    from evonasc.supernet.trained_calibration import stored_errors

    fields = stored_accuracy_fields(arguments, what="A table of errors")
    source = error_source(RunConfig(**fields))
    networks = canonical_connected_cells()
    errors = stored_errors(source, networks)
    if arguments.best is None:
        cells = cells_of_benchmark_index(np.arange(N_CELLS))
    else:
        if not 1 <= arguments.best <= len(networks):
            raise ConfigError(f"--best must lie in [1, {len(networks)}], got {arguments.best}.")
        cells = networks[np.argsort(errors, kind="stable")[: arguments.best]]
    shown = by_cell_number(networks, errors)[cell_number(canonical_cells(cells))].tolist()
    rows = zip(arch_strings(cells), ("" if np.isnan(x) else x for x in shown), strict=True)
    write_csv(arguments.out, ("arch_str", "error"), rows)
    output().print(f"Wrote {arguments.out}. {source.provenance}")
    return 0
