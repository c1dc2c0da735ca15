"""``evonasc pick``: one design of a run's front, and why it is that one."""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evonasc.cli.console import output
from evonasc.errors import ConfigError

if TYPE_CHECKING:
    from evonasc.analysis.choice import Bound
    from evonasc.arrays import FloatArray
    from evonasc.runs.finished import FinishedRun


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("run", type=Path, metavar="RUN", help="run folder")
    how = parser.add_mutually_exclusive_group()
    how.add_argument(
        "--knee",
        action="store_true",
        help="furthest below the line through the front's ends (the default)",
    )
    how.add_argument(
        "--max-latency-ms", type=float, metavar="MS", help="least error within this latency"
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
    parser.add_argument(
        "--max",
        action="append",
        default=[],
        metavar="COLUMN=VALUE",
        help="only designs with at most this; may be given again",
    )
    parser.add_argument("--json", action="store_true", help="print the choice as JSON")


def execute(arguments: argparse.Namespace) -> int:
    """Print the choice."""
    from evonasc.analysis import choice
    from evonasc.runs.finished import read_finished

    run = read_finished(arguments.run)
    limits = [_pair(text, "max") for text in arguments.max]
    bounds = [choice.Bound(name, limit) for name, limit in limits]
    scores, mode_bounds, why = _wish(arguments, run)
    bounds = [*mode_bounds, *bounds]
    given: dict[str, Any] = {
        "bounds": bounds,
        "tie_breaker": -choice.knee_depths(run.points),
    }
    row = choice.choose(scores, run.columns, **given)
    binding = choice.bindings(scores, run.columns, **given)
    beside = choice.neighbours(run.points, row, objectives=run.config.objectives)
    n_allowed = int(choice.feasible(run.columns, bounds).sum())
    reason = _reason(why, scores[row], bounds=bounds, n_allowed=n_allowed, n=len(run.rows))
    if arguments.json:
        document = {
            "choice": run.rows[row],
            "why": reason,
            "neighbours": [{"better_in": one.better_in, **run.rows[one.row]} for one in beside],
            "binding": [
                {
                    "bound": str(one.bound),
                    "next_limit": one.next_limit,
                    "next_id": run.rows[one.next_row]["id"],
                }
                for one in binding
            ],
        }
        print(json.dumps(document, indent=2))
        return 0
    _show(run, row, reason=reason, beside=beside, binding=binding, bounds=bounds)
    output().print(
        f"\nWhat each change of it would do: evonasc explain {arguments.run} {run.rows[row]['id']}",
        soft_wrap=True,
    )
    return 0


def _wish(
    arguments: argparse.Namespace, run: "FinishedRun"
) -> "tuple[FloatArray, list[Bound], str]":
    """Return what to minimise, the bounds that the wish brings, and the wish in words."""
    from evonasc.analysis import choice
    from evonasc.errors import UnknownNameError

    for name in ("error", "latency_ms"):
        is_needed = arguments.max_latency_ms is not None or arguments.max_error_increase is not None
        if is_needed and name not in run.columns:
            raise UnknownNameError("column", name, run.columns)
    if arguments.max_latency_ms is not None:
        bound = choice.Bound("latency_ms", arguments.max_latency_ms)
        return run.columns["error"], [bound], "the least error, {score:.4f},"
    if arguments.max_error_increase is not None:
        increase = arguments.max_error_increase
        if not increase >= 0:
            raise ConfigError(f"max_error_increase must be at least 0, got {increase}.")
        bound = choice.Bound("error", float(run.columns["error"].min()) + increase)
        return run.columns["latency_ms"], [bound], "the least latency, {score:.2f} ms,"
    if arguments.weights is not None:
        words = [word for word in arguments.weights.split(",") if word.strip()]
        weights = dict(_pair(word, "weights") for word in words)
        text = " + ".join(f"{weight:g} {name}" for name, weight in weights.items())
        return choice.weighted_sums(run.columns, weights), [], f"the least {text}, {{score:.4g}},"
    depths = choice.knee_depths(run.points)
    if depths.max() <= 0:
        return (
            -depths,
            [],
            "(no knee: no point lies below the line through the front's ends) an end",
        )
    return -depths, [], "the knee, furthest below the line through the front's ends"


def _reason(why: str, score: float, *, bounds: "Sequence[Bound]", n_allowed: int, n: int) -> str:
    """Return one sentence on why it is this design."""
    among = f"among all {n} points of the front"
    if bounds:
        limits = " and ".join(map(str, bounds))
        among = f"among the {n_allowed} of {n} points of the front with {limits}"
    return f"It is {why.format(score=score)} {among}."


def _show(
    run: "FinishedRun",
    row: int,
    *,
    reason: str,
    beside: Sequence[Any],
    binding: Sequence[Any],
    bounds: "Sequence[Bound]",
) -> None:
    """Print the choice, its neighbours and what binds, for people."""
    from evonasc.analysis.choice import feasible, rounded_up
    from evonasc.analysis.report import front_view, plain_table

    console, chosen = output(), run.rows[row]
    console.print(f"Design {chosen['id']}. {reason}", soft_wrap=True)
    console.print(front_view([chosen], run.space, objectives=run.config.objectives))
    allowed = feasible(run.columns, bounds)
    has_cuts = run.space.n_blocks > 0
    rows = []
    for one in beside:
        operations = run.space.from_text([run.rows[one.row][run.space.text_column]])
        rows.append(
            {
                "better in": one.better_in,
                "id": run.rows[one.row]["id"],
                run.space.network_word: run.space.to_short_text(operations)[0],
                **(
                    {"cut after": run.space.cut_in_words(int(run.rows[one.row]["split_point"]))}
                    if has_cuts
                    else {}
                ),
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
    for one in binding:
        console.print(
            f"\n{one.bound} binds: from {rounded_up(one.next_limit)} on, design "
            f"{run.rows[one.next_row]['id']} would be chosen.",
            soft_wrap=True,
        )
    if bounds and not binding:
        console.print("\nNo bound binds: without them the choice would be the same.")


def _pair(text: str, option: str) -> tuple[str, float]:
    """Read COLUMN=VALUE.

    Raises:
        ConfigError: It is none.
    """
    name, equals, value = text.partition("=")
    try:
        if not equals or not name.strip():
            raise ValueError
        return name.strip(), float(value)
    except ValueError as error:
        raise ConfigError(f"{option} must be COLUMN=NUMBER, got {text!r}.") from error
