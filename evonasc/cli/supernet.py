"""``evonasc supernet``: train, score, proxies, rank, payload effects, and the scores as a table.

A supernet of one's own in three commands, here on the digits; images of one's own are
``--data folder:PATH``::

    evonasc supernet train --data digits --epochs 30 --out mine
    evonasc supernet score --weights mine/checkpoint.safetensors --images 100 --jobs 2 --out s.npz
    evonasc run --scores s.npz
"""

import argparse
import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evonasc.cli import supernet_calibrate, supernet_payload
from evonasc.cli.console import output, progress
from evonasc.cli.interrupt import stop_on_interrupt
from evonasc.cli.shared import shared_data

if TYPE_CHECKING:  # torch comes with it, and takes seconds
    from evonasc.accuracy.training_log import EpochLog

_SMALL_SET = "sets below 10,000 training images"
_NETWORKS = "only these networks: a table with a column arch_str (default: all)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    train = actions.add_parser("train", help="train the supernet; resumes from its folder")
    train.add_argument(
        "--data",
        default="cifar10",
        help="cifar10, cifar100, digits or folder:PATH, a folder of images with one sub-folder a "
        "class (default: %(default)s)",
    )
    train.add_argument(
        "--data-root", type=Path, help="folder with its files, for cifar10, cifar100"
    )
    train.add_argument("--out", type=Path, required=True, help="folder for checkpoint, log, curve")
    train.add_argument("--epochs", type=int, default=60, help="(default: %(default)s)")
    train.add_argument("--batch-size", type=int, help=f"(default: 128, or 16 for {_SMALL_SET})")
    train.add_argument(
        "--path-sampling",
        default="uniform",
        help="uniform, or fair: every operation of every edge each step (default: %(default)s)",
    )
    train.add_argument(
        "--start", type=Path, metavar="FILE", help="start from these weights, not from random ones"
    )
    train.add_argument("--networks", type=Path, metavar="FILE.csv", help=_NETWORKS)
    train.add_argument(
        "--learning-rate", type=float, help=f"(default: 0.05, or 0.2 for {_SMALL_SET})"
    )
    train.add_argument("--channels", type=int, help=f"(default: 16, or 8 for {_SMALL_SET})")
    train.add_argument("--cells", type=int, default=1, help="cells a stage (default: %(default)s)")
    train.add_argument(
        "--validation",
        type=int,
        help=f"images held out (default: a tenth, at most 5000; a fifth for {_SMALL_SET})",
    )
    train.add_argument("--seed", type=int, default=0, help="(default: %(default)s)")
    train.add_argument("--threads", type=int, default=1, help="(default: %(default)s)")

    score = actions.add_parser("score", help="score every network on held-out training images")
    score.add_argument("--weights", type=Path, required=True, help="checkpoint or weight file")
    score.add_argument("--data-root", type=Path, help="folder with the data set, where it has one")
    score.add_argument("--networks", type=Path, metavar="FILE.csv", help=_NETWORKS)
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
    scores.add_argument(
        "--accuracy",
        choices=("joined", "supernet"),
        default="joined",
        help="of the joined order, or of the supernet alone (default: %(default)s)",
    )


def execute(arguments: argparse.Namespace) -> int:
    """Do what the action says."""
    actions = {
        "calibrate": supernet_calibrate.execute,
        "payload-effects": supernet_payload.execute,
        "proxies": _proxies,
        "rank": _rank,
        "score": _score,
        "scores": _scores,
        "train": _train,
    }
    return actions[arguments.action](arguments)


class _StopHereError(Exception):
    """An epoch is kept, and the user asked to stop."""


def _train(arguments: argparse.Namespace) -> int:
    """Train with a progress bar; return 0, or 130 after Ctrl-C."""
    from evonasc.accuracy.datasets import is_large, load_data
    from evonasc.accuracy.network_list import networks_digest, read_networks
    from evonasc.accuracy.supernet import SupernetConfig
    from evonasc.accuracy.training import (
        TrainingConfig,
        set_threads,
        train_supernet,
    )
    from evonasc.accuracy.weights import read_supernet

    set_threads(arguments.threads)
    start = None if arguments.start is None else read_supernet(arguments.start)
    networks = None if arguments.networks is None else read_networks(arguments.networks)
    # Images that the weights to start from never saw must stay held out.
    split = arguments.seed if start is None else start.split_seed
    data = load_data(
        arguments.data, arguments.data_root, n_validation=arguments.validation, seed=split
    )
    # A small set gives few batches: smaller ones and longer steps teach more from one pass.
    channels, batch_size, learning_rate = (16, 128, 0.05) if is_large(data) else (8, 16, 0.2)

    def given(value: Any, default: Any) -> Any:
        return default if value is None else value

    config = TrainingConfig(
        supernet=SupernetConfig(
            given(arguments.channels, channels), arguments.cells, data.n_classes
        ),
        data=arguments.data,
        n_validation=len(data.validation),
        epochs=arguments.epochs,
        batch_size=given(arguments.batch_size, batch_size),
        path_sampling=arguments.path_sampling,
        start="" if start is None else start.digest,
        networks="" if networks is None else networks_digest(networks),
        learning_rate=given(arguments.learning_rate, learning_rate),
        seed=arguments.seed,
        split=None if split == arguments.seed else split,
    )
    console = output()
    is_told = is_interrupted = False
    with progress() as bar, stop_on_interrupt() as should_stop:
        task = bar.add_task("training", total=None, note="")

        def on_step(step: int, n_steps: int) -> None:
            nonlocal is_told
            bar.update(task, completed=step, total=n_steps)
            if should_stop() and not is_told:
                bar.console.print("Stopping after this epoch; Ctrl-C again stops at once.")
                is_told = True

        def on_epoch(log: "EpochLog") -> None:
            note = f"epoch {log.epoch}/{config.epochs}, loss {log.train_loss:.3f}"
            bar.update(task, note=note)
            if not bar.console.is_terminal:
                console.print(f"{note}, {log.seconds:.0f} s")
            if should_stop() and log.epoch < config.epochs:
                raise _StopHereError

        try:
            with contextlib.suppress(_StopHereError):
                train_supernet(
                    config,
                    data,
                    arguments.out,
                    start=start,
                    networks=networks,
                    on_step=on_step,
                    on_epoch=on_epoch,
                )
            _draw_training(arguments.out, config.epochs)
        except KeyboardInterrupt:  # asked twice: what is kept is said, and nothing drawn
            is_interrupted = True
    n_done = len(_logs(arguments.out))
    if is_interrupted or n_done < config.epochs:
        words = f"{n_done} of {config.epochs} epochs are kept in {arguments.out}; the same command"
        nothing = "no epoch was finished and nothing is kept; the same command"
        console.print(f"Interrupted: {words if n_done else nothing} goes on from there.")
        return 130
    console.print(
        f"Trained {config.epochs} epochs; checkpoint, log and curve are in {arguments.out}."
    )
    return 0


def _draw_training(folder: Path, n_epochs: int) -> None:
    """Draw the curve of all epochs done, also of those before a restart."""
    from evonasc.analysis.plotting import save_figure
    from evonasc.analysis.training_figure import training_figure

    figure = training_figure(_logs(folder), n_epochs=n_epochs, title=folder.name)
    save_figure(figure, folder / "curve")


def _logs(folder: Path) -> "list[EpochLog]":
    """Return the log of all epochs done; empty where the first was not finished."""
    from evonasc.accuracy.checkpoint import load_checkpoint
    from evonasc.accuracy.training import CHECKPOINT_FILE
    from evonasc.accuracy.training_log import epoch_logs

    path = folder / CHECKPOINT_FILE
    return epoch_logs(load_checkpoint(path), where=path) if path.exists() else []


def _score(arguments: argparse.Namespace) -> int:
    """Score with a progress bar; ship if asked."""
    from evonasc.accuracy.network_list import read_networks
    from evonasc.accuracy.score_file import score_to_file, ship

    networks = None if arguments.networks is None else read_networks(arguments.networks)
    with progress() as bar:
        task = bar.add_task("scoring", total=None, note="")
        scores = score_to_file(
            arguments.weights,
            arguments.data_root,
            arguments.out,
            n_images=arguments.images,
            n_jobs=arguments.jobs,
            networks=networks,
            on_progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    best = int(scores.loss.argmin())
    console = output()
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

    from evonasc.accuracy.joined import JoinedError
    from evonasc.accuracy.scores import ScoredError
    from evonasc.cli.tables import write_csv
    from evonasc.errors import ConfigError
    from evonasc.space.nasbench201 import (
        N_CELLS,
        arch_strings,
        canonical_connected_cells,
        cells_of_benchmark_index,
    )

    source = JoinedError() if arguments.accuracy == "joined" else ScoredError()
    if arguments.best is None:
        cells = cells_of_benchmark_index(np.arange(N_CELLS))
    else:
        networks = canonical_connected_cells()
        if not 1 <= arguments.best <= len(networks):
            raise ConfigError(f"--best must lie in [1, {len(networks)}], got {arguments.best}.")
        cells = networks[np.argsort(source.table(networks), kind="stable")[: arguments.best]]
    errors = ["" if np.isnan(value) else value for value in source.table(cells).tolist()]
    rows = zip(arch_strings(cells), errors, strict=True)
    write_csv(arguments.out, ("arch_str", "error"), rows)
    output().print(f"Wrote {arguments.out}. {source.provenance}")
    return 0
