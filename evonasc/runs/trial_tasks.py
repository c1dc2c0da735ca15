"""Running the trials of a comparison in workers, here or on a cluster."""

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from evonasc.cluster import Cluster
from evonasc.errors import WorkerError
from evonasc.runs.config import RunConfig
from evonasc.runs.prepare import Prepared, prepare
from evonasc.runs.run import lists_designs
from evonasc.runs.tabulated import tabulated
from evonasc.runs.trials import Trial, run_trial, write_trial
from evonasc.workers import in_workers

#: A trial to be run: its file, its run, and the digests of its problem and of its settings.
Task = tuple[Path, RunConfig, str, str]


def written_trials(tasks: list[Task], *, n_jobs: int, cluster: Cluster | None) -> Iterator[object]:
    """Run trials and yield something as each is on disk.

    Args:
        tasks: The trials.
        n_jobs: Worker processes of this machine.
        cluster: Takes their place.

    Raises:
        WorkerError: A worker process was killed.
    """
    if cluster is not None:
        return _on_cluster(cluster, tasks)
    return in_workers(_run_and_write, tasks, n_jobs=n_jobs, is_ordered=False)


def _on_cluster(cluster: Cluster, tasks: list[Task]) -> Iterator[object]:
    """Run trials on a cluster and put each on disk here as it ends.

    Raises:
        WorkerError: A trial ended every worker that tried, or the scheduler was lost.
    """
    for place, trial in cluster.map(_run_there, [task[1:3] for task in tasks]):
        path, _, _, digest = tasks[place]
        if trial is None:
            raise WorkerError(f"Every worker that tried the trial {path} was lost.")
        write_trial(path, trial, digest=digest)
        yield None


def _run_and_write(path: Path, config: RunConfig, problem_digest: str, digest: str) -> None:
    """Run one trial, in whatever process, and put it on disk."""
    write_trial(path, _run_there(config, problem_digest), digest=digest)


def _run_there(config: RunConfig, problem_digest: str) -> Trial:
    """Run one trial, in whatever process."""
    prepared = _prepared(replace(config, search=RunConfig().search), problem_digest)
    return run_trial(prepared.for_search(config.search))


@lru_cache(maxsize=4)
def _prepared(config: RunConfig, digest: str) -> Prepared:
    """Return a problem with its table, made once a process, scenario and state of the files."""
    prepared = prepare(config)
    # What is not evonasc's own is asked for what a search asks for, and no more.
    if not lists_designs(prepared):
        return prepared
    return replace(prepared, problem=tabulated(prepared.problem))
