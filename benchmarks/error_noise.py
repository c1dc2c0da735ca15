"""How much of a difference between two shipped errors is noise of the 1,000 scoring images.

    python benchmarks/error_noise.py --data-root DATA [--networks 40] [--seed 0]

Forward passes of the shipped supernet on the images that the shipped scores were made with, now
image by image. Half of the networks are drawn at random among the 500 of least error, where fronts
lie, half among all; the rows of the table are these two groups. No accuracy of a benchmark is read.

- `unpaired`: standard error of one network's mean loss, times the slope of the map from loss to
  error there: what another draw of 1,000 images would do to its error.
- `paired`: the same of the *difference* of two networks of neighbouring errors in the group. Both
  were scored on the same images, so what these have in common drops out; this is the noise that a
  search meets.
- `tau_halves`: Kendall's tau between the orders that two halves of the images give, mean over 200
  random halvings; `tau_pairs` the share of pairs that both order alike.

Batch statistics come from the same images and are held as they are. Writes
benchmarks/results/error_noise.csv. Under a minute on an idle core.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from scipy.stats import kendalltau
from torch import nn

from evonasc.arrays import FloatArray, IntArray
from evonasc.files import write_atomically
from evonasc.nasbench201.errors.supernet_scores import shipped_scores
from evonasc.nasbench201.supernet import shipped_supernet
from evonasc.runs.tables import as_csv
from evonasc.supernet.batches import as_input
from evonasc.supernet.held_out import scoring_images
from evonasc.supernet.scoring import SCORING_BATCH

N_BEST = 500
N_HALVINGS = 200
OUT = Path(__file__).parent / "results" / "error_noise.csv"


def image_losses(cells: IntArray, data_root: Path, *, n_images: int) -> FloatArray:
    """Return the cross-entropy of every image under every network, nats, ``(n, n_images)``."""
    trained = shipped_supernet()
    images = scoring_images(trained, data_root, n_images=n_images)
    losses = np.zeros((len(cells), n_images))
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        for rows in np.array_split(np.arange(n_images), n_images // SCORING_BATCH):
            stem = trained.supernet(as_input(images.pixels[rows]), (), stop=1)
            labels = torch.from_numpy(images.labels[rows])
            for place, cell in enumerate(cells.tolist()):
                scores = trained.supernet(stem, cell, start=1).float()
                loss = nn.functional.cross_entropy(scores, labels, reduction="none")
                losses[place, rows] = loss.numpy()
    return losses


def noise(losses: FloatArray, *, rng: np.random.Generator) -> dict[str, float]:
    """Return the row of one group of networks."""
    to_error, n_images = shipped_scores().loss_to_error(), losses.shape[1]
    losses = losses[np.argsort(losses.mean(axis=1))]
    mean, step = losses.mean(axis=1), 0.02
    slope = (to_error(mean + step) - to_error(mean - step)) / (2 * step)
    unpaired = losses.std(axis=1, ddof=1) / np.sqrt(n_images) * slope
    between = np.diff(losses, axis=0)
    paired = between.std(axis=1, ddof=1) / np.sqrt(n_images) * (slope[1:] + slope[:-1]) / 2
    taus = []
    for _ in range(N_HALVINGS):
        order = rng.permutation(n_images)
        halves = (losses[:, half].mean(axis=1) for half in np.array_split(order, 2))
        taus.append(kendalltau(*halves).statistic)
    tau = float(np.mean(taus))
    return {
        "least_error": float(to_error(mean).min()),
        "largest_error": float(to_error(mean).max()),
        "unpaired": float(np.median(unpaired)),
        "paired": float(np.median(paired)),
        "tau_halves": tau,
        "tau_pairs": (1 + tau) / 2,
    }


def main() -> None:
    """Measure, write, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-root", type=Path, required=True)
    parser.add_argument("--networks", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    rng = np.random.default_rng(arguments.seed)
    scores = shipped_scores()
    order, each = np.argsort(scores.loss), arguments.networks // 2
    groups = {
        f"best {N_BEST}": rng.choice(order[:N_BEST], each, replace=False),
        "all": rng.choice(order, each, replace=False),
    }
    rows = []
    for name, places in groups.items():
        losses = image_losses(
            scores.networks[places], arguments.data_root, n_images=scores.n_images
        )
        away = np.abs(losses.mean(axis=1) - scores.loss[places]).max()
        figures = {**noise(losses, rng=rng), "furthest_from_shipped_loss": float(away)}
        rows.append({"networks": name, "n": each, **{k: f"{v:.4f}" for k, v in figures.items()}})
        print(rows[-1], flush=True)
    write_atomically(OUT, as_csv(rows))


if __name__ == "__main__":
    main()
