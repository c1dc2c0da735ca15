"""Command line: arguments, one call, a summary.

Only the command that is asked for is imported, so ``--help`` answers at once.
"""

import argparse
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

from evonasc import __version__
from evonasc.cli.heartbeat import lines_now_and_then
from evonasc.cli.interrupt import INTERRUPTED, interruptible
from evonasc.errors import ConfigError, EvonascError
from evonasc.files import require_new
from evonasc.names import shortened, visible

#: Command -> (module with ``add_arguments`` and ``execute``, help).
COMMANDS = {
    "check-plugin": ("check_plugin", "check what a plug-in promises, for its author"),
    "compare": ("compare", "set algorithms against each other over seeds"),
    "exact": ("exact", "the exact front of a space small enough to list"),
    "explain": ("explain", "draw one design, and say what each change of it would do"),
    "hardware": ("hardware", "tables of predicted latencies; fit the predictors anew"),
    "list": ("listing", "name what can be chosen"),
    "pick": ("pick", "choose one design of a run's front, and say why"),
    "plot": ("plot", "draw the fronts of finished runs"),
    "report": ("report", "write finished runs as one HTML page, front and link rate to play with"),
    "resume": ("resume", "go on with a run that was cut short, or evaluate more"),
    "run": ("run", "search networks and cuts, return the front of trade-offs"),
    "runs": ("runs", "list the runs of a folder, or remove some"),
    "show": ("show", "show a finished run"),
    "supernet": ("supernet", "train, score and rank the one-shot supernet"),
    "sweep": ("sweep", "fronts and best cuts of a run over a range of link rates"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Returns:
        0; 2 for an error the user can mend; 128 + its number after a signal, 130 after Ctrl-C.
    """
    words = sys.argv[1:] if argv is None else list(argv)
    if argv is None:  # of worker processes too: no module of the current folder (see __main__)
        os.environ.setdefault("PYTHONSAFEPATH", "1")
    for word in words:
        if not word.isprintable() and ("\0" in word or _has_lone_surrogate(word)):
            print(f"evonasc: error: {word!r} holds what no file or text can.", file=sys.stderr)
            return 2
    asked = next((word for word in words if not word.startswith("-")), None)
    parser = _Parser(prog="evonasc", description=_DESCRIPTION, allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"evonasc {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (module, text) in COMMANDS.items():
        command = commands.add_parser(name, help=text, description=text, allow_abbrev=False)
        if name == asked:
            import_module(f"evonasc.cli.{module}").add_arguments(command)
    arguments = parser.parse_args(words)
    command = commands.choices[arguments.command]
    _require_single_values(command, arguments)
    arguments.given = _given(command, words)
    module = COMMANDS[arguments.command][0]
    try:
        if getattr(arguments, "is_out_new", False):
            require_new(arguments.out)
        _require_inputs_kept(arguments)
        is_quiet = getattr(arguments, "quiet", False) or getattr(arguments, "json", False)
        with interruptible(), lines_now_and_then(arguments.command, quiet=is_quiet):
            code: int = import_module(f"evonasc.cli.{module}").execute(arguments)
    except EvonascError as error:
        return _refused(str(error))
    except KeyboardInterrupt as interruption:
        print("evonasc: interrupted.", file=sys.stderr)
        return getattr(interruption, "exit_code", INTERRUPTED)
    except BrokenPipeError:  # whoever read the output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except OSError as error:  # a full disk, a folder that vanished: nothing that code can mend
        where = f"{error.filename}: " if error.filename else ""
        return _refused(f"{where}{error.strerror or error}.")
    except SystemExit as error:  # no command ends so: a plug-in must not make a success of it
        frames = traceback.extract_tb(error.__traceback__)
        return _refused(
            f"{frames[-1].filename}, line {frames[-1].lineno}, called "
            f"sys.exit({error.code!r}) before the command had ended. Raise an error instead."
        )
    return code


#: Characters of a message, at most: the values in it are of anybody.
_LONGEST = 3000


class _Parser(argparse.ArgumentParser):
    """One line for a mistake, without the usage of every option or control characters."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        for kind, read in ((Path, _path), (int, _whole_number), (float, _number)):
            self.register("type", kind, read)

    def error(self, message: str) -> NoReturn:
        """End the command."""
        text = shortened(message, most=_LONGEST)
        self.exit(2, f"{self.prog}: error: {text}. See {self.prog} --help.\n")

    def _print_message(self, message: str, file: Any = None) -> None:
        super()._print_message(visible(message, keeps="\n"), file)


def _path(text: str) -> Path:
    """Return what a user names; nothing is not the current folder."""
    if not text.strip():
        raise argparse.ArgumentTypeError(f"must name a file or a folder, got {text!r}")
    return Path(text)


def _whole_number(text: str) -> int:
    """Return the number that a text is."""
    try:
        return int(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"must be a whole number, got {text!r}") from error


def _number(text: str) -> float:
    """Return the number that a text is."""
    try:
        return float(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"must be a number, got {text!r}") from error


def _require_single_values(parser: argparse.ArgumentParser, given: argparse.Namespace) -> None:
    """Refuse an option whose value is ``--``, of which argparse makes an empty list."""
    for action in parser._actions:
        values = getattr(given, action.dest, None)
        if isinstance(action, argparse._SubParsersAction):
            _require_single_values(action.choices[str(values)], given)
        if action.nargs is None and isinstance(values, list):
            is_several = isinstance(action, argparse._AppendAction)
            if not is_several or any(isinstance(value, list) for value in values):
                parser.error(f"argument {'/'.join(action.option_strings)}: expected one argument")


def _given(parser: argparse.ArgumentParser, words: Sequence[str]) -> frozenset[str]:
    """Return the destinations of the options that stand on the command line.

    Also those whose value is their default: whoever writes an option expects it to do something.
    """
    typed = {word.partition("=")[0] for word in words}
    return frozenset(
        action.dest for action in parser._actions if typed & set(action.option_strings)
    )


def _has_lone_surrogate(word: str) -> bool:
    """Tell whether a text cannot be written: bytes of a name that are no UTF-8."""
    return any("\ud800" <= character <= "\udfff" for character in word)


def _refused(message: str) -> int:
    """Say in one line why a command ended, and return its exit code."""
    print(f"evonasc: error: {visible(shortened(message, most=_LONGEST))}", file=sys.stderr)
    return 2


def _require_inputs_kept(arguments: argparse.Namespace) -> None:
    """Refuse to write over a file that the same command reads."""
    out, data = getattr(arguments, "out", None), getattr(arguments, "data", None)
    if not isinstance(out, Path):
        return
    if isinstance(data, str):
        from evonasc.data.datasets import require_outside  # not for every --help

        require_outside(out, data, None)  # such a folder is where its name says
    if not out.is_file():
        return
    for name, value in vars(arguments).items():
        for path in value if isinstance(value, list) else [value]:
            if name != "out" and isinstance(path, Path) and path.exists() and path.samefile(out):
                raise ConfigError(
                    f"--out must not be a file that is read, got {path}. Choose another --out."
                )


_DESCRIPTION = (
    "Evolutionary multi-objective neural architecture search for split computing: find networks "
    "and where to cut them between a device and a server."
)
