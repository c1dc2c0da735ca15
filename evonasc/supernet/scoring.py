"""Scoring networks by forward passes through the supernet.

A score is a pure function of weights, cell and images: batch normalisation takes its statistics
from fixed batches of the scoring images, so the order of scoring does not matter.
"""

from collections.abc import Iterator

import joblib
import numpy as np
import torch
from torch import nn

from evonasc.arrays import FloatArray, IntArray
from evonasc.data.datasets import Images
from evonasc.nasbench201.network import Memo, Supernet
from evonasc.supernet.training import as_input

#: Images a forward pass; part of the definition of a score, since they share their statistics.
SCORING_BATCH = 250


def score_cells(
    supernet: Supernet, cells: IntArray, images: Images, *, is_bf16: bool = True
) -> tuple[FloatArray, IntArray]:
    """Return mean cross-entropy (nats) and right answers of each cell, ``(n,)`` each.

    Args:
        supernet: Trained weights.
        cells: ``(n, 6)`` canonical connected cells.
        images: Scored in their order, ``SCORING_BATCH`` at a time.
        is_bf16: Compute convolutions in bfloat16.
    """
    batches = [
        (as_input(images.pixels[rows]), torch.from_numpy(images.labels[rows]))
        for rows in np.array_split(np.arange(len(images)), -(-len(images) // SCORING_BATCH))
    ]
    loss, n_right = np.zeros(len(cells)), np.zeros(len(cells), dtype=np.int64)
    # Neighbours in this order share most of their first cell, which is the costliest.
    order = np.lexsort(cells.T[::-1])
    with torch.inference_mode():
        for pixels, labels in batches:
            with torch.autocast("cpu", torch.bfloat16, enabled=is_bf16):
                stem = supernet(pixels, (), stop=1)
            memo: Memo = {}
            for row in order.tolist():
                with torch.autocast("cpu", torch.bfloat16, enabled=is_bf16):
                    scores = supernet(stem, cells[row].tolist(), start=1, memo=memo)
                scores = scores.float()
                loss[row] += float(nn.functional.cross_entropy(scores, labels, reduction="sum"))
                n_right[row] += int((scores.argmax(dim=1) == labels).sum())
    return loss / len(images), n_right


def score_in_parallel(
    supernet: Supernet, cells: IntArray, images: Images, *, n_jobs: int, chunk: int = 32
) -> Iterator[tuple[IntArray, FloatArray, IntArray]]:
    """Yield (rows, loss, right answers) of chunks of cells, in order, as they are done.

    One thread a worker: two threads beside another busy process spin instead of working.

    Args:
        supernet: Trained weights.
        cells: ``(n, 6)`` canonical connected cells.
        images: As for :func:`score_cells`.
        n_jobs: Worker processes; 1 computes here.
        chunk: Cells a task.
    """
    parts = np.array_split(np.arange(len(cells)), -(-len(cells) // chunk))
    with joblib.parallel_config(backend="loky", n_jobs=n_jobs, inner_max_num_threads=1):
        results = joblib.Parallel(return_as="generator")(
            joblib.delayed(_score_part)(supernet, cells[part], images) for part in parts
        )
        for part, (loss, n_right) in zip(parts, results, strict=True):
            yield part, loss, n_right


def _score_part(supernet: Supernet, cells: IntArray, images: Images) -> tuple[FloatArray, IntArray]:
    """Score in a worker process."""
    torch.set_num_threads(1)
    return score_cells(supernet, cells, images)
