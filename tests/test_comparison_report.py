"""Tables of a comparison: every row there, in order, and safe to paste."""

import io

import pytest
from rich.console import Console

from evonasc.analysis.comparison_report import (
    latex,
    markdown,
    pair_rows,
    pair_table,
    summary_table,
    verdicts,
)
from evonasc.analysis.indicators import Indicators, summary_rows
from evonasc.cost.scenario_table import DEFAULT_SCENARIO, named_scenario
from evonasc.runs.comparison import ComparisonConfig
from evonasc.runs.config import RunConfig

SCENARIO = named_scenario(DEFAULT_SCENARIO)
CONFIG = ComparisonConfig(
    base=RunConfig(problem="toy"),
    scenarios=(SCENARIO,),
    contenders=("random", "nsga2"),
    budgets=(20, 40),
    n_seeds=8,
)


def measured():
    return {
        key: Indicators(
            hypervolume_share=0.5 + 0.3 * (key.contender == "nsga2") + 0.01 * key.seed,
            recall=0.25,
            answers_share=float("nan"),
            igd_plus=0.125,
            n_evaluated=key.budget,
            n_requested=99,
            seconds=1.5,
        )
        for key in CONFIG.trial_keys()
    }


@pytest.fixture
def parts():
    values = measured()
    return summary_rows(values), pair_rows(CONFIG, values), verdicts(CONFIG, values)


def printed(table):
    console = Console(width=100, markup=False, file=io.StringIO())
    console.print(table)
    return console.file.getvalue()


def test_the_summary_ranks_contenders_within_a_budget_and_fits_a_terminal(parts):
    lines = printed(summary_table(parts[0], scenario=SCENARIO.name)).splitlines()
    assert [line.split()[:2] for line in lines[1:]] == [
        ["20", "nsga2"],
        ["20", "random"],
        ["40", "nsga2"],
        ["40", "random"],
    ]
    assert "83.50 [81.75,85.25]" in lines[1]
    assert "0.1250 [0.1250,0.1250]" in lines[1]  # equal quartiles say so
    assert "[20" not in lines[1]  # the budget is no result


def test_quartiles_stay_whole_on_80_columns():
    values = {"n_seeds": 3}
    for name in ("hypervolume_share", "igd_plus", "recall", "n_evaluated", "seconds"):
        values |= {f"{name}_median": 0.95, f"{name}_q1": 0.94, f"{name}_q3": 0.96}
    row = {"scenario": "s", "budget": 1000, "contender": "nsga2+refine", **values}
    with (console := Console(width=80)).capture() as capture:
        console.print(summary_table([row], scenario="s"))
    text = capture.get()
    for whole in ("nsga2+refine", "95.00", "[94.00,96.00]", "[0.9400,0.9600]", "[94,96]"):
        assert whole in text


def test_pairs_are_named_by_who_is_ahead(parts):
    (line,) = printed(pair_table(parts[1], scenario=SCENARIO.name, budget=40)).splitlines()[1:]
    assert line.split()[:2] == ["nsga2", "random"]
    assert "+30.00 %" in line
    assert "0.0078" in line  # 2 / 2 ** 8
    assert "not certain" not in line
    assert parts[2][SCENARIO.name, 20] == (
        "nsga2 has the largest median; significantly ahead of random."
    )


def test_the_markdown_document_has_everything(parts):
    text = markdown(CONFIG, *parts, command="evonasc compare", notes=("How to read.",))
    assert "`evonasc compare`" in text
    assert "How to read." in text
    assert "## toy" in text  # which reads no scenario
    assert text.count("| 20 | nsga2 | 83.50 [81.75, 85.25] |") == 1
    assert f"fronts-{SCENARIO.name}.png" in text
    assert f"- 40: {parts[2][SCENARIO.name, 40]}" in text


def test_latex_escapes_what_it_would_read_as_commands(parts):
    text = latex(CONFIG, parts[0], parts[1])
    assert text.count(r"\begin{tabular}") == text.count(r"\end{tabular}") == 1
    assert r"hypervolume \%" in text
    assert r"20 & \textbf{nsga2} & 83.50 [81.75, 85.25] &" in text
    assert "medians and quartiles over 8 seeds" in text
    hostile = [{**row, "contender": r"a_b & 5% \input"} for row in parts[0]]
    assert r"a\_b \& 5\% \textbackslash input" in latex(CONFIG, hostile, [])
