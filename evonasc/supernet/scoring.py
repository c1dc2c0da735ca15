"""Scoring networks by forward passes through the supernet.

A score is a pure function of weights, network and images: batch normalisation takes its statistics
from fixed batches of the scoring images, so the order of scoring does not matter.
"""

from collections.abc import Callable, Iterator
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from evonasc.arrays import FloatArray, IntArray
from evonasc.data.images import Images
from evonasc.supernet.batches import as_input
from evonasc.supernet.family import Memo, Supernet
from evonasc.workers import in_workers

#: Images a forward pass; part of the definition of a score, since they share their statistics.
SCORING_BATCH = 250
_CHUNK = 32  # networks a task

Result = TypeVar("Result")


def score_networks(
    supernet: Supernet, networks: IntArray, images: Images, *, is_bf16: bool = True
) -> tuple[FloatArray, IntArray]:
    """Return mean cross-entropy (nats) and right answers of networks, ``(n,)`` each.

    Args:
        supernet: Trained weights.
        networks: ``(n, n_operation_genes)`` canonical connected networks.
        images: Scored in their order, ``SCORING_BATCH`` at a time.
        is_bf16: Compute convolutions in bfloat16.
    """
    device = next(supernet.parameters()).device
    batches = [
        (as_input(images.pixels[rows]).to(device), torch.from_numpy(images.labels[rows]).to(device))
        for rows in np.array_split(np.arange(len(images)), -(-len(images) // SCORING_BATCH))
    ]
    loss, n_right = np.zeros(len(networks)), np.zeros(len(networks), dtype=np.int64)
    # Neighbours in this order share most of their beginning.
    order = np.lexsort(networks.T[::-1])
    with torch.inference_mode():
        for pixels, labels in batches:
            with torch.autocast(device.type, torch.bfloat16, enabled=is_bf16):
                stem = supernet(pixels, (), stop=1)
            memo: Memo = {}
            for row in order.tolist():
                with torch.autocast(device.type, torch.bfloat16, enabled=is_bf16):
                    logits = supernet(stem, networks[row].tolist(), start=1, memo=memo)
                losses, right = loss_and_right(logits, labels)
                loss[row] += losses
                n_right[row] += right
    return loss / len(images), n_right


def in_parallel(
    task: Callable[[IntArray], Result], networks: IntArray, rows: IntArray, *, n_jobs: int
) -> Iterator[tuple[IntArray, Result]]:
    """Yield (rows, what a task gives on ``networks[rows]``) of chunks, in order, as they are done.

    One job computes here, more in worker processes. One thread a worker: two threads beside another
    busy process spin instead of working.
    """
    parts = np.array_split(rows, -(-len(rows) // _CHUNK))
    tasks = [(task, networks[part]) for part in parts]
    yield from zip(parts, in_workers(_in_one_thread, tasks, n_jobs=n_jobs), strict=True)


def _in_one_thread(task: Callable[[IntArray], Result], networks: IntArray) -> Result:
    """Do a task in a worker process."""
    torch.set_num_threads(1)
    return task(networks)


def loss_and_right(logits: Tensor, labels: Tensor) -> tuple[float, int]:
    """Return summed cross-entropy (nats) and right answers of class logits ``(n, n_classes)``."""
    logits = logits.float()
    loss = float(nn.functional.cross_entropy(logits, labels, reduction="sum"))
    return loss, int((logits.argmax(dim=1) == labels).sum())
