"""Does `evonasc hardware profile` predict networks it has not measured? On this computer.

    python benchmarks/profile_validation.py [--networks 60] [--unseen 30] [--rounds 9]

The profile's networks and the unseen ones are measured in one session, interleaved in every round,
so that what drifts on the machine drifts for both; once by each clock. Predictions are those of
the written file, read again as a scenario would read it.

Against what they are set: the unseen networks measured like the profile's, block by block (`mape`,
`spearman`), and forward passes as a whole, timed from outside by the processor's clock just before
and just after: the median over rounds of the best of five (`mape_pass`, with its sign `bias_pass`,
`spearman_pass`), and the quickest of all (`bias_quickest_pass`): where other programs keep
emptying the cache, a usual pass is slower than an undisturbed one. `head_error` is the mean over
cuts 1 to 18 of |predicted head - measured head| over the measured total. `noise` is the
interquartile range over rounds by the median, mean over networks; `busyness` is wall time over
processor time.
Methods: the profile, a quick one (its first 21 networks), and `calibrate` on the times of the first
10 and 30 networks, which leans on a machine of the benchmarks.

Writes benchmarks/results/profile_validation.csv.
"""

import argparse
import csv
import io
import os
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from evonasc.arrays import FloatArray, IntArray
from evonasc.cost.calibration import MeasuredNetworks, calibrate
from evonasc.cost.fit_quality import rank_correlation
from evonasc.cost.machine import Machine
from evonasc.cost.machine_record import MachineRecord, write_record
from evonasc.cost.machine_table import known_machines, machine_of
from evonasc.cost.profile_fit import Profile, fit_profile
from evonasc.files import write_atomically
from evonasc.nasbench201 import BENCHMARK
from evonasc.nasbench201.supernet import FAMILY
from evonasc.supernet.profiling import (
    ProfileConfig,
    deployed_network,
    profile_this_machine,
    profiled_networks,
)

SPACE, KNOWN = BENCHMARK.make_space(), known_machines(BENCHMARK.machines)
OUT = Path(__file__).parent / "results" / "profile_validation.csv"
HEADER = (
    *("clock", "method", "base", "networks", "unseen", "rounds", "mape", "spearman"),
    *(
        "mape_pass",
        "bias_pass",
        "spearman_pass",
        "bias_quickest_pass",
        "left_out_error",
        "head_error",
    ),
    *("noise", "noise_unseen", "busyness", "load_average", "machine"),
)


def pass_ms(networks: IntArray, *, n_rounds: int, seed: int) -> FloatArray:
    """Time whole forward passes by the processor's clock, best of 5: ``(n_rounds, n)``."""
    network, rng = deployed_network(FAMILY), np.random.default_rng(seed)
    x = torch.randn(1, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    x = x.to(memory_format=torch.channels_last)
    times = np.empty((n_rounds, len(networks)))
    with torch.inference_mode():
        for round_ in range(n_rounds):
            for i in rng.permutation(len(networks)).tolist():
                genes, runs = networks[i].tolist(), []
                network(x, genes)
                for _ in range(5):
                    start = time.thread_time_ns()
                    network(x, genes)
                    runs.append((time.thread_time_ns() - start) / 1e6)
                times[round_, i] = min(runs)
    return times


def records(profile: Profile) -> dict[str, MachineRecord]:
    """Return what each method makes of the measured networks."""
    made = {"profile": fit_profile(profile, SPACE, name="here")}
    made["profile, quick"] = fit_profile(profile.take(np.arange(21)), SPACE, name="here")
    for n in (10, 30):
        rows = np.arange(1, n + 1)  # the first has cells that compute nothing; a user has none such
        times = MeasuredNetworks(profile.networks[rows], profile.total_ms[rows])
        made[f"calibrate, {n}"] = calibrate(
            times, space=SPACE, known=KNOWN, name="here", description="validation"
        )
    return made


def read_again(record: MachineRecord) -> Machine:
    """Return the machine of a record's file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "here.npz"
        write_record(path, record)
        return machine_of(str(path), space=SPACE, known=BENCHMARK.machines)


def main() -> None:
    """Measure, fit, predict, compare, write."""
    parser = argparse.ArgumentParser(description="profile this computer, predict unseen networks")
    parser.add_argument("--networks", type=int, default=60)
    parser.add_argument("--unseen", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    rng = np.random.default_rng(arguments.seed)
    n = arguments.networks + arguments.unseen
    networks = profiled_networks(SPACE, n, rng=rng)
    seen, unseen = np.arange(arguments.networks + 1), np.arange(arguments.networks + 1, n + 1)

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    for clock in ("cpu", "wall"):
        config = ProfileConfig(n_rounds=arguments.rounds, clock=clock, seed=arguments.seed)
        load = os.getloadavg()[0]
        half = arguments.rounds // 2 + 1
        before = pass_ms(networks[unseen], n_rounds=half, seed=1)
        measured = profile_this_machine(config, FAMILY, networks=networks)
        after = pass_ms(networks[unseen], n_rounds=half, seed=2)
        passes = np.concatenate([before, after])
        usual, quickest = np.median(passes, axis=0), passes.min(axis=0)
        profile, judged = measured.take(seen), measured.take(unseen)
        for method, record in records(profile).items():
            machine = read_again(record)
            predicted = machine.total_ms(judged.networks)
            heads = machine.head_table_ms(judged.networks)[:, 1:-1]
            truth = np.cumsum(judged.block_ms, axis=1)
            head_error = np.abs(heads - truth[:, :-1]) / truth[:, -1:]
            figures = {
                "mape": np.abs(predicted / judged.total_ms - 1).mean(),
                "spearman": rank_correlation(predicted, judged.total_ms),
                "mape_pass": np.abs(predicted / usual - 1).mean(),
                "bias_pass": (predicted / usual - 1).mean(),
                "spearman_pass": rank_correlation(predicted, usual),
                "bias_quickest_pass": (predicted / quickest - 1).mean(),
                "left_out_error": record.left_out_error,
                "head_error": head_error.mean(),
                "noise": profile.noise.mean(),
                "noise_unseen": judged.noise.mean(),
            }
            line: list[object] = [clock, method, record.base, record.n_networks, len(unseen)]
            line += [arguments.rounds, *(f"{value:.4f}" for value in figures.values())]
            line += [f"{measured.busyness:.2f}", f"{load:.1f}", profile.description]
            writer.writerow(line)
            print(*line, flush=True)
    OUT.parent.mkdir(exist_ok=True)
    write_atomically(OUT, text.getvalue().encode())


if __name__ == "__main__":
    main()
