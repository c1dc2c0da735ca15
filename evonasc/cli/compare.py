"""``evonasc compare``: algorithms against each other, at equal evaluations, over seeds."""

import argparse
import shlex
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from evonasc.cli.accuracy_arguments import (
    accuracy_fields,
    add_accuracy_arguments,
    add_weights_arguments,
)
from evonasc.cli.console import output, progress
from evonasc.cli.problem_arguments import add_problem_arguments, objectives_of, scenario_of
from evonasc.errors import ConfigError

if TYPE_CHECKING:
    from evonasc.analysis.indicators import Reference
    from evonasc.runs.comparison import ComparisonConfig, TrialKey
    from evonasc.runs.trials import Trial

_NOTES = (
    "Medians over seeds, quartiles in brackets. hypervolume %: share of the reference front's "
    "hypervolume, reference point its nadir times 1.1. IGD+: in units of that front's range, 0 is "
    "best. found %: share of that front's points. evaluated: distinct designs whose error was "
    "looked up or computed, the same count for every algorithm. seconds: wall time of one search, "
    "evaluations looked up, beside whatever else ran.",
    "What counts is everything a search evaluated, NASC's samples included, not only the answers "
    "it would name (`answers_share` in summary.csv).",
    "Pairs: Wilcoxon's signed-rank test over paired seeds on the share of hypervolume, corrected "
    "by Holm within a scenario and budget; A12 is the chance that a run of the first beats one of "
    "the second.",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--algos",
        default="nsga2,nasc,hwnas,random",
        help="comma-separated; a variation after +, as in nsga2+refine (default: %(default)s)",
    )
    parser.add_argument(
        "--seeds", type=int, default=11, help="searches of each, seeds 0, 1, ... (default: 11)"
    )
    parser.add_argument(
        "--budget", default="1000", help="distinct designs; several with commas (default: 1000)"
    )
    add_problem_arguments(parser, scenario="names, comma-separated")
    add_accuracy_arguments(parser, takes_live=True)
    add_weights_arguments(parser)
    parser.add_argument("--pop-size", type=int, default=20, help="(default: %(default)s)")
    parser.add_argument("--jobs", type=int, default=1, help="worker processes, one thread each")
    parser.add_argument(
        "--out", type=Path, required=True, help="folder of the comparison; resumes and grows"
    )
    parser.add_argument("--no-plot", action="store_true", help="draw no figures")
    parser.add_argument("--quiet", action="store_true", help="no progress, no tables")


def execute(arguments: argparse.Namespace) -> int:
    """Run what is missing, then write and show tables and figures."""
    from evonasc.runs.comparison import (
        ComparisonConfig,
        open_folder,
        run_comparison,
    )
    from evonasc.runs.problem_table import PROBLEMS
    from evonasc.runs.run import RunConfig, make_problem
    from evonasc.search.config import SearchConfig

    config = ComparisonConfig(
        base=RunConfig(
            problem=arguments.problem,
            space=arguments.space,
            objectives=objectives_of(arguments),
            search=SearchConfig(pop_size=arguments.pop_size),
            **accuracy_fields(arguments),
        ),
        scenarios=tuple(
            scenario_of(arguments, text=text) for text in _words(arguments.scenario, "scenario")
        ),
        contenders=_words(arguments.algos, "algos"),
        budgets=_numbers(arguments.budget),
        n_seeds=arguments.seeds,
    )
    if not PROBLEMS.is_own(config.base.problem):  # it brings objectives of its own
        own = make_problem(replace(config.base, scenario=config.scenarios[0])).objectives
        config = replace(config, base=replace(config.base, objectives=own))
    open_folder(arguments.out, config)
    with progress(quiet=arguments.quiet) as bar:
        task = bar.add_task("comparing", total=None, note="")
        for done, total in run_comparison(arguments.out, config, n_jobs=arguments.jobs):
            bar.update(task, completed=done, total=total)
    _report(arguments, config)
    return 0


def _report(arguments: argparse.Namespace, config: "ComparisonConfig") -> None:
    """Write the tables and figures of a comparison that is complete, and show them."""
    from evonasc.analysis import comparison_report as tables
    from evonasc.analysis.indicators import indicators, references, summary_rows
    from evonasc.files import write_atomically
    from evonasc.runs.comparison import read_trials, true_points
    from evonasc.runs.tables import as_csv

    trials = read_trials(arguments.out, config)
    fronts = references(true_points(config), trials)
    measured = {key: indicators(trial, fronts[key.scenario]) for key, trial in trials.items()}
    rows, pairs = summary_rows(measured), tables.pair_rows(config, measured)
    sentences = tables.verdicts(config, measured)
    command = shlex.join(["python", "-m", "evonasc", *sys.argv[1:]])
    documents = {
        "summary.csv": as_csv(rows),
        "pairs.csv": as_csv(pairs),
        "report.md": tables.markdown(
            config,
            rows,
            pairs,
            sentences,
            command=command,
            notes=(_reference_note(fronts), *_NOTES),
        ).encode(),
        "tables.tex": tables.latex(config, rows).encode(),
    }
    for name, content in documents.items():
        write_atomically(arguments.out / name, content)
    if not arguments.no_plot:
        _draw(arguments.out, config, trials, fronts)
    console = output(quiet=arguments.quiet)
    for scenario in config.scenarios:
        console.print(f"{scenario.name}, {config.n_seeds} seeds", style="bold")
        console.print(tables.summary_table(rows, scenario=scenario.name))
        console.print()
        for budget in config.budgets:
            console.print(f"{budget}: {sentences[scenario.name, budget]}")
        if len(config.contenders) > 1:
            console.print()
            console.print(
                tables.pair_table(pairs, scenario=scenario.name, budget=max(config.budgets))
            )
        console.print()
    for note in (_reference_note(fronts), *_NOTES):
        console.print(note, style="dim")
    names = ", ".join(sorted(path.name for path in arguments.out.iterdir() if path.is_file()))
    console.print(f"Written to {arguments.out}: {names}.", soft_wrap=True)


def _reference_note(fronts: "dict[str, Reference]") -> str:
    """Say what was measured against."""
    parts = [
        f"{name}: the {'true' if front.is_exact else 'best known'} front of "
        f"{len(front.points)} points"
        for name, front in fronts.items()
    ]
    few = (
        ""
        if all(front.is_exact for front in fronts.values())
        else (" A best known front is what all searches here found together.")
    )
    return f"Measured against {'; '.join(parts)}.{few}"


def _draw(
    folder: Path,
    config: "ComparisonConfig",
    trials: "dict[TrialKey, Trial]",
    fronts: "dict[str, Reference]",
) -> None:
    """Draw each scenario at its largest budget: fronts (of two objectives) and hypervolume."""
    import numpy as np

    from evonasc.analysis.comparison_figures import attainment_figure, hypervolume_figure
    from evonasc.analysis.indicators import evaluation_counts, fronts_of, hypervolume_curve
    from evonasc.analysis.plotting import save_figure

    budget, objectives = max(config.budgets), config.base.objectives
    counts = evaluation_counts(budget)
    for name, reference in fronts.items():
        title = f"{name}, {budget} evaluations, {config.n_seeds} seeds"
        if len(objectives) == 2:
            found = fronts_of(trials, scenario=name, budget=budget)
            figure = attainment_figure(found, reference, objectives=objectives, title=title)
            save_figure(figure, folder / f"fronts-{name}")
        curves = {
            contender: np.stack(
                [
                    hypervolume_curve(trial, reference, counts=counts)
                    for key, trial in trials.items()
                    if (key.scenario, key.contender, key.budget) == (name, contender, budget)
                ]
            )
            for contender in config.contenders
        }
        save_figure(
            hypervolume_figure(curves, counts=counts, title=title), folder / f"hypervolume-{name}"
        )


def _words(text: str, option: str) -> tuple[str, ...]:
    """Read names, comma-separated.

    Raises:
        ConfigError: None.
    """
    words = tuple(word.strip() for word in text.split(",") if word.strip())
    if not words:
        raise ConfigError(f"{option} must name at least one, got {text!r}.")
    return words


def _numbers(text: str) -> tuple[int, ...]:
    """Read whole numbers, comma-separated.

    Raises:
        ConfigError: Not whole numbers.
    """
    try:
        return tuple(int(word) for word in _words(text, "budget"))
    except ValueError as error:
        raise ConfigError(
            f"budget must be whole numbers, comma-separated, got {text!r}."
        ) from error
