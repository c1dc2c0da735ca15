"""``evonasc show``: the front of a finished run, and how it went."""

import argparse
import json
from pathlib import Path

from evonasc.analysis.report import answers_view, front_view, provenance_lines
from evonasc.bounds import in_words
from evonasc.cli.console import output
from evonasc.runs.finished import read_run
from evonasc.runs.folder import (
    ANSWERS_FILE,
    KILLED,
    RUNNING,
    read_answers,
    read_summary,
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
    parser.add_argument("run", type=Path, metavar="RUN", help="run folder")
    parser.add_argument("--rows", type=int, default=25, help="rows at most (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print the summary as JSON")


def execute(arguments: argparse.Namespace) -> int:
    """Print the front."""
    config, summary = shown_config(arguments.run), read_summary(arguments.run)
    if arguments.json:
        print(json.dumps(summary, indent=2))
        return 0
    console = output()
    search = config.search
    run = read_run(arguments.run)
    designs = run.designs
    where = place_in_words(config)
    console.print(
        f"{search.algorithm} on {where}, seed {search.seed}, "
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
            run.designs,
            objectives=config.objectives,
            bounds=config.bounds,
            most=max(arguments.rows, 2),
        )
    )
    console.print(
        f"{_STATUS.get(summary['status'], summary['status'])}: {summary['n_evaluated']} distinct "
        f"designs in {summary['seconds']} s, {len(run.rows)} on the front."
    )
    exact = summary.get("exact")
    if isinstance(exact, dict):
        console.print(
            f"True front: {exact['n_found']} of {exact['n_points']} points found, "
            f"{exact['hypervolume_share']:.2%} of its hypervolume."
        )
    provenance = summary.get("provenance")
    for line in provenance_lines(provenance if isinstance(provenance, list) else []):
        console.print(line)
    return 0
