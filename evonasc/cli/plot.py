"""``evonasc plot``: fronts of finished runs in one figure."""

import argparse
from pathlib import Path

from evonasc.cli.console import output
from evonasc.errors import ConfigError
from evonasc.search.run import RunResult


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="run folders")
    parser.add_argument(
        "--out", type=Path, help="figure without suffix (default: front in the first run)"
    )


def execute(arguments: argparse.Namespace) -> int:
    """Draw PNG and SVG."""
    from evonasc.analysis.plotting import FrontSeries, front_figure, save_figure
    from evonasc.search.exact_cache import true_front
    from evonasc.search.run import BY_FORWARD_PASSES, make_problem, space_of
    from evonasc.search.run_folder import (
        EVALUATIONS_FILE,
        FRONT_FILE,
        read_config,
        read_front,
        read_table,
        table_columns,
    )

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
    sources = {
        (config.accuracy, config.accuracy_table, config.scores, config.error_resolution)
        for config in configs
    }
    is_scored = len(sources) == 1 and configs[0].accuracy not in BY_FORWARD_PASSES
    # The truth is enumerated on stored scores only.
    truth = true_front(make_problem(configs[0])) if same_scenario and is_scored else None
    figure = front_figure(
        series,
        objectives=objectives,
        block_names=problem_space.block_names,
        true_front=None if truth is None else truth.points,
        title=configs[0].scenario.name if same_scenario else "",
    )
    stem = arguments.out or arguments.runs[0] / "front"
    for path in save_figure(figure, stem):
        output().print(f"Wrote {path}")
    return 0


def draw_result(result: RunResult, stem: Path) -> None:
    """Draw the front of a run just finished as ``stem.png`` and ``stem.svg``."""
    from evonasc.analysis.plotting import FrontSeries, front_figure, save_figure

    designs = result.problem.designs
    one = FrontSeries(
        label=result.config.search.algorithm,
        points=result.front,
        cuts=designs.split_points(result.genes[result.front_rows]),
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
