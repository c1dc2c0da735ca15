"""``evonasc exact``: the true front over all valid designs, where those can be listed."""

import argparse
import time
from pathlib import Path
from typing import Any

from evonasc.cli.accuracy_arguments import add_accuracy_arguments, stored_accuracy_fields
from evonasc.cli.console import output
from evonasc.cli.problem_arguments import add_problem_arguments, objectives_of, scenario_of
from evonasc.errors import ConfigError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_problem_arguments(parser)
    add_accuracy_arguments(parser)
    parser.add_argument("--rows", type=int, default=25, help="rows at most (default: %(default)s)")
    parser.add_argument("--out", type=Path, help="folder for front.csv and the figure")
    parser.add_argument("--no-plot", action="store_true", help="with --out: do not draw the front")
    parser.epilog = (
        "Fronts are kept in $EVONASC_CACHE, or in ~/.cache/evonasc; the folder can be deleted."
    )


def execute(arguments: argparse.Namespace) -> int:
    """Print the front, and write it where asked."""
    from evonasc.analysis.report import front_view, provenance_lines
    from evonasc.runs.exact_cache import cached_exact_front
    from evonasc.runs.folder import require_empty
    from evonasc.runs.run import RunConfig, make_problem

    config = RunConfig(
        problem=arguments.problem,
        space=arguments.space,
        scenario=scenario_of(arguments),
        objectives=objectives_of(arguments),
        **stored_accuracy_fields(arguments, what="A true front"),
    )
    if arguments.out is not None:
        require_empty(arguments.out)
    problem = make_problem(config)
    started = time.perf_counter()
    cached = cached_exact_front(problem)
    seconds = time.perf_counter() - started
    if cached is None:
        raise ConfigError(
            f"The designs of {problem.designs.space.name!r} are too many to list. "
            "Use evonasc run --algo nsga2."
        )
    rows = _distinct_rows(problem, cached.front)
    console = output()
    console.print(
        front_view(
            rows,
            problem.designs.space,
            objectives=problem.objectives,
            most=max(arguments.rows, 2),
        )
    )
    verb = "Read from" if cached.was_kept else "Kept in"
    kept = f"Kept nowhere: {cached.why_not}." if cached.path is None else f"{verb} {cached.path}."
    console.print(
        f"\n{len(rows)} points ({len(cached.front.genes)} designs) of {cached.front.n_designs} "
        f"valid designs, {', '.join(problem.objectives)} minimised; {seconds:.2f} s. {kept}",
        soft_wrap=True,
    )
    for line in provenance_lines(list(problem.provenance())):
        console.print(line)
    if arguments.out is not None:
        _write(arguments, config, problem, cached.front)
    return 0


def _distinct_rows(problem: Any, front: Any) -> list[dict[str, object]]:
    """Return one row a point, its first design, by rising first objective."""
    import numpy as np

    _, first = np.unique(front.points, axis=0, return_index=True)
    return _rows(problem, front.genes[first])


def _rows(problem: Any, genes: Any) -> list[dict[str, object]]:
    """Return the rows of designs as tables show them."""
    from evonasc.runs.tables import design_rows

    return design_rows(problem, genes, problem.columns(genes), first_id=1)


def _write(arguments: argparse.Namespace, config: Any, problem: Any, front: Any) -> None:
    """Write all designs on the front, and draw it."""
    from evonasc.cli.tables import write_csv

    rows = _rows(problem, front.genes)
    target = arguments.out / "front.csv"
    write_csv(target, list(rows[0]), [list(row.values()) for row in rows])
    paths = [target]
    if not arguments.no_plot:
        from evonasc.analysis.plotting import FrontSeries, front_figure, save_figure

        designs = problem.designs
        series = FrontSeries(
            label="true front",
            points=front.points,
            cuts=designs.split_point(front.genes),
            evaluated=front.points[:0],
        )
        figure = front_figure(
            [series],
            objectives=problem.objectives,
            block_names=designs.space.block_names,
            true_front=front.points,
            title=f"true front of {front.n_designs} designs, {config.scenario.name}",
        )
        paths += save_figure(figure, arguments.out / "front")
    output().print(f"Written to {arguments.out}: {', '.join(path.name for path in paths)}.")
