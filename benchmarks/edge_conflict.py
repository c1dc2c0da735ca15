"""Which edge of the cell to split: where operations disagree most about the weights they share.

    python benchmarks/edge_conflict.py --data-root DATA [--bases 72] [--seed 0]

For random networks, each edge in turn is given each of its five operations, all else and the batch
of 64 training images being equal. Two operations disagree as much as the gradients differ that they
send to the weights both networks have: the cosine of these gradients, mean over networks. The edge
of least cosine is the one to split (Hu et al. 2022, "Generalizing Few-Shot NAS with Gradient
Matching", ICLR, arXiv 2203.15207). The shipped supernet's weights; no accuracy is read.

Prints the mean over pairs of operations, writes all pairs to benchmarks/results/edge_conflict.csv.
Three minutes on an idle core.
"""

import argparse
import csv
import io
from itertools import combinations
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from evonasc.data.datasets import load_data
from evonasc.files import write_atomically
from evonasc.nasbench201.cells import (
    EDGES,
    OPERATIONS,
    canonical_connected_cells,
    is_connected,
)
from evonasc.nasbench201.supernet import shipped_supernet
from evonasc.supernet.batches import augmented_batch
from evonasc.supernet.family import Supernet
from evonasc.supernet.threads import set_threads

BATCH = 64
OUT = Path(__file__).parent / "results" / "edge_conflict.csv"


def gradients(
    supernet: Supernet, cell: list[int], batch: tuple[Tensor, Tensor]
) -> dict[str, Tensor]:
    """Return the gradient of every weight that a network has, by name."""
    names, weights = zip(*supernet.named_parameters(), strict=True)
    images, labels = batch
    with torch.autocast("cpu", torch.bfloat16):
        loss = nn.functional.cross_entropy(supernet(images, cell).float(), labels)
    found = torch.autograd.grad(loss, weights, allow_unused=True)
    return {name: g.flatten() for name, g in zip(names, found, strict=True) if g is not None}


def cosine(one: dict[str, Tensor], other: dict[str, Tensor]) -> float:
    """Return the cosine of two gradients over the weights that both have."""
    shared = [name for name in one if name in other]
    a, b = (torch.cat([part[name] for name in shared]) for part in (one, other))
    return float(a @ b / (a.norm() * b.norm()))


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-root", type=Path, required=True, help="folder with CIFAR-10")
    parser.add_argument("--bases", type=int, default=72, help="networks (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    set_threads(1)
    trained = shipped_supernet()
    supernet = trained.supernet.requires_grad_()
    data = load_data("cifar10", arguments.data_root, n_validation=5000, seed=trained.split_seed)
    rng = np.random.default_rng(arguments.seed)
    cells = canonical_connected_cells()
    pairs = list(combinations(range(len(OPERATIONS)), 2))
    found: dict[tuple[int, int, int], list[float]] = {}
    for _ in range(arguments.bases):
        base = cells[rng.integers(len(cells))]
        rows = rng.permutation(len(data.train))[:BATCH]
        batch = augmented_batch(data.train.take(rows), rng=rng)
        for edge in range(len(EDGES)):
            variants = np.repeat(base[None], len(OPERATIONS), axis=0)
            variants[:, edge] = range(len(OPERATIONS))
            if not is_connected(variants).all():
                continue
            each = [gradients(supernet, cell, batch) for cell in variants.tolist()]
            for a, b in pairs:
                found.setdefault((edge, a, b), []).append(cosine(each[a], each[b]))
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(("edge", "from", "to", "operation", "other", "networks", "cosine"))
    for (edge, a, b), values in sorted(found.items()):
        names = OPERATIONS[a], OPERATIONS[b]
        writer.writerow((edge, *EDGES[edge], *names, len(values), f"{np.mean(values):.3f}"))
    write_atomically(OUT, buffer.getvalue().encode())
    for edge, (source, target) in enumerate(EDGES):
        mean = np.mean([np.mean(found[edge, a, b]) for a, b in pairs])
        print(f"edge {edge} ({source} to {target}): mean cosine {mean:.3f}")


if __name__ == "__main__":
    main()
