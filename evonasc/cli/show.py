"""``evonasc show``: the front of a finished run, and how it went."""

import argparse
import json
from pathlib import Path

from evonasc.analysis.report import answers_view, front_view, provenance_lines
from evonasc.bounds import in_words
from evonasc.cli.console import output
from evonasc.runs.folder import (
    ANSWERS_FILE,
    EVALUATIONS_FILE,
    read_answers,
    read_config,
    read_front,
    read_summary,
    read_table,
)
from evonasc.runs.prepare import stored_designs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("run", type=Path, metavar="RUN", help="run folder")
    parser.add_argument("--rows", type=int, default=25, help="rows at most (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print the summary as JSON")


def execute(arguments: argparse.Namespace) -> int:
    """Print the front."""
    config, summary = read_config(arguments.run), read_summary(arguments.run)
    if arguments.json:
        print(json.dumps(summary, indent=2))
        return 0
    console = output()
    search = config.search
    designs = stored_designs(config)
    where = config.scenario.name if designs.space.n_blocks else config.problem
    console.print(
        f"{search.algorithm} on {where}, seed {search.seed}, "
        f"budget {search.budget}, objectives {', '.join(config.objectives)}"
        f"{', within ' if config.bounds else ''}{in_words(config.bounds)}"
    )
    if summary is None:
        n = len(read_table(arguments.run / EVALUATIONS_FILE))
        console.print(f"The run did not end: {n} designs are in {EVALUATIONS_FILE}, no front.")
        return 0
    rows = read_front(arguments.run, objectives=config.objectives, designs=designs)
    if (arguments.run / ANSWERS_FILE).exists():
        answers = read_answers(arguments.run, designs=designs)
        for part in answers_view(answers, designs, algorithm=search.algorithm):
            console.print(part)
    console.print(
        front_view(
            rows,
            designs,
            objectives=config.objectives,
            bounds=config.bounds,
            most=max(arguments.rows, 2),
        )
    )
    console.print(
        f"{summary['status']}: {summary['n_evaluated']} distinct designs in "
        f"{summary['seconds']} s, {summary['n_front']} on the front."
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
