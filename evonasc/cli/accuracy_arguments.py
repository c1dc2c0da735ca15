"""The options that say where the error comes from."""

import argparse
from pathlib import Path
from typing import Any

from evonasc.benchmark import ErrorSource
from evonasc.errors import ConfigError
from evonasc.runs.benchmarks import benchmark
from evonasc.runs.config import ErrorChoice
from evonasc.runs.error_table import (
    ANY_OPTION,
    SPELLED,
    choice_of,
    error_kind,
    error_names,
    make_source,
    settled_choice,
)

#: Options of sources, as fields of their options; given ones imply a source, the first here.
_IMPLIED = {"weights": "live", "accuracy_table": "table", "scores": "supernet"}


def add_accuracy_arguments(parser: argparse.ArgumentParser, *, takes_live: bool = False) -> None:
    """Declare the options of stored errors; the help says so where no others are taken."""
    sources = "a source" if takes_live else "a stored source"
    parser.add_argument(
        "--accuracy",
        help=f"where the error comes from: {sources} that `evonasc list errors --space SPACE` "
        "names (default: what the other options imply, or the space's own)",
    )
    parser.add_argument(
        "--scores",
        type=Path,
        metavar="FILE",
        help="scores of your supernet, made by evonasc supernet score",
    )
    parser.add_argument(
        "--accuracy-table",
        type=Path,
        metavar="FILE.csv",
        help="columns arch_str (or what the space calls it) and error; for table",
    )
    parser.add_argument(
        ANY_OPTION,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="any other option of a source, such as one of a plug-in; repeatable",
    )


def add_weights_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of errors by forward passes."""
    parser.add_argument("--weights", type=Path, metavar="FILE", help="your supernet, for live")
    parser.add_argument(
        "--data-root",
        type=Path,
        help="folder with the data set's files, or where that of folder:PATH lies now",
    )


def error_of(arguments: argparse.Namespace, *, trains: bool = False) -> ErrorChoice:
    """Return the choice of errors that the options make, for a search that trains or does not."""
    given, chosen = _given(arguments), benchmark(arguments.space)
    name = arguments.accuracy or ""
    if not name and not trains:
        known = error_names(chosen)
        implied = (_IMPLIED[option] for option in _IMPLIED if option in given)
        name = next((source for source in implied if source in known), "")
    if not name and not given:
        return ErrorChoice()  # the problem may have no error at all
    return choice_of(name, given, chosen, trains=trains)


def stored_error_of(arguments: argparse.Namespace, *, what: str) -> ErrorChoice:
    """Return the same; refuse forward passes, in the name of what needs stored errors."""
    choice = error_of(arguments)
    if choice.name and not error_kind(choice.name, benchmark(arguments.space)).is_stored:
        raise ConfigError(
            f"{what} is for stored errors, got accuracy {choice.name!r}. Score the supernet with "
            "evonasc supernet score and give --scores."
        )
    return choice


def stored_source(arguments: argparse.Namespace, *, what: str) -> ErrorSource:
    """Return the source of stored errors itself, the space's own where none is named."""
    chosen = benchmark(arguments.space)
    choice = settled_choice(stored_error_of(arguments, what=what), chosen, trains=False)
    return make_source(choice, chosen, seed=0)


def _given(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the options of sources that were given, by field."""
    words = vars(arguments)
    names = ("weights", "scores", "accuracy_table", "data_root", "data", "device", "threads")
    given = {name: words[name] for name in names if words.get(name) is not None}
    if words.get("images") is not None:
        given["n_images"] = words["images"]
    if words.get("no_cache"):
        given["is_cached"] = False
    for text in arguments.accuracy_option:
        name, sign, value = text.partition("=")
        spelled = SPELLED.get(name, ANY_OPTION)
        is_declared = spelled.lstrip("-").replace("-", "_") in words and spelled != ANY_OPTION
        if not sign or is_declared:
            remedy = f"Give it as {spelled}." if is_declared else "Give both."
            raise ConfigError(f"{ANY_OPTION} must be NAME=VALUE, got {text!r}. {remedy}")
        if name in given:
            raise ConfigError(f"{ANY_OPTION} must give {name!r} once, got it again: {text!r}.")
        given[name] = value
    return given
