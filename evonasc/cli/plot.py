"""``evonasc plot``: fronts of finished runs in one figure."""

import argparse
from dataclasses import replace
from pathlib import Path

from evonasc.analysis.page_data import run_labels
from evonasc.arrays import FloatArray, IntArray
from evonasc.bounds import in_words, is_within
from evonasc.cli.console import output
from evonasc.problems import DesignProblem
from evonasc.runs.design_rows import placement_columns
from evonasc.runs.differences import changed_inputs
from evonasc.runs.finished import FinishedRun, load_run, read_designs, require_alike
from evonasc.runs.folder import (
    EVALUATIONS_FILE,
    FRONT_FILE,
    read_exact,
    read_summary,
    table_columns,
)
from evonasc.runs.problem_table import place_in_words
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
    """Draw PNG, SVG and PDF."""
    from evonasc.analysis.convergence import convergence
    from evonasc.analysis.front_figure import FrontSeries, front_figure
    from evonasc.analysis.plotting import save_figure

    runs = [load_run(folder) for folder in arguments.runs]
    configs = [run.config for run in runs]
    require_alike(dict(zip(arguments.runs, configs, strict=True)), where="in one figure")
    objectives, designs = configs[0].objectives, runs[0].designs
    series, clouds, within = [], [], []
    cut_names = placement_columns(designs)[: designs.n_links]
    changed = changed_inputs([read_summary(folder)["inputs"] or {} for folder in arguments.runs])
    labels = [
        "\n".join([name, *inputs])
        for name, inputs in zip(run_labels(arguments.runs), changed, strict=True)
    ]
    for folder, run, label in zip(arguments.runs, runs, labels, strict=True):
        cuts = table_columns(run.rows, cut_names, where=folder / FRONT_FILE)
        # fronts alone can be drawn together though a run lost its evaluations
        is_needed = len(runs) == 1 or (folder / EVALUATIONS_FILE).exists()
        columns = read_designs(folder, run.designs).columns if is_needed else {}
        clouds.append(run.config.compared(columns) if columns else run.points[:0])
        within.append(is_within(columns, run.config.bounds if columns else ()))
        cloud = clouds[-1] if len(runs) == 1 else run.points[:0]
        series.append(FrontSeries(label, run.points, cuts.astype("int64"), cloud))
    same_names = all(config.scenario == configs[0].scenario for config in configs)
    same_scenario = same_names and not any(changed)
    same_bounds = all(config.bounds == configs[0].bounds for config in configs)
    truth = _common_truth(arguments.runs, runs)
    figure = front_figure(
        series,
        objectives=objectives,
        block_names=designs.space.block_names,
        bounds=configs[0].bounds if same_bounds else (),
        true_front=truth,
        convergence=convergence(clouds, is_within=within, objectives=objectives)
        if truth is None and same_scenario and same_bounds and all(map(len, clouds))
        else (),
        title=", ".join(
            filter(
                None,
                [
                    place_in_words(configs[0]) if same_names else "",
                    in_words(configs[0].bounds) if same_bounds else "",
                ],
            )
        ),
    )
    is_own = arguments.out is None and len(arguments.runs) == 1
    stem = arguments.out or place_of(arguments.runs, "front")
    earlier = set(stem.parent.glob("*")) if is_own else set()
    for path in save_figure(figure, stem, may_replace=is_own):
        output().print(f"{'Replaced' if path in earlier else 'Wrote'} {path}", soft_wrap=True)
    return 0


def place_of(runs: list[Path], name: str) -> Path:
    """Return where a figure or page of runs goes unless told: of several, into none of them."""
    if len(runs) == 1:
        return runs[0] / name
    return Path("_".join([name, *(folder.resolve().name for folder in runs)])[:_LONGEST_NAME])


def _common_truth(folders: list[Path], runs: list[FinishedRun]) -> FloatArray | None:
    """Return the exact front of runs of one problem, ``(n, n_obj)``; None where none has noted it.

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
    evaluated: dict[str, FloatArray] | None,
    true_front: FloatArray | None,
    label: str,
    title: str,
) -> list[Path]:
    """Draw one front as ``stem.png``, ``stem.svg`` and ``stem.pdf``.

    Args:
        problem: Of the designs.
        genes: ``(n, n_genes)`` of the front.
        stem: Of the files.
        points: ``(n, n_obj)`` of the front.
        evaluated: Columns of everything evaluated, in that order; None where nothing was searched.
        true_front: Where known; how the search went on is drawn where not.
        label: For the legend.
        title: Above the figure.
    """
    from evonasc.analysis.convergence import convergence
    from evonasc.analysis.front_figure import FrontSeries, front_figure
    from evonasc.analysis.plotting import save_figure

    cloud = points[:0] if evaluated is None else problem.objective_values(evaluated)
    curves = []
    if true_front is None and evaluated is not None:
        within = is_within(evaluated, problem.column_bounds)
        curves = convergence([cloud], is_within=[within], objectives=problem.objectives)
    figure = front_figure(
        [FrontSeries(label, points, problem.designs.split_points(genes), cloud)],
        objectives=problem.objectives,
        block_names=problem.designs.space.block_names,
        bounds=problem.column_bounds,
        true_front=true_front,
        convergence=curves,
        title=title,
    )
    return save_figure(figure, stem)
