"""A line on standard error now and then, where no progress bar can be: how far a command is.

For everything over ten seconds. One thread of the whole command asks whatever knows best: the
innermost progress, or nobody, and then says that the command is at work.
"""

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator

from evonasc.names import visible

#: Seconds before the first line, and between lines at least; share of the time so far, too.
_PAUSE_S, _PAUSE_SHARE = 10.0, 0.1
#: What says how far the work is, the innermost last.
_TELLERS: list[Callable[[], str]] = []


@contextlib.contextmanager
def telling(how_far: Callable[[], str]) -> Iterator[None]:
    """Let a function say how far the work is, for a while; it must be quick."""
    _TELLERS.append(how_far)
    try:
        yield
    finally:
        _TELLERS.remove(how_far)


@contextlib.contextmanager
def lines_now_and_then(what: str, *, quiet: bool = False) -> Iterator[None]:
    """Write lines on standard error while something goes on; none on a terminal or if ``quiet``."""
    if quiet or sys.stderr is None or sys.stderr.isatty():
        yield
        return
    has_ended, started = threading.Event(), time.monotonic()

    def tell() -> None:
        pause_s = _PAUSE_S
        while not has_ended.wait(pause_s):
            seconds = time.monotonic() - started
            said = _TELLERS[-1]() if _TELLERS else ""
            # whoever closed standard error wants no lines
            with contextlib.suppress(OSError, ValueError):
                line = said or f"{what}: at work for {duration(seconds)}"
                print(visible(line), file=sys.stderr, flush=True)
            pause_s = max(_PAUSE_S, _PAUSE_SHARE * seconds)

    thread = threading.Thread(target=tell, name="evonasc lines", daemon=True)
    thread.start()
    try:
        yield
    finally:
        has_ended.set()
        thread.join()


def how_far(what: str, *, done: float, total: float | None, seconds: float, note: str = "") -> str:
    """Say how far work is: share, rate, time left.

    Example:
        >>> how_far("scoring", done=300, total=1200, seconds=60.0)
        'scoring: 25 % (300 of 1200), 5 a second, 3 min left'
        >>> how_far("measuring", done=0, total=None, seconds=60.0)
        'measuring: at work for 60 s'
    """
    if not done or seconds <= 0:
        parts = [f"at work for {duration(seconds)}"]
    else:
        rate = done / seconds
        pace = f"{rate:.3g} a second" if rate >= 1 else f"{duration(1 / rate)} each"
        parts = [f"{done:.0f} done", pace]
        if total:
            parts[0] = f"{100 * done / total:.0f} % ({done:.0f} of {total:.0f})"
            parts.append(f"{duration(max(total - done, 0) / rate)} left")
    return f"{what}: {', '.join([*parts, *([note] if note else [])])}"


def duration(seconds: float) -> str:
    """Write a time as people say it.

    Example:
        >>> duration(4.2), duration(180), duration(9000)
        ('4 s', '3 min', '2.5 h')
    """
    if seconds < 100:
        return f"{seconds:.1f} s" if 0 < seconds < 1.95 else f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
