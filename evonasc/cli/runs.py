"""``evonasc runs``: what runs there are, how far they are, and which to remove."""

import argparse
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from evonasc.analysis.report import plain_table
from evonasc.cli.console import output
from evonasc.cli.heartbeat import duration
from evonasc.errors import ConfigError, DataFileError, EvonascError
from evonasc.files import is_locked
from evonasc.runs.folder import (
    CONFIG_FILE,
    FRONT_FILE,
    LOCK_FILE,
    has_ended,
    read_summary,
    read_table,
    shown_config,
    table_columns,
)
from evonasc.runs.problem_table import place_in_words

#: Where ``evonasc run`` puts runs.
_ROOT = Path("runs")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the commands."""
    parser.set_defaults(root=_ROOT)
    commands = parser.add_subparsers(dest="action", metavar="ACTION")
    commands.default = "list"  # argparse has no argument for it
    listing = commands.add_parser("list", help="name runs, the last one first (the default)")
    listing.add_argument(
        "root", nargs="?", type=Path, default=_ROOT, help="folder of runs (default: %(default)s)"
    )
    remove = commands.add_parser("remove", help="remove run folders, after asking")
    remove.add_argument("folders", nargs="+", type=Path, metavar="RUN", help="run folders")
    remove.add_argument("--yes", action="store_true", help="do not ask")


def execute(arguments: argparse.Namespace) -> int:
    """List or remove."""
    if arguments.action == "remove":
        return _remove(arguments.folders, is_sure=arguments.yes)
    root = arguments.root
    folders = sorted(path.parent for path in root.glob(f"**/{CONFIG_FILE}"))
    if not folders:
        raise ConfigError(f"{root} holds no runs. Name the folder that does, or start a run.")
    rows = sorted(map(_row, folders), key=lambda row: row.changed, reverse=True)
    shown = [
        {
            "run": str(row.folder),
            "search": row.search,
            "state": row.state,
            "evaluated": row.evaluated,
            "front": row.front,
            "least": row.least,
            "took": row.took,
            "size": _size(row.n_bytes),
        }
        for row in rows
    ]
    console = output()
    console.print(plain_table(shown))
    total = _size(sum(row.n_bytes for row in rows))
    console.print(f"{len(rows)} run{'s' if len(rows) > 1 else ''}, {total}.")
    return 0


@dataclass(frozen=True)
class _Row:
    """What is shown of a run."""

    folder: Path
    changed: float
    n_bytes: int
    search: str = ""
    state: str = "damaged"
    evaluated: str = ""
    front: str = ""
    #: The least value of the first objective.
    least: str = ""
    took: str = ""


def _row(folder: Path) -> _Row:
    """Return what is shown of a run; of a damaged one, that it is."""
    files = [path for path in folder.iterdir() if path.is_file()]
    n_bytes = sum(path.stat().st_size for path in files)
    changed = max(path.stat().st_mtime for path in files)
    try:
        config, summary = shown_config(folder), read_summary(folder)
        search, least = config.search, ""
        if has_ended(summary) and summary["n_front"]:
            name = config.objectives[0]
            values = table_columns(read_table(folder / FRONT_FILE), (name,), where=folder)
            least = f"{name} {values.min():.4g}"
        return _Row(
            folder,
            changed,
            n_bytes,
            f"{search.algorithm} seed {search.seed}, {place_in_words(config)}",
            summary["status"],
            f"{summary['n_evaluated']} of {search.budget}",
            str(summary["n_front"]) if has_ended(summary) else "",
            least,
            duration(summary["seconds"]),
        )
    except EvonascError:
        return _Row(folder, changed, n_bytes)


def _remove(folders: list[Path], *, is_sure: bool) -> int:
    """Remove run folders, all or none.

    Raises:
        DataFileError: One is no run folder.
        ConfigError: Somebody writes in one, or nobody is there to be asked.
    """
    for folder in folders:
        if not (folder / CONFIG_FILE).is_file():
            raise DataFileError(f"{folder} is no run folder: it has no {CONFIG_FILE}.")
        if is_locked(folder / LOCK_FILE):
            raise ConfigError(f"{folder} must not be removed while its run goes on. End it first.")
    if not is_sure:
        if not sys.stdin.isatty():
            raise ConfigError("Removing must be confirmed, and nobody can be asked. Add --yes.")
        for folder in folders:
            files = [path for path in folder.rglob("*") if path.is_file()]
            size = _size(sum(path.stat().st_size for path in files))
            age = duration(time.time() - max(path.stat().st_mtime for path in files))
            print(f"{folder}: {len(files)} files, {size}, last written {age} ago")
        what = "it" if len(folders) == 1 else f"these {len(folders)}"
        if input(f"Remove {what} and everything inside? [y/N] ").strip() != "y":
            print("Nothing removed.")
            return 1
    for folder in folders:
        shutil.rmtree(folder)
        print(f"Removed {folder}")
    return 0


def _size(n_bytes: int) -> str:
    """Write a size as people say it.

    Example:
        >>> _size(2048), _size(3_500_000)
        ('2 kB', '3.5 MB')
    """
    return f"{n_bytes / 1e6:.1f} MB" if n_bytes >= 1e6 else f"{-(-n_bytes // 1024)} kB"
