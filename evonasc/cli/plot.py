"""``evonasc plot``: fronts of finished runs in one figure."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from evonasc.cli.console import output
from evonasc.errors import ConfigError, DataFileError, EvaluationError
from evonasc.runs.run import RunResult

if TYPE_CHECKING:
    from evonasc.arrays import FloatArray
    from evonasc.runs.run import RunConfig


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="run folders")
    parser.add_argument(
        "--out", type=Path, help="figure without suffix (default: front in the first run)"
    )


def execute(arguments: argparse.Namespace) -> int:
    """Draw PNG and SVG."""
    from evonasc.analysis.plotting import FrontSeries, front_figure, save_figure
    from evonasc.runs.folder import (
        EVALUATIONS_FILE,
        FRONT_FILE,
        read_config,
        read_front,
        read_table,
        table_columns,
    )
    from evonasc.runs.run import space_of

    configs = [read_config(folder) for folder in arguments.runs]
    objectives = configs[0].objectives
    for folder, config in zip(arguments.runs, configs, strict=True):
        if (config.problem, config.space) != (configs[0].problem, configs[0].space):
            raise ConfigError(
                f"Runs in one figure must be of one problem and space, {configs[0].problem} on "
                f"{configs[0].space}, got {config.problem} on {config.space} in {folder}."
            )
    problem_space = space_of(configs[0])
    for folder, config in zip(arguments.runs, configs, strict=True):
        if config.objectives != objectives:
            raise ConfigError(
                f"Runs in one figure must have the same objectives {', '.join(objectives)}, "
                f"got {', '.join(config.objectives)} in {folder}."
            )
    series = []
    for folder, config in zip(arguments.runs, configs, strict=True):
        front = read_front(folder, objectives=objectives, space=problem_space)
        names = (*objectives, "split_point")
        table = table_columns(front, names, where=folder / FRONT_FILE)
        if not len(table):
            raise ConfigError(f"{folder} has an empty front: nothing was evaluated.")
        evaluated = read_table(folder / EVALUATIONS_FILE) if len(arguments.runs) == 1 else []
        series.append(
            FrontSeries(
                label=folder.name,
                points=config.searched(table[:, :-1]),
                cuts=table[:, -1].astype("int64"),
                evaluated=config.searched(
                    table_columns(evaluated, objectives, where=folder / EVALUATIONS_FILE)
                ),
            )
        )
    same_scenario = all(config.scenario == configs[0].scenario for config in configs)
    truth = _common_truth(arguments.runs, configs) if same_scenario else None
    figure = front_figure(
        series,
        objectives=objectives,
        block_names=problem_space.block_names,
        true_front=truth,
        title=configs[0].scenario.name if same_scenario else "",
    )
    stem = arguments.out or arguments.runs[0] / "front"
    for path in save_figure(figure, stem):
        output().print(f"Wrote {path}")
    return 0


def _common_truth(folders: list[Path], configs: "list[RunConfig]") -> "FloatArray | None":
    """Return the true front of runs of one scenario, ``(n, n_obj)``; None where there is not one.

    The truth is enumerated on stored errors only, and only where the runs' designs still have the
    numbers that the runs noted; where not, it says so.
    """
    from evonasc.runs.exact_cache import true_front
    from evonasc.runs.finished import read_designs, require_same
    from evonasc.runs.run import BY_FORWARD_PASSES, make_problem

    sources = {
        (
            config.accuracy,
            config.accuracy_table,
            config.scores,
            config.calibration,
            config.error_resolution,
        )
        for config in configs
    }
    if len(sources) > 1 or configs[0].accuracy in BY_FORWARD_PASSES:
        return None
    problem = make_problem(configs[0])
    try:
        for folder in folders:
            stored = read_designs(folder, problem.designs)
            columns = problem.checked_columns(problem.designs.canonical(stored.genes))
            require_same(folder, stored, columns, rows=range(len(stored.ids)))
    except (ConfigError, DataFileError, EvaluationError) as error:
        output().print(f"No true front is drawn: {error}", soft_wrap=True)
        return None
    exact = true_front(problem)
    return None if exact is None else exact.points


def draw_result(result: RunResult, stem: Path) -> None:
    """Draw the front of a run just finished as ``stem.png`` and ``stem.svg``."""
    from evonasc.analysis.plotting import FrontSeries, front_figure, save_figure

    designs = result.problem.designs
    one = FrontSeries(
        label=result.config.search.algorithm,
        points=result.front,
        cuts=designs.split_point(result.genes[result.front_rows]),
        evaluated=result.problem.objective_values(result.columns),
    )
    has_cuts = designs.space.n_blocks > 0
    scenario = result.config.scenario.name if has_cuts else result.config.problem
    figure = front_figure(
        [one],
        objectives=result.problem.objectives,
        block_names=designs.space.block_names,
        true_front=None if result.exact is None else result.exact.points,
        title=f"{result.config.search.algorithm}, {len(result.genes)} evaluations, {scenario}",
    )
    save_figure(figure, stem)
