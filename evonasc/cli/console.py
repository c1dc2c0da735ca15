"""The two consoles: results on standard output, progress on standard error."""

import contextlib
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.segment import Segment
from rich.text import Text

from evonasc.cli.heartbeat import how_far, telling
from evonasc.names import visible


class _SafeConsole(Console):
    """A console on which no text moves the cursor, sets colours or hides: it shows escapes."""

    def render_str(self, text: str, **options: Any) -> Text:
        """Escape what rich would take out."""
        return super().render_str(visible(text, keeps="\n"), **options)

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """Escape what shows nothing of itself, but for the ends of lines."""
        for segment in super().render(renderable, options):
            if segment.control or segment.text.isprintable() or segment.text == "\n":
                yield segment
            else:
                yield Segment(visible(segment.text, keeps="\n"), segment.style)

    def on_broken_pipe(self) -> None:
        """Tell that whoever read the output has seen enough; rich itself would end the process."""
        raise BrokenPipeError


def output(*, quiet: bool = False) -> Console:
    """Return the console for results; never narrower than a table needs in a pipe."""
    width = None if sys.stdout.isatty() else 110
    return _SafeConsole(quiet=quiet, width=width, highlight=False, markup=False)


@contextlib.contextmanager
def progress(*, quiet: bool = False) -> Iterator[Progress]:
    """Show a progress bar on standard error; a line now and then where that is no terminal."""
    console = _SafeConsole(stderr=True, highlight=False, markup=False)
    bar = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}", markup=False),
        console=console,
        transient=True,
        disable=quiet or not console.is_terminal,
    )
    with telling(lambda: _how_far(bar)), bar:
        yield bar


def _how_far(bar: Progress) -> str:
    """Say how far the task is that began last."""
    if not bar.tasks:
        return ""
    task = bar.tasks[-1]
    return how_far(
        task.description,
        done=task.completed,
        total=task.total,
        seconds=task.elapsed or 0.0,
        note=str(task.fields["note"]),
    )


@contextlib.contextmanager
def counter(what: str, *, quiet: bool = False) -> Iterator[Callable[[int, int], None]]:
    """Show a progress bar, and give what is to be called with (how many are done, of how many)."""
    with progress(quiet=quiet) as bar:
        task = bar.add_task(what, total=None, note="")
        yield lambda done, total: bar.update(task, completed=done, total=total)


def warn(text: str) -> None:
    """Say on standard error what nobody should overlook; nothing where there is nothing to say."""
    if text:
        Console(stderr=True, highlight=False, markup=False).print(
            f"Warning: {text.strip()}", style="bold yellow", soft_wrap=True
        )
