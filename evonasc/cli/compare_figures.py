"""The figures of a comparison, and which of its folder's are not of it any more."""

from pathlib import Path

import numpy as np

from evonasc.analysis import comparison_report as tables
from evonasc.analysis.compared import Comparison
from evonasc.analysis.indicators import evaluation_counts, fronts_of, hypervolume_curve
from evonasc.names import file_name
from evonasc.runs.comparison import ComparisonConfig
from evonasc.runs.comparison_folder import described_scenarios

#: What the names of the figures begin with.
_FIGURES = _FRONTS, _HYPERVOLUME = ("fronts", "hypervolume")
_SUFFIXES = (".png", ".svg", ".pdf")


def draw_comparison(folder: Path, comparison: Comparison) -> None:
    """Draw each scenario at the budget shown: fronts (of two objectives) and hypervolume."""
    from evonasc.analysis.comparison_figures import attainment_figure, hypervolume_figure
    from evonasc.analysis.plotting import save_figure

    config, trials = comparison.config, comparison.trials
    objectives, bounds = config.base.objectives, config.base.bounds
    for name, reference in comparison.references.items():
        rows = [row for row in comparison.summary if row["scenario"] == name]
        budget = tables.shown_budget(rows, scenario=name)
        rows = [row for row in rows if row["budget"] == budget]
        counts = evaluation_counts(budget)
        counts_in_words = (f"{budget} evaluations", tables.seeds_of(rows, scenario=name))
        words = [config.place(name), *counts_in_words, *map(str, bounds)]
        title = ", ".join(words)
        if len(objectives) == 2:
            found = fronts_of(trials, scenario=name, budget=budget)
            figure = attainment_figure(found, reference, objectives=objectives, title=title)
            save_figure(figure, folder / f"{_FRONTS}-{file_name(name)}", may_replace=True)
        curves = {
            contender: np.stack(
                [
                    hypervolume_curve(
                        trial.points, reference.points, is_within=trial.is_within, counts=counts
                    )
                    for key, trial in trials.items()
                    if (key.scenario, key.contender, key.budget) == (name, contender, budget)
                ]
            )
            for contender in (str(row["contender"]) for row in rows)
        }
        save_figure(
            hypervolume_figure(curves, counts=counts, title=title),
            folder / f"{_HYPERVOLUME}-{file_name(name)}",
            may_replace=True,
        )


def remove_figures_of_others(folder: Path, config: ComparisonConfig) -> list[str]:
    """Remove the figures of scenarios that the tables do not have any more; return their names."""
    kept = {scenario.name for scenario in config.scenarios}
    figures = [
        folder / f"{kind}-{file_name(name)}{suffix}"
        for name in described_scenarios(folder)
        if name not in kept
        for kind in _FIGURES
        for suffix in _SUFFIXES
    ]
    others = [path for path in figures if path.is_file()]
    for path in others:
        path.unlink()
    return sorted(path.name for path in others)
