"""What keeping evaluations costs, and what starting a command does.

    python benchmarks/store_and_start.py [--out FILE.csv]

`store`: microseconds of CPU time and of wall time, and bytes on disk, for each evaluation kept in a
run's SQLite store, 23 genes and four columns, 100,000 of them in batches of 20, 100 and 1,000,
beside the same rows written and flushed as lines of CSV. Least of three. `start`: seconds of wall
time of whole commands in processes of their own, warm, least and median of seven, and which heavy
packages each has imported.

Writes benchmarks/results/store_and_start.csv.
"""

import argparse
import csv
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from evonasc.arrays import FloatArray, IntArray
from evonasc.files import write_atomically
from evonasc.runs.store import RunStore
from evonasc.runs.tables import as_csv
from evonasc.search.evaluation import Evaluated

N, BATCHES = 100_000, (20, 100, 1000)
COLUMNS = ("error", "latency_ms", "energy_mj", "payload_bytes")
HEAVY = ("torch", "pymoo", "pandas", "matplotlib", "scipy", "seaborn", "deap", "moocore")
COMMANDS = {
    "help": ["--help"],
    "list scenarios": ["list", "scenarios"],
    "run, 40 designs, no figure": ["run", "--budget", "40", "--no-plot", "--quiet", "--out", "{}"],
    "run, the default, all files and figure": ["run", "--quiet", "--out", "{}"],
    "exact, the default scenario, no figure": ["exact", "--no-plot"],
}
_IMPORTED = (
    "import sys, runpy; sys.argv = ['evonasc', *sys.argv[2:]]\n"
    "try: runpy.run_module('evonasc', run_name='__main__')\n"
    "except SystemExit: pass\n"
    f"print(*[name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
)


def as_store(folder: Path, genes: IntArray, columns: dict[str, FloatArray], batch: int) -> Path:
    """Keep everything as a run does."""
    path = folder / "run.sqlite"
    with RunStore(path) as store:
        for first in range(0, len(genes), batch):
            rows = slice(first, first + batch)
            found = Evaluated({name: values[rows] for name, values in columns.items()}, {})
            store.append(genes[rows], found, seconds=0.1)
    return path


def as_lines(folder: Path, genes: IntArray, columns: dict[str, FloatArray], batch: int) -> Path:
    """Keep everything as lines of CSV, flushed after each batch."""
    path = folder / "rows.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        for first in range(0, len(genes), batch):
            rows = slice(first, first + batch)
            values = zip(*(values[rows].tolist() for values in columns.values()), strict=True)
            writer.writerows(
                [*row, *more] for row, more in zip(genes[rows].tolist(), values, strict=True)
            )
            file.flush()
    return path


def store_rows() -> Iterator[dict[str, object]]:
    """Yield a row a way and size of batch."""
    rng = np.random.default_rng(0)
    genes = rng.integers(9, size=(N, 23))
    columns = {name: rng.random(N) for name in COLUMNS}
    ways: dict[str, Callable[..., Path]] = {"store": as_store, "lines": as_lines}
    for batch in BATCHES:
        for name, keep in ways.items():
            taken, size = [], 0
            for _ in range(3):
                with tempfile.TemporaryDirectory() as folder:
                    started = time.perf_counter(), time.process_time()
                    path = keep(Path(folder), genes, columns, batch)
                    taken.append(
                        (time.perf_counter() - started[0], time.process_time() - started[1])
                    )
                    size = path.stat().st_size
            wall, cpu = np.min(taken, axis=0)
            yield {
                "kind": "store",
                "what": f"{name}, batches of {batch}",
                "least": f"{1e6 * cpu / N:.2f} us CPU",
                "median": f"{1e6 * wall / N:.2f} us wall",
                "more": f"{size / N:.0f} bytes",
            }


def start_rows() -> Iterator[dict[str, object]]:
    """Yield a row a command."""
    for name, words in COMMANDS.items():
        taken = []
        with tempfile.TemporaryDirectory() as folder:
            for place in range(8):
                given = [word.format(f"{folder}/{place}") for word in words]
                started = time.perf_counter()
                subprocess.run(
                    [sys.executable, "-m", "evonasc", *given], check=True, capture_output=True
                )
                taken.append(time.perf_counter() - started)
            given = [word.format(f"{folder}/imports") for word in words]
            told = subprocess.run(
                [sys.executable, "-c", _IMPORTED, "-", *given], capture_output=True, text=True
            )
        yield {
            "kind": "start",
            "what": name,
            "least": f"{min(taken[1:]):.2f} s",  # the first warmed the disk's cache
            "median": f"{np.median(taken[1:]):.2f} s",
            "more": told.stderr.splitlines()[-1] if told.stderr.strip() else "",
        }


def main() -> None:
    """Measure and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = Path(__file__).parent / "results" / "store_and_start.csv"
    parser.add_argument("--out", type=Path, default=default)
    arguments = parser.parse_args()
    rows = []
    for measured in (store_rows(), start_rows()):
        for row in measured:
            print(row, flush=True)
            rows.append(row)
    write_atomically(arguments.out, as_csv(rows))


if __name__ == "__main__":
    main()
