"""How many measurements a machine needs: `evonasc hardware calibrate` with 10, 30, 100 of them.

    python benchmarks/calibration_curve.py [--data-root DATA] [--draws 10]

Published measurements stand for the user's. Four machines that evonasc ships no predictor of, and
three that it does ship, whose own predictor (and that of the same board at another batch size) is
then withheld. Measured networks are drawn at random among the canonical connected cells that were
measured; what is left is predicted. Medians and quartiles over draws are written.

`scale`: the same, but only a factor on the known machine whose prediction ranks the drawn networks
best, as a user without evonasc would do by hand. `features`: the same ridge without a known
machine.

Writes benchmarks/results/calibration_curve.csv.
"""

import argparse
import csv
import io
from pathlib import Path

import numpy as np

from evonasc.arrays import FloatArray, IntArray
from evonasc.cost.calibration import Calibrator, MeasuredNetworks
from evonasc.cost.fit_quality import rank_correlation
from evonasc.cost.machine import Machine
from evonasc.cost.machine_table import known_machines
from evonasc.cost.prior_fit import fit_on_prior
from evonasc.cost.time_features import FeatureScale
from evonasc.files import write_atomically
from evonasc.nasbench201 import BENCHMARK
from evonasc.nasbench201.cells import canonical_connected_cells, cell_number

SPACE = BENCHMARK.make_space()
SIZES = (10, 30, 100)
#: Column of the measurements -> machines withheld.
MACHINES = {
    "latency_ms_2080ti_1": (),
    "latency_ms_edgegpu": ("edgegpu",),
    "latency_ms_eyeriss": ("eyeriss",),
    "latency_ms_pixel2": (),
    "latency_ms_raspi4": ("raspi4",),
    "latency_ms_samsung_s7": (),
    "latency_ms_silver_4114": (),
}
OUT = Path(__file__).parent / "results" / "calibration_curve.csv"


def measured_networks(path: Path, column: str) -> MeasuredNetworks:
    """Return the canonical connected networks that were measured."""
    with np.load(path, allow_pickle=False) as archive:
        numbers, times_ms = cell_number(archive["op_index"]), archive[column].astype(np.float64)
    time_of = np.full(5**6, np.nan)
    time_of[numbers] = times_ms
    cells = canonical_connected_cells()
    times_ms = time_of[cell_number(cells)]
    given = np.isfinite(times_ms)
    return MeasuredNetworks(cells[given], times_ms[given])


def by_scale(drawn: MeasuredNetworks, networks: IntArray, known: dict[str, Machine]) -> FloatArray:
    """Predict by a factor on the machine that ranks the drawn networks best."""
    drawn_ms = {name: machine.total_ms(drawn.networks) for name, machine in known.items()}
    best = max(known, key=lambda name: rank_correlation(drawn_ms[name], drawn.times_ms))
    factor = float(np.exp(np.log(drawn.times_ms / drawn_ms[best]).mean()))
    return factor * known[best].total_ms(networks)


def by_features(drawn: MeasuredNetworks, networks: IntArray) -> FloatArray:
    """Predict by a ridge alone, around the mean of the drawn times."""
    scale, flat = FeatureScale.of(SPACE), np.ones(len(drawn.times_ms))
    fit = fit_on_prior(flat, scale(drawn.networks), drawn.times_ms)
    return fit.predict_ms(np.ones(len(networks)), scale(networks))


def one_draw(
    everything: MeasuredNetworks, n: int, known: dict[str, Machine], *, seed: int
) -> dict[str, dict[str, float | str]]:
    """Return the figures of each method on one draw."""
    order = np.random.default_rng([seed, n]).permutation(len(everything.times_ms))
    drawn, rest = everything.take(order[:n]), everything.take(order[n:])
    calibrator = Calibrator(SPACE, known)
    base, fit = calibrator.lean(drawn)
    predictions = {
        "calibrate": calibrator.predict_ms(base, fit, rest.networks),
        "scale": by_scale(drawn, rest.networks, known),
        "features": by_features(drawn, rest.networks),
    }
    rows: dict[str, dict[str, float | str]] = {
        method: {
            "mape": float(np.abs(predicted / rest.times_ms - 1).mean()),
            "spearman": rank_correlation(predicted, rest.times_ms),
        }
        for method, predicted in predictions.items()
    }
    left_out = calibrator.left_out_predictions(drawn)
    rows["calibrate"]["left_out_error"] = float(np.abs(left_out / drawn.times_ms - 1).mean())
    rows["calibrate"]["base"] = base
    return rows


def main() -> None:
    """Draw, fit, judge, write."""
    parser = argparse.ArgumentParser(description="learning curve of calibration")
    parser.add_argument("--data-root", type=Path, default=Path("../shared/data"))
    parser.add_argument("--draws", type=int, default=10)
    arguments = parser.parse_args()
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    figures = ("mape", "spearman", "left_out_error")
    quartiles = [f"{figure}_{q}" for figure in figures for q in ("q25", "median", "q75")]
    header = ["machine", "measured", "n", "method", "draws", *quartiles, "bases"]
    writer.writerow(header)
    shipped = known_machines(BENCHMARK.machines)
    for column, withheld in MACHINES.items():
        everything = measured_networks(arguments.data_root / "nasbench201.npz", column)
        known = {name: one for name, one in shipped.items() if name not in withheld}
        for n in SIZES:
            draws = [one_draw(everything, n, known, seed=s) for s in range(arguments.draws)]
            for method in draws[0]:
                rows = [draw[method] for draw in draws]
                cells: list[object] = []
                for figure in figures:
                    values = [float(row[figure]) for row in rows if figure in row]
                    cells += (
                        [f"{v:.4f}" for v in np.quantile(values, (0.25, 0.5, 0.75))]
                        if values
                        else [""] * 3
                    )
                bases = [str(row["base"]) for row in rows if "base" in row]
                counted = " ".join(f"{b}:{bases.count(b)}" for b in sorted(set(bases)))
                name = column.removeprefix("latency_ms_")
                line = [name, len(everything.times_ms), n, method, len(draws), *cells, counted]
                writer.writerow(line)
                print(*line, flush=True)
    OUT.parent.mkdir(exist_ok=True)
    write_atomically(OUT, text.getvalue().encode())


if __name__ == "__main__":
    main()
