"""Worker processes: joblib's, one thread each, that end with whoever started them.

Ctrl-C in a terminal goes to every process there; workers leave it to their parent, which ends them.
A parent that is killed ends nobody: each worker looks whether it still has one.
"""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from multiprocessing import resource_tracker
from typing import Any, TypeVar

import joblib
from joblib.externals.loky.backend import resource_tracker as loky_tracker
from joblib.externals.loky.process_executor import BrokenProcessPool

from evonasc.errors import WorkerError

Result = TypeVar("Result")

#: How often a worker looks for its parent, s.
_LOOK_EVERY = 0.5


def in_workers(
    function: Callable[..., Result],
    arguments: Iterable[tuple[Any, ...]],
    *,
    n_jobs: int,
    is_ordered: bool = True,
) -> Iterator[Result]:
    """Yield what a function gives for each of some arguments, as it is known.

    Args:
        function: Importable by name, called with the arguments of each.
        arguments: One tuple a call.
        n_jobs: Worker processes; one computes here.
        is_ordered: Yield in the order of the arguments; else in that of the answers.

    Raises:
        WorkerError: A worker was killed. What was yielded is good.
    """
    kind = "generator" if is_ordered else "generator_unordered"
    try:
        with (
            _no_interrupts_for_children() if n_jobs > 1 else contextlib.nullcontext(),
            joblib.parallel_config(
                backend="loky",
                n_jobs=n_jobs,
                inner_max_num_threads=1,
                initializer=_begin_worker,
                initargs=(os.getpid(),),
            ),
        ):
            results = joblib.Parallel(return_as=kind)(
                joblib.delayed(function)(*one) for one in arguments
            )
        yield from results
    except BrokenProcessPool as error:
        raise WorkerError(
            "A worker process was killed, by somebody or by the system for want of memory. What "
            "was done is kept, and the same command goes on. Use fewer --jobs if it happens again."
        ) from error


@contextlib.contextmanager
def _no_interrupts_for_children() -> Iterator[None]:
    """Let processes that start now never see Ctrl-C: they inherit which signals are blocked.

    One that arrives meanwhile is told when this ends.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    # The processes that track what workers share unblock the signal as they start: let them first.
    for tracker in (resource_tracker, loky_tracker):
        tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin_worker(parent: int) -> None:
    """Leave Ctrl-C to the parent, and end when that has ended; called once as a worker begins."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def look() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOK_EVERY)
        os._exit(1)  # nobody waits for what is computed here

    threading.Thread(target=look, daemon=True, name="evonasc-parent").start()
