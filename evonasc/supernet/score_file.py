"""Scoring networks into a file, resumably."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from evonasc.arrays import IntArray
from evonasc.data.datasets import require_outside
from evonasc.errors import ConfigError, EvaluationError
from evonasc.files import write_atomically
from evonasc.limits import require_workers
from evonasc.supernet.family import SupernetFamily
from evonasc.supernet.held_out import scoring_images, weights_sum
from evonasc.supernet.network_list import listed_networks, networks_digest, require_trained_for
from evonasc.supernet.quick_forward import chosen_device
from evonasc.supernet.score_table import ScoreTable, encode_scores, read_scores
from evonasc.supernet.scoring import SCORING_BATCH, in_parallel, score_networks
from evonasc.supernet.weights import TrainedSupernet, read_supernet


def score_to_file(
    weights: Path,
    data_root: Path | None,
    out: Path,
    family: SupernetFamily,
    *,
    n_images: int | None,
    n_jobs: int,
    networks: IntArray | None = None,
    device: str = "cpu",
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> ScoreTable:
    """Score every network, or a choice of them, going on where ``out`` stops.

    Args:
        weights: Training checkpoint or weight file.
        data_root: Folder with the files of the supernet's data set, where it needs one.
        out: Score file; written after every chunk of networks.
        family: Of the supernet.
        n_images: Held-out training images to score on; by default all, but no more than 1,000.
        n_jobs: Worker processes, one thread each.
        networks: ``(n, n_operation_genes)`` canonical networks to score; all by default.
        device: One of :data:`evonasc.supernet.live_options.DEVICES`.
        on_progress: Called with (networks done, networks in all).

    Raises:
        DataFileError: Weights, data or a started score file are missing or damaged.
        ConfigError: The supernet was trained for other networks or images; all networks are wanted
            and too many to list; ``out`` belongs to other weights or images, or cannot be written;
            ``n_jobs`` out of range.
        EvaluationError: A loss is no finite number.
    """
    require_workers("jobs", n_jobs)
    chosen = networks
    if chosen is None:
        chosen = listed_networks(family.space, remedy="Name some: --networks FILE.csv.")
    trained = read_supernet(weights, family)
    require_trained_for(trained.training, networks, family, where=weights)
    require_outside(out, str(trained.training["data"]), data_root)
    images = scoring_images(trained, data_root, n_images=n_images)
    n_images = len(images)
    place = chosen_device(device)
    header = scores_header(trained, device=place.type)
    trained.supernet.to(place)
    if networks is not None:
        header["networks"] = networks_digest(networks, family.space)
    nothing = np.zeros(0), np.zeros(0, dtype=np.int64)
    done = ScoreTable(chosen[:0], *nothing, n_images, header, family.space)
    if out.exists():
        done = read_scores(out, family.space)
        # files from before headers named the space go on as they began
        if {"space": family.space.name, **done.header} != header or done.n_images != n_images:
            raise ConfigError(
                f"{out} belongs to other weights, images or networks. Choose another --out."
            )
    elif not out.parent.is_dir():
        raise ConfigError(f"The folder of {out} must exist.")
    on_progress(len(done.networks), len(chosen))
    todo = np.arange(len(done.networks), len(chosen))
    if len(todo) == 0:
        return done
    task = partial(score_networks, trained.supernet, images=images)
    for rows, (loss, n_right) in in_parallel(task, chosen, todo, n_jobs=n_jobs):
        if not np.isfinite(loss).all():
            (text,) = family.space.to_text(chosen[rows][~np.isfinite(loss)][:1])
            raise EvaluationError(
                f"The loss of the network {text} must be finite; the supernet's training diverged. "
                "Train it again at a lower learning rate."
            )
        done = replace(
            done,
            networks=np.concatenate([done.networks, chosen[rows]]),
            loss=np.concatenate([done.loss, loss]),
            n_right=np.concatenate([done.n_right, n_right]),
        )
        write_atomically(out, encode_scores(done))
        on_progress(len(done.networks), len(chosen))
    return read_scores(out, family.space)  # as it will be read: losses rounded to single precision


def scores_header(trained: TrainedSupernet, *, device: str = "cpu") -> dict[str, object]:
    """Return what a score file says of its making; the device is ``cpu`` or ``cuda``."""
    return {
        "space": trained.supernet.space.name,
        "training": trained.training,
        "scoring_batch": SCORING_BATCH,
        "precision": f"bf16 autocast on {'the CPU' if device == 'cpu' else 'a GPU'}",
        "weights_sum": weights_sum(trained),
    }
