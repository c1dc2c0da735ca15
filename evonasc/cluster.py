"""Worker processes beyond this machine: those of a dask scheduler (extra ``dask``).

A worker that is lost takes nothing with it: the scheduler gives its tasks to others. Each worker
must have evonasc installed, in the same version, and compute in one thread.
"""

from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from types import TracebackType
from typing import Any, Self, TypeVar

from evonasc.errors import ConfigError, MissingDependencyError, WorkerError

Result = TypeVar("Result")

#: How long to look for a scheduler, s.
_PATIENCE_S = 10


class Cluster:
    """The workers of a scheduler; a context manager.

    Args:
        scheduler: Its address, as ``dask scheduler`` prints it: ``tcp://HOST:PORT``.

    Raises:
        MissingDependencyError: ``distributed`` is not installed.
        ConfigError: No scheduler answers there, or it has no workers.
    """

    def __init__(self, scheduler: str) -> None:
        try:
            distributed: Any = import_module("distributed")  # it has no types
        except ImportError as error:
            raise MissingDependencyError(
                "--backend dask needs the package distributed. Install evonasc[dask]."
            ) from error
        self._distributed, self._scheduler = distributed, scheduler
        try:
            self._client: Any = distributed.Client(
                scheduler, timeout=_PATIENCE_S, set_as_default=False, name="evonasc"
            )
        except (OSError, ValueError, TimeoutError) as error:
            raise ConfigError(
                f"--scheduler must be the address of a dask scheduler, tcp://HOST:PORT, got "
                f"{scheduler!r}, where none answers. Start one by `dask scheduler`."
            ) from error
        if self.n_workers == 0:
            self._client.close()
            raise ConfigError(
                f"The scheduler {scheduler} must have workers, got none. Start some by `dask "
                f"worker {scheduler} --nthreads 1 --nworkers 2`."
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._client.close()

    @property
    def n_workers(self) -> int:
        """How many workers there are now."""
        return len(self._client.scheduler_info(n_workers=-1)["workers"])

    def map(
        self, function: Callable[..., Result], arguments: Sequence[tuple[Any, ...]]
    ) -> Iterator[tuple[int, Result | None]]:
        """Yield the place of each of some arguments and what a function gives for it, as it ends.

        None where every worker that tried was lost.

        Args:
            function: Importable by name, on the workers too.
            arguments: One tuple a call.

        Raises:
            WorkerError: The scheduler was lost. What was yielded is good.
        """
        futures = [self._client.submit(function, *one, pure=False) for one in arguments]
        places = {future.key: place for place, future in enumerate(futures)}
        try:
            for future in self._distributed.as_completed(futures, loop=self._client.loop):
                try:
                    yield places[future.key], future.result()
                except self._distributed.KilledWorker:
                    yield places[future.key], None
        except (OSError, self._distributed.CancelledError) as error:
            raise WorkerError(
                f"The scheduler {self._scheduler} was lost. What was done is kept, and the same "
                "command goes on."
            ) from error
        finally:
            self._client.cancel(futures)
