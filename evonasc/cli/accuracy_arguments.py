"""The options that say where the error comes from."""

import argparse
from pathlib import Path
from typing import Any


def add_accuracy_arguments(parser: argparse.ArgumentParser, *, takes_live: bool = False) -> None:
    """Declare the options of stored errors.

    Args:
        parser: Of the command.
        takes_live: Whether it also takes forward passes, see :func:`add_weights_arguments`.
    """
    sources = "joined, supernet, live or table" if takes_live else "joined, supernet or table"
    parser.add_argument(
        "--accuracy",
        help=f"where the error comes from: {sources} (default: joined, or what the other options "
        "imply)",
    )
    parser.add_argument(
        "--scores",
        type=Path,
        metavar="FILE",
        help="scores of your supernet, made by evonasc supernet score",
    )
    parser.add_argument(
        "--accuracy-table", type=Path, metavar="FILE.csv", help="columns arch_str, error; for table"
    )


def add_weights_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of errors by forward passes."""
    parser.add_argument("--weights", type=Path, metavar="FILE", help="your supernet, for live")
    parser.add_argument(
        "--data-root",
        type=Path,
        help="folder with the data set's files, or where that of folder:PATH lies now",
    )


def accuracy_fields(arguments: argparse.Namespace, *, trains: bool = False) -> dict[str, Any]:
    """Return the fields of a :class:`evonasc.runs.run.RunConfig` that the options give.

    Args:
        arguments: Parsed.
        trains: Whether the search trains weights, which implies its accuracy.
    """
    names = ("weights", "scores", "accuracy_table", "data_root")
    given = {name: getattr(arguments, name) for name in names if hasattr(arguments, name)}
    return {**given, "accuracy": arguments.accuracy or _implied(given, trains=trains)}


def stored_accuracy_fields(arguments: argparse.Namespace, *, what: str) -> dict[str, Any]:
    """Return the same where forward passes are no source.

    Args:
        arguments: Parsed.
        what: Names what needs stored errors, for the message.

    Raises:
        ConfigError: An accuracy by forward passes.
    """
    from evonasc.errors import ConfigError
    from evonasc.runs.run import BY_FORWARD_PASSES

    fields = accuracy_fields(arguments)
    if fields["accuracy"] in BY_FORWARD_PASSES:
        raise ConfigError(
            f"{what} is for stored errors: supernet, joined or table, got {fields['accuracy']!r}. "
            "Score the supernet with evonasc supernet score and give --scores."
        )
    return fields


def _implied(given: dict[str, Path | None], *, trains: bool) -> str:
    """Return where the error comes from if nobody says."""
    from evonasc.runs.run import RunConfig

    if trains:
        return "cotrained"
    if given.get("weights") is not None:
        return "live"
    if given.get("accuracy_table") is not None:
        return "table"
    return "supernet" if given.get("scores") is not None else RunConfig.accuracy
