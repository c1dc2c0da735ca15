"""Does a search slow down as it grows? NSGA-II up to a million designs of 23 genes.

    python benchmarks/growth.py [--most 1000000] [--out benchmarks/results/growth]

CPU time of one thread for each evaluation and memory for each design, between marks, of searches
of a made-up space with as many genes as a network of FBNet has with its cut: two objectives and two
columns more, looked up gene by gene. Once the search alone, once with every batch in its store.
"""

import argparse
import csv
import io
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import seaborn as sns
from matplotlib.figure import Figure

from evonasc.analysis.plotting import save_figure
from evonasc.arrays import FloatArray, IntArray
from evonasc.files import write_atomically
from evonasc.problems import DesignProblem
from evonasc.problems.toy import ToySpace
from evonasc.runs.store import RunStore
from evonasc.search.config import SearchConfig
from evonasc.search.evaluation import Evaluated
from evonasc.search.search import Search, StopSearch
from evonasc.space import DesignSpace, any_cut

N_GENES, N_CHOICES = 22, 9
MARKS = tuple(int(n) for n in (1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6))


class WideSpace(ToySpace):
    """As many genes as blocks of FBNet, nine choices each."""

    name = "wide"
    n_choices = (N_CHOICES,) * N_GENES
    gene_groups = tuple((gene,) for gene in range(N_GENES))
    block_names = tuple(f"block {i}" for i in range(1, N_GENES + 1))
    cut_shapes = tuple((channels, 1, 1) for channels in range(N_GENES + 1, 0, -1))
    bare_network = (0,) * N_GENES
    layer_membership = np.zeros((0, N_GENES), dtype=np.int64)

    def networks(self) -> None:
        """Return None: too many to list."""

    def sample(self, n: int, *, rng: np.random.Generator) -> IntArray:
        """Draw uniformly."""
        return rng.integers(N_CHOICES, size=(n, N_GENES))


class Wide(DesignProblem):
    """Sums of numbers looked up gene by gene: as cheap as an evaluation can be."""

    def __init__(self) -> None:
        names = ("error", "latency_ms")
        designs = DesignSpace(WideSpace(), (8,), any_cut(N_GENES))
        super().__init__(designs, objectives=names, known_columns=(*names, "a", "b"))
        self._values = np.random.default_rng(0).random((4, N_GENES, N_CHOICES))

    def columns(self, genes: IntArray) -> dict[str, FloatArray]:
        """Return four columns."""
        sums = self._values[:, np.arange(N_GENES), genes[:, :N_GENES]].sum(axis=2)
        return dict(zip(("error", "latency_ms", "a", "b"), sums, strict=True))


def measured(most: int, pop_size: int, store: RunStore | None) -> list[dict[str, object]]:
    """Search once; return one row a mark."""
    rows: list[dict[str, object]] = []
    search = Search(Wide(), SearchConfig(budget=most, pop_size=pop_size))
    last, before = 0, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.process_time()

    def on_new(genes: IntArray, found: Evaluated) -> None:
        nonlocal last, started
        if store is not None:
            store.append(genes, found, seconds=0.0)
        n = len(search.archive)
        if n in MARKS or n >= most:
            now = time.process_time()
            grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
            rows.append(
                {
                    "search": "nsga2" if store is None else "nsga2 and store",
                    "population": pop_size,
                    "evaluations": n,
                    "us": round(1e6 * (now - started) / (n - last), 2),
                    "bytes": round(1024 * grown / n),
                }
            )
            print(rows[-1], flush=True)
            last, started = n, time.process_time()
            if n >= most:
                raise StopSearch

    search.run(on_new=on_new)
    return rows


def figure_of(rows: list[dict[str, object]]) -> Figure:
    """Draw the time of an evaluation over the evaluations so far."""
    sns.set_theme(style="whitegrid")
    figure = Figure(figsize=(6, 3.6), layout="constrained")
    axes = figure.subplots()
    for name in dict.fromkeys(row["search"] for row in rows):
        some = [row for row in rows if row["search"] == name]
        axes.plot(
            [row["evaluations"] for row in some], [row["us"] for row in some], "o-", label=name
        )
    axes.set(
        xscale="log",
        xlabel="designs evaluated so far",
        ylabel="CPU time of an evaluation (us)",
        title=f"{N_GENES + 1} genes, population 100",
    )
    axes.set_ylim(bottom=0)
    axes.legend()
    return figure


def main() -> None:
    """Measure, write the table, draw the figure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--most", type=int, default=max(MARKS))
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/growth"))
    arguments = parser.parse_args()
    rows = measured(arguments.most, 100, None)
    with (
        tempfile.TemporaryDirectory() as folder,
        RunStore(Path(folder) / "run.sqlite") as store,
    ):
        rows += measured(arguments.most, 100, store)
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_atomically(arguments.out.with_suffix(".csv"), text.getvalue().encode())
    save_figure(figure_of(rows), arguments.out, may_replace=True)


if __name__ == "__main__":
    main()
