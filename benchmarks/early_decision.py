"""What stopping dominated designs early saves in live evaluation, and what it changes.

The losses of some networks, evenly spread over the ranks of the shipped scores, are computed image
by image (once: they are kept in evonasc's cache). Every network of the space borrows those of the
computed one next to it in rank; its latency is its own. So hundreds of searches cost no further
forward pass, on losses that were all measured.

Each search is run twice, with early decision and without. Random search asks for the same designs
both times, so its fronts must be equal unless a design was stopped that belongs on the front. nsga2
breeds from what it sees: estimates change the order among dominated designs, and with it the path
of the search. For both, the front is also compared with that of the *same* designs, all measured in
full.

Usage: python benchmarks/early_decision.py --data-root DIR
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np

import evonasc  # noqa: F401  # finds problems and operators in a checkout
from evonasc.front import hypervolume, non_dominated, reference_point
from evonasc.nasbench201.cells import N_CELLS, cell_number
from evonasc.problems import SplitNasProblem
from evonasc.runs.run import RunConfig, run_search
from evonasc.search.config import SearchConfig
from evonasc.space import search_space
from evonasc.supernet.early_decision import CONFIDENCE
from evonasc.supernet.live import live_error
from evonasc.supernet.live_options import LiveOptions
from evonasc.supernet.scores import shipped_scores

ALGORITHMS = ("random", "nsga2")


class Borrowed:
    """Gives every network the measurements of the computed one next to it in rank."""

    def __init__(self, live, cells_by_number, *, decides_early):
        self._live, self._cells, self.decides_early = live, cells_by_number, decides_early
        self.provenance = live.provenance

    def error(self, genes, *, designs):
        """Return errors on all images."""
        return self._live.error(self._borrowing(genes, designs), designs=designs)

    def measured_error(self, genes, *, designs, others, rival_genes, rival_others):
        """Return errors and the images they were measured on."""
        return self._live.measured_error(
            self._borrowing(genes, designs),
            designs=designs,
            others=others,
            rival_genes=self._borrowing(rival_genes, designs),
            rival_others=rival_others,
        )

    def _borrowing(self, genes, designs):
        borrowed = genes.copy()
        borrowed[:, :6] = self._cells[cell_number(designs.operations(genes))]
        return borrowed


def main():
    """Measure and write benchmarks/results/early_decision.txt."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-root", type=Path, required=True)
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--networks", type=int, default=200)
    parser.add_argument("--seeds", type=int, default=31)
    parser.add_argument("--budget", type=int, default=500)
    arguments = parser.parse_args()

    scores = shipped_scores()
    order = np.argsort(scores.loss, kind="stable")
    places = np.linspace(0, len(order) - 1, arguments.networks).round().astype(int)
    nearest = np.abs(np.arange(len(order))[:, None] - places).argmin(axis=1)
    cells_by_number = np.zeros((N_CELLS, 6), dtype=np.int64)
    cells_by_number[cell_number(scores.cells[order])] = scores.cells[order[places[nearest]]]
    live = live_error(arguments.data_root, options=LiveOptions(n_images=arguments.images))
    started = time.process_time()
    pool = scores.cells[order[places]]
    for part in np.array_split(pool, -(-len(pool) // 50)):
        live.losses.compute(part)
        live.losses.save()
    spent = time.process_time() - started
    quick, stored = live.losses.mean(cell_number(pool)), scores.loss[order[places]]
    lines = [
        f"python benchmarks/early_decision.py --data-root DIR --images {arguments.images} "
        f"--networks {arguments.networks} --seeds {arguments.seeds} --budget {arguments.budget}",
        f"{live.losses.n_passes} passes of networks on batches, {spent:.0f} s of CPU time",
    ]
    if arguments.images == scores.n_images:
        ranks = [np.argsort(np.argsort(values)) for values in (quick, stored)]
        lines.append(
            f"quick losses against stored scores: greatest difference "
            f"{np.abs(quick - stored).max():.5f} nats, mean {np.abs(quick - stored).mean():.5f}; "
            f"rank correlation {np.corrcoef(*ranks)[0, 1]:.6f}"
        )
    lines.append(f"confidence {CONFIDENCE:.2%} a look; {arguments.seeds} seeds each")
    for name in ALGORITHMS:
        lines += compare(name, live, cells_by_number, arguments)
        print(*lines[-4:], sep="\n", file=sys.stderr, flush=True)
    text = "\n".join(lines) + "\n"
    sys.stdout.write(text)
    Path(__file__).with_name("results").joinpath("early_decision.txt").write_text(text)


def compare(name, live, cells_by_number, arguments):
    """Return lines on one algorithm."""
    problems = {
        early: SplitNasProblem(
            search_space("nasbench201"),
            RunConfig().scenario,
            Borrowed(live, cells_by_number, decides_early=early),
        )
        for early in (False, True)
    }
    n_same_front = n_same_as_full = n_wrong = 0
    shares, images, stopped = [], [], []
    for seed in range(arguments.seeds):
        config = RunConfig(search=SearchConfig(algorithm=name, budget=arguments.budget, seed=seed))
        full, early = (
            run_search(config, problem=problems[key], is_exact_wanted=False)
            for key in (False, True)
        )
        n_same_front += set(map(tuple, full.front)) == set(map(tuple, early.front))
        columns = problems[False].columns(early.genes)
        points = problems[False].objective_values(columns)
        truth = set(map(tuple, points[non_dominated(points)]))
        n_same_as_full += truth == set(map(tuple, early.front))
        is_stopped = early.columns["n_images"] < arguments.images
        n_wrong += len(truth & set(map(tuple, points[is_stopped])) - set(map(tuple, early.front)))
        corner = reference_point(np.concatenate([full.front, early.front]))
        volumes = [hypervolume(run.front, reference_point=corner) for run in (full, early)]
        shares.append(volumes[1] / volumes[0] - 1)
        stopped.append(is_stopped.mean())
        images.append(used(early) / used(full))
    shares = np.array(shares)
    return [
        f"{name}: images run {np.mean(images):.1%} of those without, designs stopped "
        f"{np.mean(stopped):.1%}",
        f"  front of the same designs measured in full: equal in {n_same_as_full} of "
        f"{arguments.seeds} runs, {n_wrong} points wrongly stopped",
        f"  front of the run without: equal in {n_same_front} of {arguments.seeds}; hypervolume "
        f"{shares.mean():+.3%} on average (standard error "
        f"{shares.std(ddof=1) / len(shares) ** 0.5:.3%}), "
        f"{shares.min():+.2%} to {shares.max():+.2%}",
    ]


def used(run):
    """Return how many images networks were run on: each network once, as far as it had to go."""
    numbers = cell_number(run.genes[:, :6])
    most = np.zeros(N_CELLS)
    np.maximum.at(most, numbers, run.columns["n_images"])
    return most.sum()


if __name__ == "__main__":
    main()
