"""``evonasc supernet``: train, score, rank, and the scores as a table."""

import argparse
from pathlib import Path

from evonasc.cli.console import output, progress
from evonasc.cli.shared import shared_data


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    train = actions.add_parser("train", help="train the supernet; resumes from its folder")
    train.add_argument("--data", default="cifar10", help="data set (default: %(default)s)")
    train.add_argument("--data-root", type=Path, required=True, help="folder with its files")
    train.add_argument("--out", type=Path, required=True, help="folder for checkpoint and log")
    train.add_argument("--epochs", type=int, default=60, help="(default: %(default)s)")
    train.add_argument("--batch-size", type=int, default=128, help="(default: %(default)s)")
    train.add_argument(
        "--path-sampling",
        default="uniform",
        help="uniform, or fair: every operation of every edge each step (default: %(default)s)",
    )
    train.add_argument(
        "--start", type=Path, metavar="FILE", help="start from these weights, not from random ones"
    )
    train.add_argument("--learning-rate", type=float, default=0.05, help="(default: %(default)s)")
    train.add_argument("--channels", type=int, default=16, help="(default: %(default)s)")
    train.add_argument("--cells", type=int, default=1, help="cells a stage (default: %(default)s)")
    train.add_argument("--validation", type=int, default=5000, help="images held out")
    train.add_argument("--seed", type=int, default=0, help="(default: %(default)s)")
    train.add_argument("--threads", type=int, default=1, help="(default: %(default)s)")

    score = actions.add_parser("score", help="score every network on held-out training images")
    score.add_argument("--weights", type=Path, required=True, help="checkpoint or weight file")
    score.add_argument("--data-root", type=Path, required=True, help="folder with the data set")
    score.add_argument("--images", type=int, default=1000, help="(default: %(default)s)")
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
    rank.add_argument("--scores", type=Path, help="score file (default: the shipped one)")

    scores = actions.add_parser("scores", help="error of all 15,625 cells as CSV")
    scores.add_argument("--out", type=Path, required=True, metavar="FILE.csv")


def execute(arguments: argparse.Namespace) -> int:
    """Do what the action says."""
    actions = {"rank": _rank, "score": _score, "scores": _scores, "train": _train}
    return actions[arguments.action](arguments)


def _train(arguments: argparse.Namespace) -> int:
    """Train with a progress bar."""
    from evonasc.accuracy.datasets import load_data
    from evonasc.accuracy.supernet import SupernetConfig
    from evonasc.accuracy.training import EpochLog, TrainingConfig, set_threads, train_supernet
    from evonasc.accuracy.weights import read_supernet

    set_threads(arguments.threads)
    start = None if arguments.start is None else read_supernet(arguments.start)
    config = TrainingConfig(
        supernet=SupernetConfig(arguments.channels, arguments.cells),
        data=arguments.data,
        n_validation=arguments.validation,
        epochs=arguments.epochs,
        batch_size=arguments.batch_size,
        path_sampling=arguments.path_sampling,
        start="" if start is None else start.digest,
        learning_rate=arguments.learning_rate,
        seed=arguments.seed,
    )
    data = load_data(
        config.data, arguments.data_root, n_validation=config.n_validation, seed=config.seed
    )
    console = output()
    with progress() as bar:
        task = bar.add_task("training", total=None, note="")

        def on_epoch(log: EpochLog) -> None:
            note = f"epoch {log.epoch}/{config.epochs}, loss {log.train_loss:.3f}"
            bar.update(task, note=note)
            if not bar.console.is_terminal:
                console.print(f"{note}, {log.seconds:.0f} s")

        train_supernet(
            config,
            data,
            arguments.out,
            start=start,
            on_step=lambda step, n_steps: bar.update(task, completed=step, total=n_steps),
            on_epoch=on_epoch,
        )
    console.print(f"Trained {config.epochs} epochs; checkpoint and log are in {arguments.out}.")
    return 0


def _score(arguments: argparse.Namespace) -> int:
    """Score with a progress bar; ship if asked."""
    from evonasc.accuracy.score_file import score_to_file, ship

    with progress() as bar:
        task = bar.add_task("scoring", total=None, note="")
        scores = score_to_file(
            arguments.weights,
            arguments.data_root,
            arguments.out,
            n_images=arguments.images,
            n_jobs=arguments.jobs,
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


def _rank(arguments: argparse.Namespace) -> int:
    """Print Kendall's tau and Spearman's rho beside counting FLOPs."""
    import numpy as np

    from evonasc.accuracy.rank import rank_rows, read_truth
    from evonasc.accuracy.score_file import read_scores
    from evonasc.accuracy.scores import shipped_scores
    from evonasc.analysis.report import plain_table
    from evonasc.space import NasBench201
    from evonasc.space.nasbench201 import N_CELLS, canonical_cells, cell_number

    truth = read_truth(arguments.measurements)
    scores = shipped_scores() if arguments.scores is None else read_scores(arguments.scores)
    rows = []
    for name, values in (("loss", -scores.loss), ("top-1", -scores.top1_error)):
        table = np.full(N_CELLS, np.nan)
        table[cell_number(scores.cells)] = values
        score = table[cell_number(canonical_cells(truth.cells))]
        rows += rank_rows(f"supernet {name}", score, truth)
    rows += rank_rows("FLOPs", NasBench201().block_macs(truth.cells).sum(axis=1), truth)
    output().print(
        plain_table(
            [
                {
                    "score": row.score,
                    "cells": row.cells,
                    "n": str(row.n),
                    "Kendall tau": f"{row.kendall_tau:.3f}",
                    "Spearman": f"{row.spearman:.3f}",
                }
                for row in rows
            ]
        )
    )
    return 0


def _scores(arguments: argparse.Namespace) -> int:
    """Write arch_str and error of every cell, in the benchmark's order."""
    import numpy as np

    from evonasc.accuracy.scores import ScoredError
    from evonasc.cli.tables import write_csv
    from evonasc.space.nasbench201 import N_CELLS, arch_strings, cells_of_benchmark_index

    source = ScoredError()
    cells = cells_of_benchmark_index(np.arange(N_CELLS))
    errors = ["" if np.isnan(value) else value for value in source.table(cells).tolist()]
    rows = zip(arch_strings(cells), errors, strict=True)
    write_csv(arguments.out, ("arch_str", "error"), rows)
    output().print(f"Wrote {arguments.out}. {source.provenance}")
    return 0
