"""Tables for a terminal."""

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from evonasc.analysis.failures import failure_lines
from evonasc.analysis.screen import Screenful
from evonasc.analysis.shares import truth_words
from evonasc.bounds import Bound, in_words, is_within
from evonasc.names import visible
from evonasc.runs.config import RunConfig
from evonasc.runs.design_rows import design_rows, placement_columns
from evonasc.runs.run import RunResult
from evonasc.runs.tables import answer_table, front_table
from evonasc.search.algorithms import ALGORITHMS
from evonasc.search.algorithms import algorithm as find_algorithm
from evonasc.space import DesignSpace, SearchSpace

#: Column -> (heading, number format).
_HEADINGS = {
    "error": ("error", ".4f"),
    "error_calibrated": ("calibrated", ".4f"),
    "error_calibrated_low": ("low", ".4f"),
    "error_calibrated_high": ("high", ".4f"),
    "latency_ms": ("total ms", ".2f"),
    "head_ms": ("head ms", ".2f"),
    "uplink_ms": ("uplink ms", ".2f"),
    "tail_ms": ("tail ms", ".2f"),
    "energy_mj": ("energy mJ", ".1f"),
    "payload_bytes": ("payload B", ".0f"),
    "head_memory_bytes": ("memory kB", ".0f"),
    "latency_p95_ms": ("p95 ms", ".2f"),
    "miss_probability": ("missed", ".2%"),
}
_ORDER = (
    "error",
    "error_calibrated",
    "error_calibrated_low",
    "error_calibrated_high",
    "head_ms",
    "uplink_ms",
    "tail_ms",
    "latency_ms",
)
#: What a narrow terminal does without, in this order, unless it is an objective.
_SPARED = (
    ("tail_ms",),
    ("uplink_ms",),
    ("head_ms",),
    ("error_calibrated_low", "error_calibrated_high"),
    ("error_calibrated",),
)


@dataclass(frozen=True)
class _FittingTable:
    """A table that leaves columns out where the terminal is too narrow, and says which."""

    #: Makes the table with these columns.
    build: Callable[[Sequence[str]], Table]
    #: All columns.
    names: Sequence[str]
    #: Those to leave out, first ones first, each with what makes no sense without it.
    spared: Sequence[Sequence[str]]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the widest table that fits, or the narrowest there is."""
        anywhere = options.update(max_width=10_000)
        left_out: list[str] = []
        table = self.build(self.names)
        for group in self.spared:
            if console.measure(table, options=anywhere).maximum <= options.max_width:
                break
            left_out += group
            table = self.build([kept for kept in self.names if kept not in left_out])
        yield table
        if left_out:
            headings = ", ".join(_heading(name) for name in left_out)
            yield Text(f"Left out to fit: {headings}. A wider terminal or the CSV file has them.")


def front_view(
    rows: Sequence[Mapping[str, object]],
    designs: DesignSpace,
    *,
    objectives: tuple[str, ...],
    bounds: Sequence[Bound] = (),
    most: int = 25,
) -> RenderableType:
    """Return a table of front rows that fits a terminal.

    Args:
        rows: As :func:`evonasc.runs.folder.front_table` or ``front.csv`` gives them.
        designs: Writes networks in short, and knows the links.
        objectives: Shown besides error and times, never left out.
        bounds: Their columns are shown too.
        most: Rows at most; of a longer front, evenly spaced ones with both ends.
    """
    if not rows:
        why = f"no design evaluated has {in_words(bounds)}" if bounds else "nothing was evaluated"
        return Text(f"The front is empty: {why}.")
    objectives = tuple(dict.fromkeys((*objectives, *(bound.column for bound in bounds))))
    extra = [name for name in objectives if name not in _ORDER]
    names = [name for name in (*_ORDER, *extra) if name in rows[0]]
    space, placement = designs.space, placement_columns(designs)
    cut_names, bits_names = placement[: designs.n_links], placement[designs.n_links :]
    has_bits = len({str(row[name]) for row in rows for name in bits_names}) > 1
    has_cuts = space.n_blocks > 0
    step = max((len(rows) - 1) / (most - 1), 1.0)
    chosen = sorted({min(round(i * step), len(rows) - 1) for i in range(min(most, len(rows)))})

    def build(names: Sequence[str]) -> Table:
        table = Table(box=None, pad_edge=False, header_style="bold")
        table.add_column("id", justify="right")
        table.add_column(space.network_word)
        for _ in cut_names if has_cuts else ():
            table.add_column("cut after")
        for _ in bits_names if has_bits else ():
            table.add_column("bits", justify="right")
        for name in names:
            table.add_column(_heading(name), justify="right", no_wrap=True)
        for row in (rows[i] for i in chosen):
            cuts, bits = (
                [int(str(row[name])) for name in part] for part in (cut_names, bits_names)
            )
            cells = [str(row["id"]), _network(row, space)]
            cells += map(space.cut_in_words, cuts) if has_cuts else []
            cells += map(space.bits_in_words, bits, cuts) if has_bits else []
            table.add_row(*cells, *(_number(name, row[name]) for name in names))
        return table

    spared = [
        group for group in _SPARED if set(group) <= set(names) and not set(group) & set(objectives)
    ]
    shown = f"{len(chosen)} of {len(rows)} points shown; " if len(chosen) < len(rows) else ""
    table = _FittingTable(build, names, spared)
    return Group(table, Text(f"{shown}{space.short_text_key}", style="dim"))


def _heading(name: str) -> str:
    """Return the heading of a column."""
    return _HEADINGS.get(name, (name, ""))[0]


def _network(row: Mapping[str, object], space: SearchSpace) -> str:
    """Write a row's network in short."""
    return space.to_short_text(space.from_text([str(row[space.text_column])]))[0]


def _number(name: str, value: object) -> str:
    """Format a number for its column."""
    number = float(str(value))
    if name == "head_memory_bytes":
        number /= 1000
    return format(number, _HEADINGS.get(name, ("", ".4g"))[1])


def run_view(result: RunResult, *, folder: Path | None = None) -> RenderableType:
    """Return what a person wants to see after a run, no longer than a screen.

    The front, how complete it is, and where the rest stands.

    Args:
        result: Of the run.
        folder: Where it was written; None for nowhere.
    """
    problem, algorithm = result.problem, result.config.search.algorithm
    columns, rows = shown_columns(result.config), front_table(result)
    bounds = problem.column_bounds

    def table(most: int) -> RenderableType:
        return front_view(rows, problem.designs, objectives=columns, bounds=bounds, most=most)

    return Screenful(
        answers_view(answer_table(result), problem.designs, algorithm=algorithm),
        table,
        (
            *nearest_view(result),
            *failure_lines([one.reason for one in result.failures], len(result.genes)),
            Text(outcome_line(result)),
            *pointer_lines(folder),
        ),
    )


def pointer_lines(folder: Path | None) -> tuple[Text, ...]:
    """Say where a run was written, and how to see more of it; nothing where it is nowhere."""
    if folder is None:
        return ()
    command = shlex.join(["evonasc", "show", str(folder), "--provenance"])
    return (
        Text(f"Written to {folder}. Where the numbers come from:"),
        Text(f"  {visible(command)}", no_wrap=True, overflow="ignore"),
    )


def shown_columns(config: RunConfig) -> tuple[str, ...]:
    """Return the columns that a run is about: objectives, and what it bounds."""
    scenario = config.scenario
    limits = {
        "head_memory_bytes": scenario.max_head_memory_bytes,
        "payload_bytes": scenario.max_payload_bytes,
    }
    bounded = (bound.column for bound in config.bounds)
    limited = (name for name, limit in limits.items() if limit is not None)
    return tuple(dict.fromkeys((*config.objectives, *bounded, *limited)))


def nearest_view(result: RunResult) -> tuple[RenderableType, ...]:
    """Return the design nearest to bounds that none keeps to; nothing where one does."""
    miss, problem = result.nearest_miss, result.problem
    if miss is None:
        return ()
    columns = {name: values[[miss.row]] for name, values in result.columns.items()}
    rows = design_rows(problem.designs, result.genes[[miss.row]], columns, ids=[miss.row + 1])
    line = Text(f"No design evaluated meets this: the nearest misses {miss}.")
    shown = shown_columns(result.config)
    view = front_view(rows, problem.designs, objectives=shown, bounds=problem.column_bounds)
    return (line, view)


def answers_view(
    rows: Sequence[Mapping[str, object]], designs: DesignSpace, *, algorithm: str
) -> tuple[RenderableType, ...]:
    """Return what a search under thresholds answers, threshold by threshold; nothing for others.

    Args:
        rows: As :func:`evonasc.runs.tables.answer_table` or ``answers.csv`` gives them.
        designs: Writes networks in short, and knows the links.
        algorithm: Whose thresholds they are.
    """
    if not rows:
        return ()
    space, cut_names = designs.space, placement_columns(designs)[: designs.n_links]
    # an uninstalled package's algorithm can be asked nothing
    is_on_device = algorithm in ALGORITHMS and find_algorithm(algorithm).cuts_afterwards
    table = Table(box=None, pad_edge=False, header_style="bold", title_justify="left")
    first = "on device ms" if is_on_device else "threshold ms"
    for name in (first, space.network_word, "cut after", "error", "total ms", "threshold"):
        table.add_column(name, justify="right" if name.endswith(("ms", "error")) else "left")
    for row in rows:
        is_met, is_repaired = (
            str(row[f"is_{name}"]) == "True" for name in ("feasible", "repaired")
        )
        table.add_row(
            f"{float(str(row['max_latency_ms'])):.2f}",
            _network(row, space),
            ", ".join(space.cut_in_words(int(str(row[name]))) for name in cut_names)
            + (" (repaired)" if is_repaired else ""),
            _number("error", row["error"]),
            _number("latency_ms", row["latency_ms"]),
            "met" if is_met else "not met",
        )
    whose = (
        "each threshold on the whole network on the device" if is_on_device else "each threshold"
    )
    note = Text(f"The most probable design under {whose}; below, all that was evaluated.")
    return (table, note, Text())


def outcome_line(result: RunResult) -> str:
    """Return one sentence on how the search ended and how near the truth it came."""
    search, n_left = result.config.search, result.config.search.budget - len(result.genes)
    is_ours = ALGORITHMS.is_built_in(search.algorithm)
    words = {
        "complete": "",
        "exhausted": " (nothing new left to find)"
        if is_ours
        else f" ({search.algorithm} ended there, {n_left} of the budget left)",
        "interrupted": " (interrupted)",
    }
    line = (
        f"{len(result.genes)} distinct designs evaluated in {result.seconds:.1f} s"
        f"{words[result.status]}, {len(result.front_rows)} on the front{_within(result)}."
    )
    comparison = result.compare_exact()
    if result.why_not_exact:
        line += f" No exact front: {result.why_not_exact}."
    if comparison is not None:
        found = truth_words(
            n_found=comparison.n_found,
            n_points=comparison.n_points,
            hypervolume_share=comparison.hypervolume_share,
            n_objectives=len(result.problem.objectives),
            noisy=result.noisy_objectives(),
        )
        line += f" {found}"
    return line


def found_words(summary: Mapping[str, Any], *, n_objectives: int) -> str:
    """Say how much of the exact front a finished run found; nothing where that is not known."""
    exact = summary["exact"]
    if exact is None:
        return ""
    return truth_words(
        n_found=exact["n_found"],
        n_points=exact["n_points"],
        hypervolume_share=exact["hypervolume_share"],
        n_objectives=n_objectives,
        noisy=list(map(str, summary["noisy_objectives"])),
    )


def _within(result: RunResult) -> str:
    """Say what the front keeps to, and how many designs do; nothing without bounds."""
    bounds = result.problem.column_bounds
    if not bounds:
        return ""
    n_within = int(is_within(result.columns, bounds).sum())
    return f", of the {n_within} with {in_words(bounds)}"


def provenance_lines(lines: Sequence[str]) -> list[Text]:
    """Return where the numbers come from, dimmed."""
    return [Text(f"- {line}", style="dim") for line in lines]


def plain_table(rows: Sequence[Mapping[str, str]]) -> Table:
    """Return any rows of text as a table."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in rows[0]:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*row.values())
    return table
