"""Do searches that train their own weights learn? NASC's co-training and GDAS on the digits.

    python benchmarks/digits_curves.py [--budget 1000] [--max-latency-ms 20] [--seed 0]

Writes ``results/NAME_curves.csv``, ``.png`` and ``.svg``; one row a step, its losses, accuracies
on both halves, and forward passes so far. The answers, measured on
held-out images with the final weights, are printed.
"""

import argparse
import csv
import io
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from evonasc.analysis.curves import Curve, curve_figure
from evonasc.analysis.plotting import save_figure
from evonasc.bounds import Bound
from evonasc.files import write_atomically
from evonasc.runs.config import ErrorChoice, RunConfig
from evonasc.runs.prepare import prepare
from evonasc.search.algorithms import algorithm
from evonasc.search.config import SearchConfig
from evonasc.search.gdas import gdas
from evonasc.search.nasc_cotrain import nasc_cotrain
from evonasc.search.search import Search
from evonasc.search.weight_sharing import StepLog
from evonasc.supernet.live_options import CotrainedOptions

RESULTS = Path(__file__).parent / "results"
SEARCHES = {"nasc-cotrain": nasc_cotrain, "gdas": gdas}


def main() -> None:
    """Search twice, write the curves, print the answers."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--budget", type=int, default=1000)
    parser.add_argument("--max-latency-ms", type=float, default=20.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--data", default="digits")
    parser.add_argument("--data-root", type=Path)
    arguments = parser.parse_args()

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        ["algorithm", "step", "n_passes", "loss", "accuracy", "train_loss", "train_accuracy"]
    )
    curves = []
    for name in SEARCHES:
        logs = _searched(name, arguments)
        passes = np.cumsum([log.n_passes for log in logs])
        for log, n in zip(logs, passes.tolist(), strict=True):
            values = (log.loss, log.accuracy, log.train_loss, log.train_accuracy)
            writer.writerow([name, log.step, n, *(f"{value:.5f}" for value in values)])
        label = "NASC, co-trained" if name == "nasc-cotrain" else "GDAS"
        curves.append(
            Curve(
                label,
                passes.astype(float),
                np.array([log.loss for log in logs]),
                np.array([log.accuracy for log in logs]),
            )
        )
    stem = RESULTS / f"{arguments.data}_curves"
    write_atomically(stem.with_suffix(".csv"), text.getvalue().encode())
    title = f"{arguments.data}, threshold {arguments.max_latency_ms:g} ms, seed {arguments.seed}"
    for path in save_figure(curve_figure(curves, title=title), stem, may_replace=True):
        print(f"Wrote {path}")


def _searched(name: str, arguments: argparse.Namespace) -> list[StepLog]:
    """Search once, print what came out, return the steps."""
    config = RunConfig(
        error=ErrorChoice("cotrained", CotrainedOptions(arguments.data, arguments.data_root)),
        bounds=(Bound("latency_ms", arguments.max_latency_ms),),
        search=SearchConfig(
            algorithm=name,
            budget=arguments.budget,
            seed=arguments.seed,
        ),
    )
    logs: list[StepLog] = []
    entry = replace(algorithm(name), search=partial(SEARCHES[name], on_step=logs.append))
    started, cpu = time.perf_counter(), time.process_time()
    archive = Search(prepare(config).problem, config.search, algorithm=entry).run().archive
    wall, cpu = time.perf_counter() - started, time.process_time() - cpu
    print(f"{name}: {len(logs)} steps, {wall:.0f} s ({cpu:.0f} s of computing)")
    for answer in archive.answers:
        print(f"  {answer}")
    return logs


if __name__ == "__main__":
    main()
