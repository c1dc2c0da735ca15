"""``evonasc run``: search, show the front, leave a folder."""

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from evonasc.arrays import FloatArray, IntArray
from evonasc.cli.accuracy_arguments import (
    accuracy_fields,
    add_accuracy_arguments,
    add_weights_arguments,
)
from evonasc.cli.console import output, progress
from evonasc.cli.interrupt import stop_on_interrupt
from evonasc.cli.live_arguments import add_live_arguments, live_options_of
from evonasc.cli.problem_arguments import add_problem_arguments, objectives_of, scenario_of

_DEFAULT_BUDGET, _DEFAULT_POP_SIZE = 2000, 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--algo", default="nsga2", help="algorithm (default: %(default)s)")
    add_problem_arguments(parser)
    add_accuracy_arguments(parser, takes_live=True)
    add_weights_arguments(parser)
    parser.add_argument(
        "--data",
        help="data set to train on, for gdas and nasc --nasc-mode cotrain: cifar10, cifar100, "
        "digits or folder:PATH",
    )
    add_live_arguments(parser)
    parser.add_argument(
        "--error-resolution",
        type=float,
        default=0.0,
        metavar="FRACTION",
        help="errors that differ by less are ties; 0.008 is about the noise of the shipped scores, "
        "see docs/accuracy.md (default: %(default)s)",
    )
    parser.add_argument(
        "--calibration",
        type=Path,
        metavar="FILE.json",
        help="show errors as of networks trained alone, made by evonasc supernet calibrate",
    )
    parser.add_argument("--seed", type=int, default=0, help="(default: %(default)s)")
    parser.add_argument(
        "--budget",
        type=int,
        default=_DEFAULT_BUDGET,
        help="distinct designs to evaluate; exact ignores it (default: %(default)s)",
    )
    parser.add_argument(
        "--pop-size", type=int, default=_DEFAULT_POP_SIZE, help="(default: %(default)s)"
    )
    _add_algorithm_arguments(parser)
    parser.add_argument("--out", type=Path, help="run folder (default: a new one below runs/)")
    parser.add_argument("--no-plot", action="store_true", help="do not draw the front")
    parser.add_argument("--quiet", action="store_true", help="no progress, no tables")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def _add_algorithm_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what single algorithms ask for."""
    group = parser.add_argument_group("single algorithms")
    group.add_argument(
        "--refine-split",
        action="store_true",
        help="move each new design's cut to the fastest allowed one of its network",
    )
    group.add_argument(
        "--max-latency-ms",
        type=float,
        metavar="MS",
        help="nasc, hwnas, gdas: the one threshold (default: a sweep of thresholds)",
    )
    group.add_argument("--nasc-mode", default="frozen", help="frozen or cotrain (default: frozen)")
    group.add_argument(
        "--nasc-rule",
        default="feasible-first",
        help="nasc, hwnas: feasible-first or penalty (default: %(default)s)",
    )
    group.add_argument(
        "--penalty-weight",
        type=float,
        default=1.0,
        help="error an excess of once the threshold is worth (default: %(default)s)",
    )
    group.add_argument(
        "--cold-start",
        action="store_true",
        help="nasc, hwnas: search each threshold of a sweep from scratch",
    )
    for kind in ("sampling", "crossover", "mutation"):
        group.add_argument(
            f"--{kind}",
            default=f"design-{kind}",
            metavar="NAME",
            help="evolutionary algorithms, see evonasc list operators (default: %(default)s)",
        )
    group.add_argument(
        "--fixed-cut", type=int, metavar="BLOCK", help="hwnas: cut here, not at the fastest cut"
    )


def execute(arguments: argparse.Namespace) -> int:
    """Search, and return 0, or 130 after Ctrl-C."""
    from evonasc.runs.folder import RunWriter, summary
    from evonasc.runs.run import RunConfig, make_problem, require_fit, run_search
    from evonasc.runs.tables import answer_table, front_table
    from evonasc.search.algorithms import trains_weights
    from evonasc.search.config import SearchConfig

    search = SearchConfig(
        algorithm=arguments.algo,
        budget=arguments.budget,
        pop_size=arguments.pop_size,
        seed=arguments.seed,
        refine_split=arguments.refine_split,
        max_latency_ms=arguments.max_latency_ms,
        nasc_mode=arguments.nasc_mode,
        nasc_rule=arguments.nasc_rule,
        penalty_weight=arguments.penalty_weight,
        is_warm=not arguments.cold_start,
        fixed_cut=arguments.fixed_cut,
        sampling=arguments.sampling,
        crossover=arguments.crossover,
        mutation=arguments.mutation,
    )
    _refuse_unknown_algorithm(arguments.algo)
    config = RunConfig(
        problem=arguments.problem,
        space=arguments.space,
        scenario=scenario_of(arguments),
        objectives=objectives_of(arguments),
        data=arguments.data,
        error_resolution=arguments.error_resolution,
        calibration=arguments.calibration,
        live=live_options_of(arguments),
        search=search,
        **accuracy_fields(arguments, trains=trains_weights(search)),
    )
    problem = make_problem(config)
    config = replace(config, objectives=problem.objectives)  # a problem may bring its own
    require_fit(config.search, problem)
    # Refuses a scenario without a valid cut, damaged files and numbers that overflow, while there
    # is nothing on disk yet.
    problem.checked_columns(problem.designs.sample(1, rng=_any_rng()))
    folder = arguments.out or _new_folder(config.search)
    quiet = arguments.quiet or arguments.json
    with RunWriter(folder, config, problem) as writer, progress(quiet=quiet) as bar:
        task = bar.add_task(f"{arguments.algo}", total=config.search.budget, note="")
        best: list[float] = []

        def on_new(genes: IntArray, columns: dict[str, FloatArray]) -> None:
            writer.add(genes, columns)
            lowest = float(columns[problem.objectives[0]].min())
            best[:] = [min([lowest, *best])]
            bar.update(
                task, advance=len(genes), note=f"least {problem.objectives[0]} {best[0]:.4f}"
            )

        with stop_on_interrupt() as should_stop:
            result = run_search(config, on_new=on_new, problem=problem, should_stop=should_stop)
        writer.finish(result)
    if not arguments.no_plot and len(result.front_rows):
        from evonasc.cli.plot import draw_result

        draw_result(result, folder / "front")
    if arguments.json:
        document = {"out": str(folder), **summary(result), "front": front_table(result)}
        if result.answers:
            document["answers"] = answer_table(result)
        print(json.dumps(document, indent=2))
    else:
        from evonasc.analysis.report import run_view

        console = output(quiet=arguments.quiet)
        console.print(run_view(result))
        names = ", ".join(sorted(path.name for path in folder.iterdir()))
        console.print(f"Written to {folder}: {names}.", soft_wrap=True)
    return 130 if result.status == "interrupted" else 0


def _refuse_unknown_algorithm(name: str) -> None:
    """Refuse before anything is made or written."""
    from evonasc.search.algorithms import algorithm

    algorithm(name)


def _new_folder(search: Any) -> Path:
    """Return a folder below runs/ that does not exist yet."""
    stem = f"{search.algorithm}-seed{search.seed}"
    number = 1
    while (folder := Path("runs") / f"{stem}-{number:03d}").exists():
        number += 1
    return folder


def _any_rng() -> Any:
    """Return a generator for a draw whose outcome does not matter."""
    import numpy as np

    return np.random.default_rng(0)
