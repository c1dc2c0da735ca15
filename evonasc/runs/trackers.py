"""Following runs elsewhere: TensorBoard and MLflow, each a callback of a search.

Each is called after each batch and closed at the end: ``with Tracker("tensorboard:logs", config,
name="mine") as tracker: run(config, on_batch=tracker)``. Both packages are extras, imported where
they are asked for.
"""

import os
import time
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from evonasc.errors import ConfigError, MissingDependencyError
from evonasc.runs.config import RunConfig
from evonasc.runs.differences import flattened
from evonasc.runs.progress import SearchProgress
from evonasc.runs.record import config_dict
from evonasc.search.archive import Archive

#: Letters that MLflow keeps of a setting.
_MOST_LETTERS = 500
_MLFLOW_PATIENCE = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_HTTP_REQUEST_TIMEOUT": "10"}


class _Sink(Protocol):
    """Where measures go."""

    def write(self, measures: Mapping[str, float], *, step: int) -> None:
        """Take measures after so many evaluations."""

    def close(self, *, is_complete: bool) -> None:
        """Write what is left."""


class Tracker:
    """A callback that writes how a search goes on; a context manager.

    What fails later, a server that went away, ends the tracking and not the search: see
    :attr:`problem`.

    Args:
        target: ``tensorboard:DIR`` or ``mlflow:URI``.
        config: Of the run, for its settings.
        name: Of the run there.

    Raises:
        ConfigError: Another target, or nothing can be written there.
        MissingDependencyError: The package for it is not installed.
    """

    def __init__(self, target: str, config: RunConfig, *, name: str) -> None:
        kind, _, place = target.partition(":")
        if kind not in _SINKS or not place:
            raise ConfigError(f"log-to must be tensorboard:DIR or mlflow:URI, got {target!r}.")
        self._target, self._progress = target, SearchProgress()
        #: Why nothing is written any more; empty as long as all is well.
        self.problem = ""
        settings = flattened(config_dict(config))
        try:
            self._sink: _Sink = _SINKS[kind](place, settings, name)
        except (ConfigError, MissingDependencyError):
            raise
        except Exception as error:  # what these packages raise is theirs
            raise self._broken(error) from error

    def __call__(self, archive: Archive, generation: int) -> None:
        """Write the measures after a batch."""
        if self.problem:
            return
        measures = self._progress.measures(archive)
        try:
            self._sink.write({**measures, "generation": float(generation)}, step=len(archive))
        except Exception as error:  # what these packages raise is theirs
            self.problem = str(self._broken(error))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._sink.close(is_complete=kind is None)
        except Exception as failure:  # as above
            self.problem = self.problem or str(self._broken(failure))

    def _broken(self, error: Exception) -> ConfigError:
        """Say in a line what another package could not do."""
        lines = str(error).splitlines() or [type(error).__name__]
        return ConfigError(f"Cannot log to {self._target}: {lines[0]}")


class _TensorBoard:
    """Scalars in an event file; torch is not needed for it."""

    def __init__(self, place: str, settings: Mapping[str, str], name: str) -> None:
        module = "tensorboard.summary.writer.event_file_writer"
        self._summary: Any = _import("tensorboard.compat.proto.summary_pb2", extra="tensorboard")
        self._event: Any = _import("tensorboard.compat.proto.event_pb2", extra="tensorboard")
        writer: Any = _import(module, extra="tensorboard").EventFileWriter
        self._writer = writer(str(Path(place) / name))

    def write(self, measures: Mapping[str, float], *, step: int) -> None:
        """Write an event."""
        values = [
            self._summary.Summary.Value(tag=tag, simple_value=value)
            for tag, value in measures.items()
        ]
        summary = self._summary.Summary(value=values)
        self._writer.add_event(self._event.Event(step=step, wall_time=time.time(), summary=summary))
        self._writer.flush()

    def close(self, *, is_complete: bool) -> None:
        """Close the file."""
        self._writer.close()


class _MLflow:
    """Metrics and parameters of a run of the experiment ``evonasc``."""

    def __init__(self, place: str, settings: Mapping[str, str], name: str) -> None:
        # Else a server that is not there takes minutes to be missed.
        for variable, value in _MLFLOW_PATIENCE.items():
            os.environ.setdefault(variable, value)
        client: Any = _import("mlflow", extra="mlflow").MlflowClient
        self._entities: Any = _import("mlflow.entities", extra="mlflow")
        self._client = client(tracking_uri=place)
        there = self._client.get_experiment_by_name("evonasc")
        experiment = (
            self._client.create_experiment("evonasc") if there is None else there.experiment_id
        )
        self._id = self._client.create_run(experiment, run_name=name).info.run_id
        params = [
            self._entities.Param(key, value[:_MOST_LETTERS]) for key, value in settings.items()
        ]
        self._client.log_batch(self._id, params=params)

    def write(self, measures: Mapping[str, float], *, step: int) -> None:
        """Send a batch of metrics."""
        now = int(1000 * time.time())
        metrics = [self._entities.Metric(key, value, now, step) for key, value in measures.items()]
        self._client.log_batch(self._id, metrics=metrics)

    def close(self, *, is_complete: bool) -> None:
        """Say how the run ended."""
        self._client.set_terminated(self._id, "FINISHED" if is_complete else "FAILED")


_SINKS: dict[str, Callable[[str, Mapping[str, str], str], _Sink]] = {
    "tensorboard": _TensorBoard,
    "mlflow": _MLflow,
}


def _import(module: str, *, extra: str) -> Any:
    """Import a module of an extra; none of these has types."""
    try:
        return import_module(module)
    except ImportError as error:
        raise MissingDependencyError(
            f"--log-to {extra}: needs the package {extra}. Install evonasc[{extra}]."
        ) from error
