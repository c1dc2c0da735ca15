"""``evonasc report``: finished runs as one HTML page that needs no network."""

import argparse
import shlex
from pathlib import Path

from evonasc.analysis.page_data import page_data
from evonasc.cli.console import output
from evonasc.cli.run_command import run_command
from evonasc.errors import ConfigError
from evonasc.files import write_output
from evonasc.runs.folder import read_config

_PAGE = "report.html"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="run folders")
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE.html",
        help=f"the page (default: {_PAGE} in the first run)",
    )
    parser.add_argument(
        "--title", help="of the page (default: the names of the runs' folders)", metavar="TEXT"
    )


def execute(arguments: argparse.Namespace) -> int:
    """Write the page."""
    from evonasc.analysis.report_page import report_page

    path: Path = arguments.out or arguments.runs[0] / _PAGE
    if path.suffix.lower() not in (".html", ".htm"):
        raise ConfigError(f"out must be an HTML file, as in {_PAGE}, got {str(path)!r}.")
    data = page_data(arguments.runs)
    labels = [run["label"] for run in data["runs"]]
    page = report_page(
        data,
        commands=[run_command(read_config(folder)) for folder in arguments.runs],
        page_command=_page_command(arguments, path),
        title=arguments.title or f"evonasc: {', '.join(labels)}",
    ).encode()
    write_output(path, page)
    console = output()
    for run in data["runs"]:
        if run["curve"]["why_not"]:
            console.print(f"{run['label']}: no curve. {run['curve']['why_not']}", soft_wrap=True)
    console.print(f"Wrote {path}, {len(page) / 1e6:.1f} MB.", soft_wrap=True)
    return 0


def _page_command(arguments: argparse.Namespace, path: Path) -> str:
    """Return the command line that makes the page again."""
    words = ["evonasc", "report", *map(str, arguments.runs), "--out", str(path)]
    words += ["--title", arguments.title] if arguments.title else []
    return shlex.join(words)
