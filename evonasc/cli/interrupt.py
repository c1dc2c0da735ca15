"""Ctrl-C asks politely: once to stop where nothing is lost, twice to stop at once.

What a closed terminal (SIGHUP) and ``kill`` (SIGTERM) ask is the same wish.
"""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType

#: Exit code after Ctrl-C; a shell's convention is 128 + the signal's number.
INTERRUPTED = 128 + signal.SIGINT
_SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)


class Interruption(KeyboardInterrupt):
    """A signal that ends the command, as Ctrl-C does."""

    def __init__(self, number: int) -> None:
        super().__init__()
        #: What the command returns.
        self.exit_code = 128 + number


class StopRequest:
    """Whether somebody asked to stop; called, it tells."""

    def __init__(self) -> None:
        self.number: int | None = None

    def __call__(self) -> bool:
        """Tell."""
        return self.number is not None

    @property
    def exit_code(self) -> int:
        """What a command returns that stopped."""
        return INTERRUPTED if self.number is None else 128 + self.number


def _interrupt(number: int, frame: FrameType | None) -> None:
    """End the command at once, by an exception: what it holds open is closed and cleaned up."""
    raise Interruption(number)


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Let every signal that asks for an end raise :class:`Interruption`."""
    with _handling(_interrupt):
        yield


@contextlib.contextmanager
def stop_on_interrupt() -> Iterator[StopRequest]:
    """Turn the first signal into a wish to stop; the second interrupts at once."""
    request = StopRequest()

    def ask(number: int, frame: FrameType | None) -> None:
        if request():
            raise Interruption(number)
        request.number = number

    with _handling(ask):
        yield request


@contextlib.contextmanager
def _handling(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Handle the signals so for a while; one that is ignored, as under nohup, stays ignored."""
    if threading.current_thread() is not threading.main_thread():  # signals belong to the main one
        yield
        return
    before = {
        one: signal.signal(one, handler)
        for one in _SIGNALS
        if signal.getsignal(one) != signal.SIG_IGN
    }
    try:
        yield
    finally:
        for one, earlier in before.items():
            signal.signal(one, earlier)
