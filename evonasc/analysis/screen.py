"""A table with what is said above and below it, no longer than a screen."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.text import Text

#: Lines of a screen where it is not known, and the line that the next prompt takes.
_LINES, _PROMPT = 24, 1
#: Rows of a table, at most and at least.
_MOST_ROWS, _LEAST_ROWS = 25, 4


@dataclass(frozen=True)
class Screenful:
    """A table of as many rows as fit between two texts."""

    #: Above the table.
    above: Sequence[RenderableType]
    #: Makes the table of so many rows at most.
    table: Callable[[int], RenderableType]
    #: Below the table.
    below: Sequence[RenderableType]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield all parts, the table cut to what the screen leaves."""

        def lines_of(part: RenderableType) -> int:
            if isinstance(part, Text) and part.no_wrap:  # the terminal breaks it
                return max(1, -(-part.cell_len // options.max_width))
            return len(console.render_lines(part, options, pad=False))

        height = console.size.height if console.is_terminal else _LINES
        room = height - _PROMPT - sum(map(lines_of, (*self.above, *self.below)))
        n_rows = _MOST_ROWS
        while n_rows > _LEAST_ROWS and (excess := lines_of(self.table(n_rows)) - room) > 0:
            n_rows = max(_LEAST_ROWS, n_rows - excess)
        yield from self.above
        yield self.table(n_rows)
        yield from self.below
