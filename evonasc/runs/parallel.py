"""Evaluating in worker processes: batches stay whole, so any number of workers gives one front.

Each worker makes the problem once, weights included, from the run's configuration. A batch is cut
into chunks that keep the designs of a network together, since what a network costs is computed once
a chunk; chunks are as large as their measured cost asks for.
"""

import math
import os
import pickle
import time
from collections.abc import Callable, Iterator
from functools import lru_cache

import numpy as np

from evonasc.arrays import IntArray
from evonasc.cluster import Cluster
from evonasc.errors import ConfigError, EvaluationError, WorkerError
from evonasc.limits import require_workers
from evonasc.problems import DesignProblem
from evonasc.runs.config import RunConfig
from evonasc.runs.prepare import Prepared, prepare
from evonasc.search.evaluation import Evaluated, evaluate, joined
from evonasc.workers import in_workers

#: Time that a chunk takes at least, if there are designs enough, s: handing it over costs one
#: millisecond here and some beyond this machine.
LEAST_CHUNK_S = {"loky": 0.02, "dask": 0.1}
#: Times that chunks are tried together and, those that still kill their worker, alone.
_TRIES = 2

#: Why a design failed whose evaluation ends whoever tries.
KILLED = "the worker process was killed each time it was evaluated"

#: A chunk: the pickled configuration and folder, and its genes.
Task = tuple[bytes, IntArray]
#: Yields the seconds that each chunk took and what it gave, in order; None for one that no worker
#: survived. Raises ``WorkerError`` where such a one takes the others along.
Spread = Callable[[list[Task]], Iterator[tuple[float, Evaluated] | None]]


def chunk_sizes(n: int, *, seconds_each: float, n_workers: int, least_chunk_s: float) -> list[int]:
    """Return how many designs each chunk of a batch has.

    Each takes the same share of what is left, so that the first ones are large and the last ones
    small, and no worker waits long for the last: guided self-scheduling (Polychronopoulos and Kuck
    1987, IEEE Transactions on Computers 36).

    Args:
        n: Designs of the batch.
        seconds_each: What each takes; 0 where nothing is known yet.
        n_workers: Who share them.
        least_chunk_s: What a chunk should take at least, s.

    Example:
        >>> chunk_sizes(20, seconds_each=1.0, n_workers=2, least_chunk_s=0.1)
        [5, 4, 3, 2, 2, 1, 1, 1, 1]
        >>> chunk_sizes(20, seconds_each=0.001, n_workers=2, least_chunk_s=0.1)
        [20]
    """
    least = math.ceil(least_chunk_s / seconds_each) if seconds_each else 1
    sizes = []
    while n > 0:
        sizes.append(min(n, max(least, math.ceil(n / (2 * n_workers)))))
        n -= sizes[-1]
    return sizes


class SpreadEvaluation:
    """Evaluates batches elsewhere; see :data:`evonasc.search.search.Evaluate`.

    Args:
        config: Of the run; describes the problem.
        spread: Evaluates chunks.
        n_workers: How many there are.
        least_chunk_s: What a chunk should take at least, s.
        tries_again: Whether chunks that were lost are to be tried again: ``spread`` does not.
    """

    def __init__(
        self,
        config: RunConfig,
        spread: Spread,
        *,
        n_workers: int,
        least_chunk_s: float,
        tries_again: bool,
    ) -> None:
        # Paths and code of others in it are told from the folder one is in.
        self._config = pickle.dumps((config, os.getcwd()))
        self._spread, self._n_workers, self._least_chunk_s = spread, n_workers, least_chunk_s
        self._tries_again = tries_again
        self._seconds_each = 0.0  # of the last batch; nothing is known of the first

    def __call__(self, problem: DesignProblem, genes: IntArray) -> Evaluated:
        """Evaluate designs, ``(n, n_genes)``."""
        # The designs of a network stand together.
        order = np.lexsort(problem.designs.operations(genes).T)
        sizes = chunk_sizes(
            len(order),
            seconds_each=self._seconds_each,
            n_workers=self._n_workers,
            least_chunk_s=self._least_chunk_s,
        )
        chunks = np.split(order, np.cumsum(sizes)[:-1])
        found = self._evaluated([genes[rows] for rows in chunks])
        whole = joined(found, n_rows=[len(rows) for rows in chunks])
        back = np.argsort(order)
        return Evaluated(
            {name: values[back] for name, values in whole.columns.items()},
            {int(order[row]): reason for row, reason in sorted(whole.failures.items())},
        )

    def _evaluated(self, chunks: list[IntArray]) -> list[Evaluated]:
        """Return what each chunk gave; where a worker is killed, try again."""
        found: dict[int, Evaluated] = {}
        for _ in range(_TRIES if self._tries_again else 1):
            self._try(chunks, [place for place in range(len(chunks)) if place not in found], found)
        for place in range(len(chunks)):  # one at a time: who kills its worker kills no other
            if place not in found and self._tries_again:
                self._try(chunks, [place], found)
            if place not in found:
                found[place] = self._alone(chunks[place])
        return [found[place] for place in range(len(chunks))]

    def _alone(self, chunk: IntArray) -> Evaluated:
        """Evaluate the designs of a chunk that kills its workers, each for itself."""
        alone: dict[int, Evaluated] = {}
        designs = [chunk[row : row + 1] for row in range(len(chunk))]
        for row in range(len(designs)) if len(designs) > 1 else ():
            self._try(designs, [row], alone)
        return joined([alone.get(row, Evaluated({}, {0: KILLED})) for row in range(len(designs))])

    def _try(self, chunks: list[IntArray], places: list[int], found: dict[int, Evaluated]) -> None:
        """Evaluate some of the chunks, as far as that goes."""
        if not places:
            return
        seconds, n = 0.0, 0
        try:
            answers = self._spread([(self._config, chunks[place]) for place in places])
            for place, answer in zip(places, answers, strict=False):
                if answer is not None:
                    taken, found[place] = answer
                    seconds, n = seconds + taken, n + len(chunks[place])
        except WorkerError:
            pass  # what is missing is tried again
        if n:
            self._seconds_each = seconds / n


def in_processes(prepared: Prepared, *, n_jobs: int) -> SpreadEvaluation:
    """Return what evaluates the designs of a run in worker processes of this machine.

    Raises:
        ConfigError: Evaluating is a look-up, which is done here faster; the problem was in hand; or
            there would be more threads than cores.
    """
    require_workers("jobs", n_jobs)
    require_spreadable(prepared, option="--jobs")
    threads = getattr(prepared.config.error.options, "threads", 1)
    if n_jobs * threads > max(os.cpu_count() or 1, n_jobs):
        raise ConfigError(
            f"jobs x threads must be at most the {os.cpu_count()} cores of this machine, got "
            f"{n_jobs} x {threads}. Use --threads 1."
        )

    def spread(tasks: list[Task]) -> Iterator[tuple[float, Evaluated]]:
        return in_workers(evaluate_chunk, tasks, n_jobs=n_jobs)

    return SpreadEvaluation(
        prepared.config,
        spread,
        n_workers=n_jobs,
        least_chunk_s=LEAST_CHUNK_S["loky"],
        tries_again=True,
    )


def on_cluster(prepared: Prepared, cluster: Cluster) -> SpreadEvaluation:
    """Return what evaluates the designs of a run on the workers of a cluster.

    Raises:
        ConfigError: Evaluating is a look-up, which is done here faster, or the problem was in hand.
    """
    require_spreadable(prepared, option="--backend dask")

    def spread(tasks: list[Task]) -> Iterator[tuple[float, Evaluated] | None]:
        try:
            found = dict(cluster.map(evaluate_chunk, tasks))
        except WorkerError as error:  # the scheduler is lost: no design is to blame
            raise EvaluationError(str(error)) from error
        yield from (found[place] for place in range(len(tasks)))

    return SpreadEvaluation(
        prepared.config,
        spread,
        n_workers=cluster.n_workers,
        least_chunk_s=LEAST_CHUNK_S["dask"],
        tries_again=False,
    )


def require_spreadable(prepared: Prepared, *, option: str) -> None:
    """Refuse to spread evaluations that are look-ups, or that other processes cannot make.

    Raises:
        ConfigError: They are.
    """
    if prepared.algorithm.trains:
        raise ConfigError(
            f"{option} must not be used with {prepared.config.search.algorithm}, which trains "
            f"weights here as it searches. Leave out {option}."
        )
    if not prepared.is_described:
        raise ConfigError("The problem must be one that the configuration names, got one in hand.")
    if prepared.is_stored and not prepared.problem.is_foreign:
        raise ConfigError(
            f"{option} must be used where evaluating takes time (--accuracy live, or a problem of "
            f"your own); errors are looked up here, which is faster in one process. Leave out "
            f"{option}."
        )


def evaluate_chunk(config: bytes, genes: IntArray) -> tuple[float, Evaluated]:
    """Evaluate designs in a worker; returns the seconds that took, and what is known of them."""
    problem = _problem(config)
    started = time.perf_counter()
    found = evaluate(problem, genes)
    return time.perf_counter() - started, found


@lru_cache(maxsize=1)
def _problem(config: bytes) -> DesignProblem:
    """Return the problem of a run, made once a worker: weights are loaded for it."""
    run, folder = pickle.loads(config)  # of our own parent process
    if os.path.isdir(folder):  # on another machine it need not be there
        os.chdir(folder)
    return prepare(run).problem
