"""``evonasc plot``: fronts of finished runs in one figure."""

import argparse
from pathlib import Path

from evonasc.arrays import FloatArray, IntArray
from evonasc.bounds import in_words
from evonasc.cli.console import output
from evonasc.errors import ConfigError, DataFileError, EvaluationError
from evonasc.problems import DesignProblem
from evonasc.runs.config import RunConfig
from evonasc.runs.exact_cache import exact_front_of
from evonasc.runs.finished import read_designs, require_alike, require_same
from evonasc.runs.folder import (
    EVALUATIONS_FILE,
    FRONT_FILE,
    read_config,
    read_front,
    read_table,
    table_columns,
)
from evonasc.runs.prepare import prepare, stored_designs

#: Letters of a file name that is made of the names of runs, at most.
_LONGEST_NAME = 120


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="run folders")
    parser.add_argument(
        "--out",
        type=Path,
        help="figure without suffix (default: front in the run's folder; of several runs, front_ "
        "and their names in the current folder). An earlier one there is not replaced.",
    )


def execute(arguments: argparse.Namespace) -> int:
    """Draw PNG and SVG."""
    from evonasc.analysis.plotting import FrontSeries, front_figure, save_figure

    configs = [read_config(folder) for folder in arguments.runs]
    require_alike(dict(zip(arguments.runs, configs, strict=True)), where="in one figure")
    objectives, designs = configs[0].objectives, stored_designs(configs[0])
    designs.require_one_link("A figure of fronts")
    series = []
    for folder, config in zip(arguments.runs, configs, strict=True):
        front = read_front(folder, objectives=objectives, designs=designs)
        if not front:
            why = (
                f"no design had {in_words(config.bounds)}"
                if config.bounds
                else "it is of no design"
            )
            raise ConfigError(f"{folder} has an empty front: {why}.")
        cuts = table_columns(front, ("split_point",), where=folder / FRONT_FILE)[:, 0]
        evaluated = read_table(folder / EVALUATIONS_FILE) if len(arguments.runs) == 1 else []
        points, cloud = (
            config.compared(
                dict(zip(objectives, table_columns(rows, objectives, where=where).T, strict=True))
            )
            for rows, where in (
                (front, folder / FRONT_FILE),
                (evaluated, folder / EVALUATIONS_FILE),
            )
        )
        series.append(
            FrontSeries(
                label=folder.name, points=points, cuts=cuts.astype("int64"), evaluated=cloud
            )
        )
    same_scenario = all(config.scenario == configs[0].scenario for config in configs)
    same_bounds = all(config.bounds == configs[0].bounds for config in configs)
    truth = _common_truth(arguments.runs, configs) if same_scenario and same_bounds else None
    figure = front_figure(
        series,
        objectives=objectives,
        block_names=designs.space.block_names,
        true_front=truth,
        title=", ".join(
            filter(
                None,
                [
                    configs[0].scenario.name if same_scenario else "",
                    in_words(configs[0].bounds) if same_bounds else "",
                ],
            )
        ),
    )
    is_own = arguments.out is None and len(arguments.runs) == 1
    stem = arguments.out or place_of(arguments.runs, "front")
    was_there = stem.with_name(f"{stem.name}.png").exists()
    for path in save_figure(figure, stem, may_replace=is_own):
        output().print(f"{'Replaced' if was_there else 'Wrote'} {path}", soft_wrap=True)
    return 0


def place_of(runs: list[Path], name: str) -> Path:
    """Return where a figure or page of runs goes unless told: of several, into none of them."""
    if len(runs) == 1:
        return runs[0] / name
    return Path("_".join([name, *(folder.resolve().name for folder in runs)])[:_LONGEST_NAME])


def _common_truth(folders: list[Path], configs: list[RunConfig]) -> FloatArray | None:
    """Return the true front of runs of one scenario, ``(n, n_obj)``; None where there is not one.

    The truth is enumerated on stored errors only, and only where the runs' designs still have the
    numbers that the runs noted; where not, it says so.
    """
    sources = {(config.error, config.calibration, config.error_resolution) for config in configs}
    if len(sources) > 1:
        return None
    prepared = prepare(configs[0])
    if not prepared.is_stored:
        return None
    problem = prepared.problem
    try:
        for folder in folders:
            stored = read_designs(folder, problem.designs)
            columns = problem.checked_columns(problem.designs.canonical(stored.genes))
            require_same(folder, stored, columns, rows=range(len(stored.ids)))
    except (ConfigError, DataFileError, EvaluationError) as error:
        output().print(f"No true front is drawn: {error}", soft_wrap=True)
        return None
    exact = exact_front_of(problem)
    return None if exact is None else exact.points


def draw_front(
    problem: DesignProblem,
    genes: IntArray,
    stem: Path,
    *,
    points: FloatArray,
    evaluated: FloatArray,
    true_front: FloatArray | None,
    label: str,
    title: str,
) -> list[Path]:
    """Draw one front as ``stem.png`` and ``stem.svg``."""
    from evonasc.analysis.plotting import FrontSeries, front_figure, save_figure

    designs = problem.designs
    series = FrontSeries(label, points, designs.split_point(genes), evaluated)
    figure = front_figure(
        [series],
        objectives=problem.objectives,
        block_names=designs.space.block_names,
        true_front=true_front,
        title=title,
    )
    return save_figure(figure, stem)
