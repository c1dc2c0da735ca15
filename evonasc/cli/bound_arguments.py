"""The options that bound columns: of a search, of the exact front, of a choice."""

import argparse
from collections.abc import Sequence

from evonasc.bounds import Bound, read_bounds
from evonasc.errors import ConfigError


def add_bound_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the bounds."""
    parser.add_argument(
        "--max",
        action="append",
        default=[],
        metavar="COLUMN=VALUE",
        help="only designs with at most this: any column, or a word of its name, as in p95=30ms, "
        "error=0.3, energy=50mJ, memory=1.5MB; may be given again",
    )
    parser.add_argument("--max-latency-ms", metavar="MS", help="short for --max latency_ms=MS")


def add_margin_argument(parser: argparse.ArgumentParser) -> None:
    """Declare the margin of the bounds."""
    parser.add_argument(
        "--margin",
        type=float,
        default=0.0,
        metavar="SHARE",
        help="take SHARE times the mean error of its predictor off each bound: limit x "
        "(1 - SHARE x error); 1 takes all of it, 0 nothing (default: %(default)s)",
    )


def bounds_of(arguments: argparse.Namespace) -> tuple[Bound, ...]:
    """Return the bounds that the options state."""
    short = arguments.max_latency_ms
    return read_bounds([*arguments.max, *([] if short is None else [f"latency_ms={short}"])])


def require_meant(arguments: argparse.Namespace, objectives: Sequence[str]) -> None:
    """Refuse ``--max-latency-ms`` where it could be about either of two latencies.

    Raises:
        ConfigError: An objective is a latency, but not ``latency_ms``.
    """
    others = [name for name in objectives if name.startswith("latency") and name != "latency_ms"]
    if arguments.max_latency_ms is not None and others and "latency_ms" not in objectives:
        limit = arguments.max_latency_ms
        choices = " or ".join(f"--max {name}={limit}" for name in (*others, "latency_ms"))
        raise ConfigError(
            f"--max-latency-ms must be about a latency that is an objective, got {limit} with "
            f"{', '.join(objectives)}. Name the column: {choices}."
        )
