"""``evonasc exact``: the exact front over all valid designs, where those can be listed."""

import argparse
import time
from pathlib import Path

import numpy as np

from evonasc.analysis.report import front_view, provenance_lines, shown_columns
from evonasc.arrays import IntArray
from evonasc.bounds import in_words, nearest_miss
from evonasc.cli.accuracy_arguments import add_accuracy_arguments, stored_error_of
from evonasc.cli.bound_arguments import (
    add_bound_arguments,
    add_margin_argument,
    bounds_of,
    require_meant,
)
from evonasc.cli.console import counter, output
from evonasc.cli.plot import draw_front
from evonasc.cli.problem_arguments import (
    add_problem_arguments,
    objectives_of,
    require_read_by_problem,
    scenario_of,
)
from evonasc.cli.show import add_provenance_argument
from evonasc.errors import ConfigError
from evonasc.files import write_output
from evonasc.problems import DesignProblem
from evonasc.runs.config import RunConfig
from evonasc.runs.design_rows import design_rows
from evonasc.runs.exact_front import ExactFront, exact_front
from evonasc.runs.folder import require_empty
from evonasc.runs.prepare import prepare
from evonasc.runs.problem_table import place_in_words
from evonasc.runs.tables import as_csv


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_problem_arguments(parser)
    add_bound_arguments(parser)
    add_margin_argument(parser)
    add_accuracy_arguments(parser)
    parser.add_argument("--rows", type=int, default=25, help="rows at most (default: %(default)s)")
    add_provenance_argument(parser)
    parser.add_argument("--out", type=Path, help="folder for front.csv and the figure")
    parser.add_argument("--no-plot", action="store_true", help="with --out: do not draw the front")


def execute(arguments: argparse.Namespace) -> int:
    """Print the front, and write it where asked."""
    require_read_by_problem(arguments)
    config = RunConfig(
        problem=arguments.problem,
        space=arguments.space,
        scenario=scenario_of(arguments),
        objectives=objectives_of(arguments),
        bounds=bounds_of(arguments),
        margin=arguments.margin,
        error=stored_error_of(arguments, what="An exact front"),
    )
    if arguments.out is not None:
        require_empty(arguments.out)
    prepared = prepare(config)
    problem, config = prepared.problem, prepared.config
    require_meant(arguments, problem.objectives)
    started = time.perf_counter()
    with counter("exact front") as on_progress:
        front = exact_front(problem, on_progress=on_progress)
    seconds = time.perf_counter() - started
    if front is None:
        raise ConfigError(
            f"The designs of {problem.designs.space.name!r} are too many to list. "
            "Use evonasc run --algo nsga2."
        )
    if len(front.genes) == 0:
        raise ConfigError(_nearest(problem))
    _, first = np.unique(front.points, axis=0, return_index=True)
    rows = _rows(problem, front.genes[first])  # of a point's designs the first
    console = output()
    console.print(
        front_view(
            rows,
            problem.designs,
            objectives=shown_columns(config),
            bounds=problem.column_bounds,
            most=max(arguments.rows, 2),
        )
    )
    within = f" within {in_words(problem.column_bounds)}" if problem.column_bounds else ""
    console.print(
        f"\n{len(rows)} points ({len(front.genes)} designs) of {front.n_designs} "
        f"valid designs{within} on {place_in_words(config)}, "
        f"{', '.join(problem.objectives)} minimised; {seconds:.2f} s.",
        soft_wrap=True,
    )
    if arguments.provenance:
        for line in provenance_lines(problem.provenance()):
            console.print(line)
    if arguments.out is not None:
        _write(arguments, config, problem, front)
    return 0


def _nearest(problem: DesignProblem) -> str:
    """Say which of all designs comes nearest to the bounds, and by how much it misses them."""
    designs = problem.designs.all_designs()
    assert designs is not None  # listed before
    miss = nearest_miss(problem.checked_columns(designs), problem.column_bounds)
    assert miss is not None  # the front is empty
    row = _rows(problem, designs[[miss.row]])[0]
    text = row[problem.designs.space.text_column]
    return (
        f"No design meets {in_words(problem.column_bounds)}: of all {len(designs)}, the nearest "
        f"misses {miss}: {text}, split_point {row['split_point']}."
    )


def _rows(problem: DesignProblem, genes: IntArray) -> list[dict[str, object]]:
    """Return the rows of designs as tables show them."""
    return design_rows(problem.designs, genes, problem.columns(genes), ids=range(1, len(genes) + 1))


def _write(
    arguments: argparse.Namespace, config: RunConfig, problem: DesignProblem, front: ExactFront
) -> None:
    """Write all designs on the front, and draw it."""
    paths = [arguments.out / "front.csv"]
    write_output(paths[0], as_csv(_rows(problem, front.genes)))
    if not arguments.no_plot:
        paths += draw_front(
            problem,
            front.genes,
            arguments.out / "front",
            points=front.points,
            evaluated=None,
            true_front=front.points,
            label="exact front",
            title=", ".join(
                [
                    f"exact front of {front.n_designs} designs",
                    place_in_words(config),
                    *map(str, problem.column_bounds),
                ]
            ),
        )
    output().print(f"Written to {arguments.out}: {', '.join(path.name for path in paths)}.")
