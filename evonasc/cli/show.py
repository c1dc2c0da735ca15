"""``evonasc show``: the front of a finished run, and how it went."""

import argparse
import json
from pathlib import Path

from evonasc.analysis.failures import failure_lines
from evonasc.analysis.report import (
    answers_view,
    found_words,
    front_view,
    provenance_lines,
    shown_columns,
)
from evonasc.bounds import in_words
from evonasc.cli.console import output
from evonasc.cli.show_comparison import show_comparison
from evonasc.runs.comparison_folder import COMPARISON_FILE
from evonasc.runs.finished import read_run
from evonasc.runs.folder import (
    ANSWERS_FILE,
    FAILED_FILE,
    KILLED,
    RUNNING,
    read_answers,
    read_summary,
    read_table,
    shown_config,
)
from evonasc.runs.problem_table import place_in_words

#: What a status means that does not say it by itself.
_STATUS = {
    RUNNING: "still running, the front so far",
    KILLED: "ended before it was complete, the front of what is on disk",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "run", type=Path, metavar="RUN", help="run folder, or the folder of a comparison"
    )
    parser.add_argument("--rows", type=int, default=25, help="rows at most (default: %(default)s)")
    add_provenance_argument(parser)
    parser.add_argument("--json", action="store_true", help="print the summary as JSON")


def add_provenance_argument(parser: argparse.ArgumentParser) -> None:
    """Declare the option that says where numbers come from."""
    parser.add_argument(
        "--provenance",
        action="store_true",
        help="say where each number comes from: predictors, measurements, assumptions",
    )


def execute(arguments: argparse.Namespace) -> int:
    """Print the front, or the tables of a comparison."""
    if (arguments.run / COMPARISON_FILE).exists():
        return show_comparison(arguments.run, is_json=arguments.json)
    config, summary = shown_config(arguments.run), read_summary(arguments.run)
    if arguments.json:
        print(json.dumps(summary, indent=2))
        return 0
    console, run = output(), read_run(arguments.run)
    designs, search = run.designs, config.search
    console.print(
        f"{search.algorithm} on {place_in_words(config)}, seed {search.seed}, "
        f"budget {search.budget}, objectives {', '.join(config.objectives)}"
        f"{', within ' if config.bounds else ''}{in_words(config.bounds)}"
    )
    if (arguments.run / ANSWERS_FILE).exists():
        answers = read_answers(arguments.run, designs=designs)
        for part in answers_view(answers, designs, algorithm=search.algorithm):
            console.print(part)
    console.print(
        front_view(
            run.rows,
            designs,
            objectives=shown_columns(config),
            bounds=config.bounds,
            most=max(arguments.rows, 2),
        )
    )
    if (arguments.run / FAILED_FILE).exists():
        failed = read_table(arguments.run / FAILED_FILE)
        reasons = [row.get("reason", "") for row in failed]
        for line in failure_lines(reasons, summary["n_evaluated"]):
            console.print(line)
    console.print(
        f"{_STATUS.get(summary['status'], summary['status'])}: {summary['n_evaluated']} distinct "
        f"designs in {summary['seconds']} s, {len(run.rows)} on the front."
    )
    found = found_words(summary, n_objectives=len(config.objectives))
    if found:
        console.print(found)
    if arguments.provenance:
        for line in provenance_lines(summary["provenance"]):
            console.print(line)
    else:
        console.print("With --provenance: where each number comes from.", style="dim")
    return 0
