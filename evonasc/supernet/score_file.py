"""Scoring every network into a file, resumably, and shipping the result."""

import platform
from collections.abc import Callable
from pathlib import Path

import numpy as np

from evonasc.arrays import IntArray
from evonasc.errors import ConfigError, EvaluationError
from evonasc.files import write_atomically
from evonasc.limits import require_workers
from evonasc.nasbench201.assets import ASSETS
from evonasc.nasbench201.cells import canonical_connected_cells
from evonasc.supernet.checkpoint import load_checkpoint
from evonasc.supernet.live import scoring_images, weights_sum
from evonasc.supernet.network_list import networks_digest, require_trained_for
from evonasc.supernet.scores import SCORES_ASSET, SupernetScores, encode_scores, read_scores
from evonasc.supernet.scoring import SCORING_BATCH, score_in_parallel
from evonasc.supernet.weights import WEIGHTS_ASSET, TrainedSupernet, half_precision, read_supernet


def score_to_file(
    weights: Path,
    data_root: Path | None,
    out: Path,
    *,
    n_images: int | None,
    n_jobs: int,
    networks: IntArray | None = None,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> SupernetScores:
    """Score every canonical connected cell, or a choice of them, going on where ``out`` stops.

    Args:
        weights: Training checkpoint or weight file.
        data_root: Folder with the files of the supernet's data set, where it needs one.
        out: Score file; written after every chunk of networks.
        n_images: Held-out training images to score on; by default all, but no more than 1,000.
        n_jobs: Worker processes, one thread each.
        networks: ``(n, 6)`` canonical connected cells to score; all by default.
        on_progress: Called with (networks done, networks in all).

    Raises:
        DataFileError: Weights, data or a started score file are missing or damaged.
        ConfigError: The supernet was trained for other networks or images; ``out`` belongs to other
            weights or images, or cannot be written; ``n_jobs`` out of range.
        EvaluationError: A loss is no finite number.
    """
    require_workers("jobs", n_jobs)
    trained = read_supernet(weights)
    require_trained_for(trained.training, networks, where=weights)
    images = scoring_images(trained, data_root, n_images=n_images)
    n_images = len(images)
    header = scores_header(trained)
    if networks is not None:
        header["networks"] = networks_digest(networks)
    cells = canonical_connected_cells() if networks is None else networks
    done = SupernetScores(
        cells=cells[:0],
        loss=np.zeros(0),
        n_right=np.zeros(0, dtype=np.int64),
        n_images=n_images,
        header=header,
    )
    if out.exists():
        done = read_scores(out)
        if done.header != header or done.n_images != n_images:
            raise ConfigError(
                f"{out} belongs to other weights, images or networks. Choose another --out."
            )
    elif not out.parent.is_dir():
        raise ConfigError(f"The folder of {out} must exist.")
    on_progress(len(done.cells), len(cells))
    todo = cells[len(done.cells) :]
    if len(todo) == 0:
        return done
    for rows, loss, n_right in score_in_parallel(trained.supernet, todo, images, n_jobs=n_jobs):
        if not np.isfinite(loss).all():
            cell = todo[rows][np.flatnonzero(~np.isfinite(loss))[0]].tolist()
            raise EvaluationError(
                f"The loss of the network {cell} must be finite; the supernet's training diverged. "
                "Train it again at a lower learning rate."
            )
        done = SupernetScores(
            cells=np.concatenate([done.cells, todo[rows]]),
            loss=np.concatenate([done.loss, loss]),
            n_right=np.concatenate([done.n_right, n_right]),
            n_images=n_images,
            header=header,
        )
        write_atomically(out, encode_scores(done))
        on_progress(len(done.cells), len(cells))
    return read_scores(out)  # as it will be read: losses rounded to single precision


def scores_header(trained: TrainedSupernet) -> dict[str, object]:
    """Return what a score file says of its making."""
    return {
        "training": trained.training,
        "scoring_batch": SCORING_BATCH,
        "precision": "bf16 autocast on the CPU",
        "weights_sum": weights_sum(trained),
    }


def ship(weights: Path, scores: SupernetScores) -> list[Path]:
    """Make weights and their scores the shipped ones; for developers of evonasc.

    Raises:
        ConfigError: The scores are not complete, or the training began with other weights.
    """
    if len(scores.cells) != len(canonical_connected_cells()):
        raise ConfigError(
            f"Scores must cover all {len(canonical_connected_cells())} networks, "
            f"got {len(scores.cells)}."
        )
    checkpoint = load_checkpoint(weights)
    training, logs = checkpoint.header["config"], checkpoint.header.get("logs", [])
    seconds = sum(log["seconds"] for log in logs) if isinstance(logs, list) else 0.0
    assert isinstance(training, dict)
    if training.get("start") or training.get("networks"):
        raise ConfigError(
            "The shipped weights must be trained from the start and for all networks, for their "
            "command to say everything."
        )
    size = training["supernet"]
    train = (
        f"python -m evonasc supernet train --data {training['data']} --data-root DATA --out OUT "
        f"--epochs {training['epochs']} --batch-size {training['batch_size']} --learning-rate "
        f"{training['learning_rate']} --channels {size['channels']} --cells "
        f"{size['cells_per_stage']} --validation {training['n_validation']} "
        f"--seed {training['seed']} --threads 1"
    )
    score = (
        "python -m evonasc supernet score --weights OUT/checkpoint.safetensors --data-root DATA "
        f"--images {scores.n_images} --out scores.npz --ship"
    )
    machine = f"{platform.machine()} CPU"
    return [
        ASSETS.write(
            WEIGHTS_ASSET,
            half_precision(checkpoint),
            command=train,
            note=f"Supernet weights, float16; trained in {seconds / 60:.0f} min on a {machine}, "
            "one thread, bf16 autocast.",
        ),
        ASSETS.write(
            SCORES_ASSET,
            encode_scores(scores),
            command=score,
            note=f"Loss and right answers of {len(scores.cells)} networks on {scores.n_images} "
            "held-out training images.",
        ),
    ]
