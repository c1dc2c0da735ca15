"""``evonasc compare``: algorithms against each other, at equal evaluations, over seeds."""

import argparse
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

from evonasc.analysis import comparison_report as tables
from evonasc.analysis.compared import Comparison, compare
from evonasc.analysis.indicators import Reference
from evonasc.bounds import in_words
from evonasc.cli.accuracy_arguments import (
    add_accuracy_arguments,
    add_weights_arguments,
    error_of,
)
from evonasc.cli.backend_arguments import add_backend_arguments, cluster_of
from evonasc.cli.bound_arguments import (
    add_bound_arguments,
    add_margin_argument,
    bounds_of,
    require_meant,
)
from evonasc.cli.compare_figures import draw_comparison, remove_figures_of_others
from evonasc.cli.console import counter, output
from evonasc.cli.problem_arguments import (
    add_problem_arguments,
    objectives_of,
    require_read_by_problem,
    scenario_of,
    scenario_text,
)
from evonasc.errors import ConfigError
from evonasc.files import write_atomically
from evonasc.front import MOST_EXACT_OBJECTIVES
from evonasc.runs.arms import Arm, parse_arm, plain_arm
from evonasc.runs.comparison import ComparisonConfig
from evonasc.runs.config import RunConfig
from evonasc.runs.run import remarks
from evonasc.runs.tables import as_csv
from evonasc.search.config import SearchConfig
from evonasc.search.search import StopSearch
from evonasc.search.threshold_search import NASC_HELP

#: Who meets where nobody says.
_ALGORITHMS = "nsga2,nasc,hwnas,random"
_NOTES = (
    "Medians over seeds, quartiles in brackets. hypervolume %: share of the reference front's "
    "hypervolume, reference point its nadir + 0.1 x range. IGD+: in units of that front's range, "
    "0 is best. found %: share of that front's points. evaluated: distinct designs whose error was "
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
    parser.epilog = NASC_HELP
    parser.add_argument(
        "--algos",
        help="comma-separated; a variation after +, as in nsga2+refine (default: "
        f"{_ALGORITHMS}, or none beside --arm)",
    )
    parser.add_argument(
        "--arm",
        action="append",
        default=[],
        metavar="'NAME: ALGO FIELD=VALUE ...'",
        help="an algorithm with settings of its own, as in 'large: nsga2 pop_size=100'; may be "
        "given again",
    )
    parser.add_argument(
        "--seeds", type=int, default=11, help="searches of each, seeds 0, 1, ... (default: 11)"
    )
    parser.add_argument(
        "--budget", default="1000", help="distinct designs; several with commas (default: 1000)"
    )
    add_problem_arguments(parser, scenario="names, comma-separated")
    add_bound_arguments(parser)
    add_margin_argument(parser)
    add_accuracy_arguments(parser, takes_live=True)
    add_weights_arguments(parser)
    parser.add_argument(
        "--pop-size",
        type=int,
        help=f"of those that have a population (default: {SearchConfig.pop_size})",
    )
    add_backend_arguments(parser, jobs="worker processes, one thread each (default: 1)")
    parser.add_argument(
        "--out", type=Path, required=True, help="folder of the comparison; resumes and grows"
    )
    parser.add_argument(
        "--exact",
        action="store_true",
        help="enumerate the exact fronts, also where that calls code of others for every design",
    )
    parser.add_argument("--no-plot", action="store_true", help="draw no figures")
    parser.add_argument("--quiet", action="store_true", help="no progress, no tables")


def execute(arguments: argparse.Namespace) -> int:
    """Run what is missing, then write and show tables and figures."""
    require_read_by_problem(arguments)
    config = ComparisonConfig(
        base=RunConfig(
            problem=arguments.problem,
            space=arguments.space,
            objectives=objectives_of(arguments),
            bounds=bounds_of(arguments),
            margin=arguments.margin,
            search=_search_of(arguments),
            error=error_of(arguments),
        ),
        scenarios=tuple(
            scenario_of(arguments, text=text)
            for text in _words(scenario_text(arguments), "scenario")
        ),
        contenders=_contenders(arguments),
        budgets=_numbers(arguments.budget),
        n_seeds=arguments.seeds,
    )
    config = config.with_own_names()
    require_meant(arguments, config.base.objectives)
    with (
        cluster_of(arguments) as cluster,
        counter("comparing", quiet=arguments.quiet) as on_progress,
    ):
        try:
            comparison = compare(
                config,
                arguments.out,
                n_jobs=1 if arguments.jobs is None else arguments.jobs,
                cluster=cluster,
                is_exact_wanted=arguments.exact or None,
                on_progress=on_progress,
            )
        except StopSearch as stopped:  # Ctrl-C, which the search took for itself
            raise KeyboardInterrupt from stopped
    _report(arguments, comparison)
    return 0


def _report(arguments: argparse.Namespace, comparison: Comparison) -> None:
    """Write the tables and figures of a comparison that is complete, and show them."""
    config, fronts = comparison.config, comparison.references
    rows, pairs = comparison.summary, tables.pair_rows(config, comparison.trial_indicators)
    sentences = tables.verdicts(config, comparison.trial_indicators)
    notes = (
        *_bound_notes(config),
        *remarks(config.search_configs().values()),
        _reference_note(config, fronts),
        *_share_notes(comparison),
        *comparison.left_out,
        *_NOTES,
    )
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
            notes=notes,
        ).encode(),
        "trials.csv": as_csv(tables.trial_rows(comparison.trial_indicators)),
        "tables.tex": tables.latex(config, rows, pairs).encode(),
    }
    for name, content in documents.items():
        write_atomically(arguments.out / name, content)
    if not arguments.no_plot:
        draw_comparison(arguments.out, comparison)
    gone = remove_figures_of_others(arguments.out, config)
    console = output(quiet=arguments.quiet)
    for scenario in config.scenarios:
        words = [
            config.place(scenario.name),
            tables.seeds_of(rows, scenario=scenario.name),
            *map(str, config.base.bounds),
        ]
        console.print(", ".join(words), style="bold")
        console.print(tables.summary_table(rows, scenario=scenario.name))
        console.print()
        for (name, budget), text in sentences.items():
            if name == scenario.name:
                console.print(f"{budget}: {text}")
        if len(config.names) > 1:
            budget = tables.shown_budget(rows, scenario=scenario.name)
            console.print(f"\nPairs after {budget} evaluations:")
            console.print(tables.pair_table(pairs, scenario=scenario.name, budget=budget))
        console.print()
    for note in notes:
        console.print(note, style="dim")
    names = ", ".join(sorted(path.name for path in arguments.out.iterdir() if path.is_file()))
    console.print(f"Written to {arguments.out}: {names}.", soft_wrap=True)
    if gone:
        console.print(f"Removed, of what is left out: {', '.join(gone)}.", soft_wrap=True)


def _bound_notes(config: ComparisonConfig) -> tuple[str, ...]:
    """Say what designs had to keep to; nothing without bounds."""
    if not config.base.bounds:
        return ()
    margin = f", less {config.base.margin:g} x the mean error of each predictor"
    less = margin if config.base.margin else ""
    return (
        f"Bounds: {in_words(config.base.bounds)}{less}. Only designs within count, and the front "
        "they are measured against is that of designs within.",
    )


def _share_notes(comparison: Comparison) -> tuple[str, ...]:
    """Say how sure the shares of hypervolume are, where they are not."""
    n, most = len(comparison.config.base.objectives), MOST_EXACT_OBJECTIVES
    largest = max(one.hypervolume_share for one in comparison.trial_indicators.values())
    notes = []
    if n > most:
        notes.append(f"Hypervolumes are approximated: {n} objectives, exact up to {most}.")
    elif largest > 1 + 1e-9:
        notes.append(
            "Shares above 100 %: an objective is noisy, designs had other values when they were "
            "evaluated again, so the shares mean little. See evonasc check-plugin."
        )
    return tuple(notes)


def _reference_note(config: ComparisonConfig, fronts: Mapping[str, Reference]) -> str:
    """Say what was measured against."""
    parts = [
        f"{config.place(name)}: the {'exact' if front.is_exact else 'best known'} front of "
        f"{len(front.points)} points"
        for name, front in fronts.items()
    ]
    few = (
        ""
        if all(front.is_exact for front in fronts.values())
        else (" A best known front is what all searches here found together.")
    )
    return f"Measured against {'; '.join(parts)}.{few}"


def _search_of(arguments: argparse.Namespace) -> SearchConfig:
    """Return what all contenders share of their settings."""
    if arguments.pop_size is None:
        return SearchConfig()
    return SearchConfig(pop_size=arguments.pop_size)


def _contenders(arguments: argparse.Namespace) -> tuple[str | Arm, ...]:
    """Return the algorithms and arms that the options name.

    Raises:
        ConfigError: ``--pop-size`` is given, and none of them reads it from there.
    """
    arms, text = tuple(map(parse_arm, arguments.arm)), arguments.algos
    if text is None:
        text = "" if arms else _ALGORITHMS
    names = _words(text, "algos") if text or not arms else ()
    entries = [arm.entry for arm in (*map(plain_arm, names), *arms)]
    if arguments.pop_size is not None and not any("pop_size" in one.options for one in entries):
        raise ConfigError(
            f"--pop-size is not read by {', '.join((*names, *(arm.name for arm in arms)))}: none "
            "has a population. Leave it out."
        )
    return (*names, *arms)


def _words(text: str, option: str) -> tuple[str, ...]:
    """Read names, comma-separated."""
    words = tuple(word.strip() for word in text.split(",") if word.strip())
    if not words:
        raise ConfigError(f"{option} must name at least one, got {text!r}.")
    return words


def _numbers(text: str) -> tuple[int, ...]:
    """Read whole numbers, comma-separated."""
    try:
        return tuple(int(word) for word in _words(text, "budget"))
    except ValueError as error:
        raise ConfigError(
            f"budget must be whole numbers, comma-separated, got {text!r}."
        ) from error
