"""``evonasc show`` of a comparison: its tables as ``evonasc compare`` printed them."""

import json
from pathlib import Path

from evonasc.analysis import comparison_report as tables
from evonasc.cli.console import output
from evonasc.runs.comparison import TRIALS_FOLDER
from evonasc.runs.comparison_folder import inputs_changed_since
from evonasc.runs.folder import read_table

_SUMMARY, _PAIRS, _REPORT = "summary.csv", "pairs.csv", "report.md"


def show_comparison(folder: Path, *, is_json: bool = False) -> int:
    """Print the tables of a comparison, or how far it came.

    Raises:
        DataFileError: A table is damaged.
    """
    n_trials = sum(1 for _ in (folder / TRIALS_FOLDER).rglob("*.npz"))
    if not (folder / _SUMMARY).exists():
        output().print(
            f"{folder} holds a comparison that did not end: {n_trials} trials are done, and no "
            "table is there. The same evonasc compare again goes on from them.",
            soft_wrap=True,
        )
        return 0
    rows, pairs = read_table(folder / _SUMMARY), read_table(folder / _PAIRS)
    if is_json:
        print(json.dumps({"summary": rows, "pairs": pairs}, indent=2))
        return 0
    console = output()
    for scenario in dict.fromkeys(row["scenario"] for row in rows):
        console.print(scenario, style="bold")
        console.print(tables.summary_table(rows, scenario=scenario))
        budgets = [row["budget"] for row in pairs if row["scenario"] == scenario]
        if budgets:
            largest = max(budgets, key=int)
            console.print(f"\nPairs after {largest} evaluations:")
            console.print(tables.pair_table(pairs, scenario=scenario, budget=largest))
        console.print()
    for name in inputs_changed_since(folder):
        console.print(
            f"{name} changed since: these tables are of what it was. The same evonasc compare "
            "again leaves out what was made of it.",
            soft_wrap=True,
        )
    console.print(
        f"{n_trials} trials. {folder / _REPORT} has who is ahead, and how to make it again.",
        soft_wrap=True,
    )
    return 0
