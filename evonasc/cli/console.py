"""The two consoles: results on standard output, progress on standard error."""

import contextlib
import sys
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


def output(*, quiet: bool = False) -> Console:
    """Return the console for results; never narrower than a table needs in a pipe."""
    return Console(
        quiet=quiet, width=None if sys.stdout.isatty() else 110, highlight=False, markup=False
    )


def progress(*, quiet: bool = False) -> Progress:
    """Return a progress bar on standard error; nothing where ``quiet`` or no terminal."""
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
        console=console,
        transient=True,
        disable=quiet or not console.is_terminal,
    )


@contextlib.contextmanager
def counter(what: str, *, quiet: bool = False) -> Iterator[Callable[[int, int], None]]:
    """Show a progress bar, and give what is to be called with (how many are done, of how many)."""
    with progress(quiet=quiet) as bar:
        task = bar.add_task(what, total=None, note="")
        yield lambda done, total: bar.update(task, completed=done, total=total)
