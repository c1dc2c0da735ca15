"""Where evaluations are made: the options ``--jobs``, ``--backend`` and ``--scheduler``."""

import argparse
import contextlib
from collections.abc import Iterator

from evonasc.cluster import Cluster
from evonasc.errors import ConfigError, UnknownNameError

#: Names of ``--backend``: worker processes of this machine, or those of a dask scheduler.
BACKENDS = ("loky", "dask")


def add_backend_arguments(parser: argparse.ArgumentParser, *, jobs: str) -> None:
    """Declare the options.

    Args:
        parser: Of the command.
        jobs: What its worker processes do.
    """
    parser.add_argument("--jobs", type=int, metavar="N", help=jobs)
    parser.add_argument(
        "--backend",
        metavar="NAME",
        help="loky: worker processes of this machine (default); dask: the workers of --scheduler "
        "(extra evonasc[dask], see docs/runs.md)",
    )
    parser.add_argument(
        "--scheduler", metavar="tcp://HOST:PORT", help="address of a dask scheduler, with workers"
    )


@contextlib.contextmanager
def cluster_of(arguments: argparse.Namespace) -> Iterator[Cluster | None]:
    """Connect to the cluster that is asked for; None where none is.

    Raises:
        UnknownNameError: No such backend.
        ConfigError: Options that do not go together, or no scheduler answers.
        MissingDependencyError: The package for it is not installed.
    """
    backend, scheduler = arguments.backend, arguments.scheduler
    if backend not in (None, *BACKENDS):
        raise UnknownNameError("backend", backend, BACKENDS)
    if backend != "dask":
        if scheduler is not None:
            raise ConfigError(
                f"--scheduler must come with --backend dask, got {scheduler} without. Add it."
            )
        yield None
        return
    if scheduler is None or arguments.jobs is not None:
        raise ConfigError(
            "--backend dask must come with --scheduler tcp://HOST:PORT and without --jobs: the "
            "scheduler has its own workers."
        )
    with Cluster(scheduler) as cluster:
        yield cluster
