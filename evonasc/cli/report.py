"""``evonasc report``: finished runs as one HTML page that needs no network."""

import argparse
import shlex
from pathlib import Path

from evonasc.analysis.page_data import page_data
from evonasc.cli.console import output
from evonasc.cli.plot import place_of
from evonasc.cli.run_command import run_command
from evonasc.errors import ConfigError
from evonasc.files import require_new, write_output
from evonasc.runs.folder import shown_config

_PAGE = "report.html"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="run folders")
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE.html",
        help=f"the page (default: {_PAGE} in the run's folder; of several runs, report_ and their "
        "names in the current folder). An earlier one there is not replaced.",
    )
    parser.add_argument(
        "--title", help="of the page (default: the names of the runs' folders)", metavar="TEXT"
    )


def execute(arguments: argparse.Namespace) -> int:
    """Write the page."""
    from evonasc.analysis.report_page import report_page

    is_own = arguments.out is None and len(arguments.runs) == 1
    place = place_of(arguments.runs, "report")
    path: Path = arguments.out or place.with_name(f"{place.name}.html")
    if not is_own:
        require_new(path)
    if path.suffix.lower() not in (".html", ".htm"):
        raise ConfigError(f"out must be an HTML file, as in {_PAGE}, got {str(path)!r}.")
    data = page_data(arguments.runs)
    labels = [run["label"] for run in data["runs"]]
    page = report_page(
        data,
        commands=[run_command(shown_config(folder)) for folder in arguments.runs],
        page_command=_page_command(arguments, path),
        title=arguments.title or f"evonasc: {', '.join(labels)}",
    ).encode()
    written = "Replaced" if path.exists() else "Wrote"
    write_output(path, page, may_replace=is_own)
    console = output()
    for run in data["runs"]:
        if run["curve"]["why_not"]:
            console.print(f"{run['label']}: no curve. {run['curve']['why_not']}", soft_wrap=True)
    console.print(f"{written} {path}, {len(page) / 1e6:.1f} MB.", soft_wrap=True)
    return 0


def _page_command(arguments: argparse.Namespace, path: Path) -> str:
    """Return the command line that makes the page again."""
    words = ["evonasc", "report", *map(str, arguments.runs), "--out", str(path)]
    words += ["--title", arguments.title] if arguments.title else []
    return shlex.join(words)
