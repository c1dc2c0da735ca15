"""``evonasc pick``: one design of a run's front, and why it is that one."""

import argparse
import json
from pathlib import Path

from evonasc.analysis.choice import rounded_up
from evonasc.analysis.picking import Picked, pick
from evonasc.analysis.report import front_view, plain_table, shown_columns
from evonasc.bounds import is_within
from evonasc.cli.bound_arguments import add_bound_arguments, bounds_of, require_meant
from evonasc.cli.console import output
from evonasc.errors import ConfigError
from evonasc.runs.design_rows import placement_columns
from evonasc.runs.finished import FinishedRun, load_run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("run", type=Path, metavar="RUN", help="run folder")
    how = parser.add_mutually_exclusive_group()
    how.add_argument(
        "--knee",
        action="store_true",
        help="furthest below the line through the front's ends (the default without a bound; "
        "within bounds it is the least of the first objective)",
    )
    how.add_argument(
        "--max-error-increase",
        type=float,
        metavar="FRACTION",
        help="least latency with at most this more error than the front's least",
    )
    how.add_argument(
        "--weights",
        metavar="COLUMN=WEIGHT,...",
        help="least weighted sum, as in error=1,latency_ms=0.02",
    )
    add_bound_arguments(parser)
    parser.add_argument("--json", action="store_true", help="print the choice as JSON")


def execute(arguments: argparse.Namespace) -> int:
    """Print the choice."""
    run = load_run(arguments.run)
    weights = None
    if arguments.weights is not None:
        words = [word for word in arguments.weights.split(",") if word.strip()]
        weights = dict(map(_weight, words))
    require_meant(arguments, run.config.objectives)
    picked = pick(
        run,
        bounds=bounds_of(arguments),
        wants_knee=arguments.knee,
        max_error_increase=arguments.max_error_increase,
        weights=weights,
    )
    if arguments.json:
        document = {
            "choice": _as_numbers(run, picked.row),
            "why": picked.reason,
            "neighbours": [
                {"better_in": one.better_in, **_as_numbers(run, one.row)}
                for one in picked.neighbours
            ],
            "binding": [
                {
                    "bound": str(one.bound),
                    "next_limit": one.next_limit,
                    "next_id": int(run.rows[one.next_row]["id"]),
                }
                for one in picked.binding
            ],
        }
        print(json.dumps(document, indent=2))
        return 0
    _show(run, picked)
    output().print(
        f"\nWhat each change of it would do: evonasc explain {arguments.run} {picked.design['id']}",
        soft_wrap=True,
    )
    return 0


def _show(run: FinishedRun, picked: Picked) -> None:
    """Print the choice, its neighbours and what binds, for people."""
    console, chosen, row, bounds = output(), picked.design, picked.row, picked.bounds
    console.print(f"Design {chosen['id']}. {picked.reason}", soft_wrap=True)
    shown = (*run.config.bounds, *bounds)
    console.print(
        front_view([chosen], run.designs, objectives=shown_columns(run.config), bounds=shown)
    )
    allowed = is_within(run.columns, bounds)
    has_cuts = run.space.n_blocks > 0
    cut_names = placement_columns(run.designs)[: run.designs.n_links]
    rows = []
    for one in picked.neighbours:
        cuts = [int(run.rows[one.row][name]) for name in cut_names]
        operations = run.space.from_text([run.rows[one.row][run.space.text_column]])
        rows.append(
            {
                "better in": one.better_in,
                "id": run.rows[one.row]["id"],
                run.space.network_word: run.space.to_short_text(operations)[0],
                **({"cut after": ", ".join(map(run.space.cut_in_words, cuts))} if has_cuts else {}),
                **{
                    name: f"{values[one.row]:.4g} ({values[one.row] - values[row]:+.3g})"
                    for name, values in run.columns.items()
                    if name in run.config.objectives
                },
                "allowed": "yes" if allowed[one.row] else "no",
            }
        )
    if rows:
        console.print("\nBeside it on the front, with the difference to it:")
        console.print(plain_table(rows))
    for binding in picked.binding:
        console.print(
            f"\n{binding.bound} binds: from {rounded_up(binding.next_limit)} on, design "
            f"{run.rows[binding.next_row]['id']} would be chosen.",
            soft_wrap=True,
        )
    if bounds and not picked.binding:
        console.print(
            "\nNone of these bounds binds: without them the same design of this front is chosen."
        )


def _weight(text: str) -> tuple[str, float]:
    """Read COLUMN=WEIGHT."""
    name, equals, value = text.partition("=")
    try:
        if not equals or not name.strip():
            raise ValueError
        return name.strip(), float(value)
    except ValueError as error:
        raise ConfigError(f"weights must be COLUMN=NUMBER, got {text!r}.") from error


def _as_numbers(run: FinishedRun, row: int) -> dict[str, object]:
    """Return a row of the front as JSON holds it: quantities and places as numbers."""
    whole = ("id", *placement_columns(run.designs))
    quantities = {name: float(values[row]) for name, values in run.columns.items()}
    places = {name: int(run.rows[row][name]) for name in whole}
    return {**run.rows[row], **places, **quantities}
