"""``evonasc plot``: fronts of finished runs in one figure."""

import argparse
from dataclasses import replace
from pathlib import Path

from evonasc.arrays import FloatArray, IntArray
from evonasc.bounds import in_words
from evonasc.cli.console import output
from evonasc.problems import DesignProblem
from evonasc.runs.finished import FinishedRun, load_run, require_alike
from evonasc.runs.folder import (
    EVALUATIONS_FILE,
    FRONT_FILE,
    read_exact,
    read_summary,
    read_table,
    table_columns,
)
from evonasc.search.config import SearchConfig

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

    runs = [load_run(folder) for folder in arguments.runs]
    configs = [run.config for run in runs]
    require_alike(dict(zip(arguments.runs, configs, strict=True)), where="in one figure")
    objectives, designs = configs[0].objectives, runs[0].designs
    designs.require_one_link("A figure of fronts")
    series = []
    for folder, run in zip(arguments.runs, runs, strict=True):
        cuts = table_columns(run.rows, ("split_point",), where=folder / FRONT_FILE)[:, 0]
        where = folder / EVALUATIONS_FILE
        evaluated = read_table(where) if len(runs) == 1 else []
        table = table_columns(evaluated, objectives, where=where)
        cloud = run.config.compared(dict(zip(objectives, table.T, strict=True)))
        series.append(FrontSeries(folder.name, run.points, cuts.astype("int64"), cloud))
    same_scenario = all(config.scenario == configs[0].scenario for config in configs)
    same_bounds = all(config.bounds == configs[0].bounds for config in configs)
    figure = front_figure(
        series,
        objectives=objectives,
        block_names=designs.space.block_names,
        true_front=_common_truth(arguments.runs, runs),
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


def _common_truth(folders: list[Path], runs: list[FinishedRun]) -> FloatArray | None:
    """Return the true front of runs of one problem, ``(n, n_obj)``; None where none has noted it.

    Of one problem are runs whose configurations and inputs differ in the search alone.
    """
    problems = [replace(run.config, search=SearchConfig()) for run in runs]
    inputs = [read_summary(folder)["inputs"] for folder in folders]
    if any(one != problems[0] for one in problems) or any(one != inputs[0] for one in inputs):
        return None
    for folder, run in zip(folders, runs, strict=True):
        truth = read_exact(folder, objectives=run.config.objectives, designs=run.designs)
        if truth is not None:
            return truth
    return None


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
