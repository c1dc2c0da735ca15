"""Sources of the error by name: those of any space, and those of a space's benchmark."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from evonasc.benchmark import Benchmark, ErrorKind, ErrorRequest, ErrorSource
from evonasc.errors import ConfigError, PluginError, UnknownNameError
from evonasc.field_types import from_text, hints_of
from evonasc.plugins import OWN, Registry
from evonasc.runs.config import ErrorChoice
from evonasc.runs.foreign_errors import foreign_errors

#: Sources that serve any space; each benchmark has a table of its own beside it.
ERRORS = Registry(
    "accuracy",
    "errors",
    {
        "table": (
            "evonasc.supernet.error_table:TABLE",
            "your own table of errors, one row a network (--accuracy-table)",
        )
    },
)


def error_names(benchmark: Benchmark) -> list[str]:
    """Return the names of all sources that a space can have."""
    return sorted({*ERRORS, *benchmark.errors})


def error_kind(name: str, benchmark: Benchmark) -> ErrorKind:
    """Return the source of that name.

    Raises:
        UnknownNameError: The space has no such source.
        PluginError: It is another package's, and broken.
    """
    table = error_table(name, benchmark)
    if ":" not in name and name not in table:
        raise UnknownNameError(
            "accuracy",
            name,
            error_names(benchmark),
            remedy=f"These are those of the space {benchmark.name!r}.",
        )
    kind = table.load(name)
    if not isinstance(kind, ErrorKind):
        raise table.broken(table.entry(name), f"it must be an ErrorKind, got {kind!r}")
    return kind


def error_table(name: str, benchmark: Benchmark) -> Registry:
    """Return the table that has the source of that name, if any has."""
    return ERRORS if ERRORS.is_built_in(name) else benchmark.errors


def settled_choice(choice: ErrorChoice, benchmark: Benchmark, *, trains: bool) -> ErrorChoice:
    """Return a choice with the source's name and options, whatever was left to defaults.

    Its source is one of weights in training just where the search trains weights.

    Raises:
        ConfigError: The space has no default, or search, source and options do not fit.
        UnknownNameError: The space has no such source.
    """
    name = choice.name or (benchmark.trained_error if trains else benchmark.default_error)
    if not name:
        raise _no_default(benchmark, trains=trains)
    kind = error_kind(name, benchmark)
    if kind.is_trained_by_search != trains:
        raise ConfigError(
            f"accuracy {name!r} must be used with a search that trains weights. Leave it out, or "
            "search with --algo gdas or nasc-cotrain."
            if kind.is_trained_by_search
            else f"accuracy {name!r} cannot be used with a search that trains weights: its errors "
            "come from these weights. Leave out --accuracy, and name the images with --data."
        )
    options = kind.options() if choice.options is None else choice.options
    if not isinstance(options, kind.options):
        raise ConfigError(
            f"The options of accuracy {name!r} must be of type {kind.options.__name__}, got "
            f"{type(options).__name__}. Leave them out for the source's defaults."
        )
    return ErrorChoice(name, options)


def _no_default(benchmark: Benchmark, *, trains: bool) -> ConfigError:
    """Return the error of a space that has no source of its own for such a search."""
    names = []
    for name in error_names(benchmark):
        try:
            fits = error_kind(name, benchmark).is_trained_by_search == trains
        except PluginError:  # a broken one is no offer
            continue
        names += [name] if fits else []
    if not names:
        return ConfigError(
            f"The space {benchmark.name!r} brings no weights that a search can train. Use a search "
            "that trains none, such as --algo nsga2."
        )
    wanted = " that a search can train" if trains else ""
    return ConfigError(
        f"The space {benchmark.name!r} has no source of errors{wanted} of its own. Name one of "
        f"{', '.join(names)} with --accuracy, or a problem that brings errors with --problem."
    )


def choice_of(
    name: str, given: Mapping[str, Any], benchmark: Benchmark, *, trains: bool
) -> ErrorChoice:
    """Return a choice from options that a user gave one by one; no name is the default source's.

    Values may be texts, which become what the option holds.

    Raises:
        ConfigError: The source does not read an option, or not such a value; it is named.
        UnknownNameError: The space has no such source.
    """
    settled = settled_choice(ErrorChoice(name), benchmark, trains=trains)
    options = error_kind(settled.name, benchmark).options
    reads = [one.name for one in fields(options)]
    for option in given:
        if option not in reads:
            known = ", ".join(map(option_words, reads)) or "no option of its own"
            raise ConfigError(
                f"{option_words(option)} is not read by --accuracy {settled.name}, which reads "
                f"{known}. Leave out {option_words(option)}, or name an --accuracy that reads it"
                f"{_readers(option, benchmark)}."
            )
    hints, values = hints_of(options), {}
    for option, value in given.items():
        try:
            values[option] = from_text(hints[option], value)
        except TypeError as error:
            raise ConfigError(f"{option} of --accuracy {settled.name} {error}.") from error
    return ErrorChoice(settled.name, options(**values))


def make_source(choice: ErrorChoice, benchmark: Benchmark, *, seed: int) -> ErrorSource:
    """Return the source of a settled choice.

    Raises:
        EvonascError: It cannot be had.
        PluginError: It is another package's, and broken.
    """
    kind, table = error_kind(choice.name, benchmark), error_table(choice.name, benchmark)
    entry = table.entry(choice.name)
    request = ErrorRequest(benchmark.make_space(), seed=seed)
    made = table.guarded(entry, kind.make, choice.options, request)
    if not isinstance(made, ErrorSource):
        raise table.broken(
            entry,
            f"it must give error(genes, designs) and provenance, got {type(made).__name__}",
        )
    # What a search trains must stay the object that it is, with all its methods.
    is_own = entry.source == OWN or kind.is_trained_by_search
    return made if is_own else foreign_errors(made, table, entry)


def _readers(option: str, benchmark: Benchmark) -> str:
    """Name the built-in sources that read an option, for a message."""
    names = [
        name
        for table in (ERRORS, benchmark.errors)
        for name in table
        if table.is_built_in(name)
        and option in {one.name for one in fields(error_kind(name, benchmark).options)}
    ]
    return f" ({', '.join(sorted(names))})" if names else ""


def option_words(name: str) -> str:
    """Return an option of a source as the command line spells it."""
    return SPELLED.get(name, f"{ANY_OPTION} {name}")


#: The options that commands declare by name, by their field.
SPELLED = {
    "accuracy_table": "--accuracy-table",
    "data": "--data",
    "data_root": "--data-root",
    "device": "--device",
    "is_cached": "--no-cache",
    "n_images": "--images",
    "scores": "--scores",
    "threads": "--threads",
    "weights": "--weights",
}
#: What gives any other.
ANY_OPTION = "--accuracy-option"
