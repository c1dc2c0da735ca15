"""How many designs a second the coordinator hands out and takes back, and what follows from it.

    python benchmarks/feed_rate.py [--out FILE.csv]

A problem of one's own whose evaluation sleeps as long as one wants, so that the workers take no
processor from the coordinator: 2,000 designs (fewer where each takes long), populations of 200,
NSGA-II, everything included that `evonasc run` does, the store too. Here, in 2 and 8 worker
processes of loky, and on 2 and 8 workers of a dask scheduler over TCP on loopback, all on one
machine. Workers are warm: a search before has loaded the problem.

A batch of B designs of c seconds on W workers takes B c / W and what the coordinator adds to it, by
design and by chunk; both are fitted (least squares, none below 0) to what was measured with each
backend. `projection` rows apply that to 100 and 1,000 workers and batches of ten designs a worker:
they are computed, not measured, and know nothing of networks between machines.

Writes benchmarks/results/feed_rate.csv. Needs the extra `dask`.
"""

import argparse
import contextlib
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import nnls

from evonasc.arrays import FloatArray, IntArray
from evonasc.cluster import Cluster
from evonasc.files import write_atomically
from evonasc.problems import Staircase
from evonasc.runs.config import RunConfig
from evonasc.runs.parallel import LEAST_CHUNK_S, chunk_sizes, in_processes, on_cluster
from evonasc.runs.prepare import prepare
from evonasc.runs.run import run_prepared
from evonasc.runs.tables import as_csv
from evonasc.runs.writer import RunWriter
from evonasc.search.config import SearchConfig
from evonasc.search.evaluation import evaluate
from evonasc.search.search import Evaluate

BATCH = 200
COSTS_S = (0.0, 0.001, 0.01, 0.1)
WORKERS = (2, 8)
PROJECTED_WORKERS, PROJECTED_COSTS_S = (100, 1000), (0.001, 0.01, 0.1, 1.0, 60.0)
_COST = "FEED_RATE_COST_S"


class Sleeper(Staircase):
    """The staircase, each design of which takes as long as a file says."""

    def columns(self, genes: IntArray) -> dict[str, FloatArray]:
        """Sleep, then compute."""
        time.sleep(float(Path(os.environ[_COST]).read_text()) * len(genes))
        return super().columns(genes)


def searched(evaluation: Evaluate, *, cost_s: float, n: int, folder: Path) -> float:
    """Return the wall time of a search whose designs take so long, s."""
    Path(os.environ[_COST]).write_text(str(cost_s))
    search = SearchConfig(budget=n, pop_size=BATCH)
    prepared = prepare(RunConfig(problem="feed_rate:Sleeper", search=search))
    started = time.perf_counter()
    with RunWriter(folder / f"{time.perf_counter_ns()}", prepared) as writer:
        writer.finish(run_prepared(prepared, on_new=writer.add, evaluate=evaluation))
    return time.perf_counter() - started


@contextlib.contextmanager
def scheduler(n_workers: int, folder: Path) -> Iterator[str]:
    """Start a scheduler and workers as docs/runs.md says; yield its address."""
    begun: list[subprocess.Popen[bytes]] = []

    def start(*words: str, until: str) -> str:
        log = folder / f"{len(begun)}-{n_workers}.log"
        with log.open("w") as file:
            command = [sys.executable, "-m", *words, "--no-dashboard"]
            begun.append(subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT))
        for _ in range(600):
            found = re.findall(until, log.read_text())
            if found:
                return str(found[0])
            time.sleep(0.1)
        raise RuntimeError(log.read_text())

    try:
        dask = "distributed.cli.dask_"
        address = start(
            f"{dask}scheduler", "--host", "127.0.0.1", "--port", "0", until=r"tcp://127[.\d]*:\d+"
        )
        local = ("--local-directory", str(folder / "dask"))
        many = ("--nthreads", "1", "--nworkers", str(n_workers), *local)
        start(f"{dask}worker", address, *many, until="(?s)" + ".*".join(["Registered"] * n_workers))
        yield address
    finally:
        for process in reversed(begun):
            process.terminate()
            process.wait(timeout=60)


def measured(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield a row a backend, number of workers and cost."""
    prepared = prepare(RunConfig(problem="feed_rate:Sleeper"))

    def rows(backend: str, n_workers: int, evaluation: Evaluate) -> Iterator[dict[str, Any]]:
        searched(evaluation, cost_s=0.0, n=BATCH, folder=folder)
        for cost_s in COSTS_S:
            n = 2000 if cost_s < 0.1 else 200 * n_workers
            seconds = searched(evaluation, cost_s=cost_s, n=n, folder=folder)
            row = {
                "kind": "measured",
                "backend": backend,
                "workers": n_workers,
                "cost_ms": 1e3 * cost_s,
                "designs_a_second": f"{n / seconds:.4g}",
                "added_us_a_design": f"{1e6 * (seconds - n * cost_s / n_workers) / n:.4g}",
                "efficiency": f"{n * cost_s / n_workers / seconds:.3f}",
            }
            print(row, flush=True)
            yield row

    yield from rows("here", 1, evaluate)
    for n_workers in WORKERS:
        os.environ["LOKY_MAX_CPU_COUNT"] = str(n_workers)
        yield from rows("loky", n_workers, in_processes(prepared, n_jobs=n_workers))
    for n_workers in WORKERS:
        with scheduler(n_workers, folder) as address, Cluster(address) as cluster:
            yield from rows("dask", n_workers, on_cluster(prepared, cluster))


def projected(rows: list[dict[str, Any]], backend: str) -> Iterator[dict[str, object]]:
    """Yield what many workers would give, by what the coordinator adds a design and a chunk."""
    chosen = [row for row in rows if row["backend"] == backend]
    chunks = np.array(
        [
            _chunks(BATCH, int(row["workers"]), float(row["cost_ms"]) / 1e3, backend) / BATCH
            for row in chosen
        ]
    )
    added = np.array([max(float(row["added_us_a_design"]), 0.0) for row in chosen])
    (a_design, a_chunk), _ = nnls(np.stack([np.ones(len(chunks)), chunks], axis=1), added)
    for n_workers in PROJECTED_WORKERS:
        batch = 10 * n_workers
        for cost_s in PROJECTED_COSTS_S:
            n_chunks = _chunks(batch, n_workers, cost_s, backend)
            added_s = 1e-6 * (a_design * batch + a_chunk * n_chunks)
            seconds = batch * cost_s / n_workers + added_s
            yield {
                "kind": "projection",
                "backend": backend,
                "workers": n_workers,
                "cost_ms": 1e3 * cost_s,
                "designs_a_second": f"{batch / seconds:.4g}",
                "added_us_a_design": f"{1e6 * added_s / batch:.4g}",
                "efficiency": f"{batch * cost_s / n_workers / seconds:.3f}",
            }


def _chunks(n: int, n_workers: int, cost_s: float, backend: str) -> int:
    """Return the chunks that a batch is cut into."""
    least = LEAST_CHUNK_S[backend]
    seconds_each = cost_s or 1e-6
    return len(chunk_sizes(n, seconds_each=seconds_each, n_workers=n_workers, least_chunk_s=least))


def main() -> None:
    """Measure, project and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = Path(__file__).parent / "results" / "feed_rate.csv"
    parser.add_argument("--out", type=Path, default=default)
    arguments = parser.parse_args()
    here = str(Path(__file__).parent)
    sys.path.insert(0, here)
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [here, os.environ.get("PYTHONPATH")]))
    with tempfile.TemporaryDirectory() as name:
        os.environ[_COST] = str(Path(name) / "cost")
        Path(os.environ[_COST]).write_text("0")
        rows = list(measured(Path(name)))
    rows += projected(rows, "dask")
    write_atomically(arguments.out, as_csv(rows))


if __name__ == "__main__":
    main()
