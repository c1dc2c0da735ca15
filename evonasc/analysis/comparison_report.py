"""Tables of a comparison: for a terminal, as CSV, Markdown and LaTeX."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict

from rich.console import JustifyMethod
from rich.table import Table

from evonasc.analysis.indicators import Indicators, by_seed
from evonasc.analysis.significance import compare_pairs, seeds_in_words, verdict
from evonasc.bounds import in_words
from evonasc.names import file_name
from evonasc.runs.comparison import ComparisonConfig, TrialKey

Row = Mapping[str, str | int | float]

#: Columns of the tables people read: (heading, name in the summary, format, factor).
_COLUMNS = (
    ("hypervolume %", "hypervolume_share", ".2f", 100.0),
    ("IGD+", "igd_plus", ".4f", 1.0),
    ("found %", "recall", ".0f", 100.0),
    ("evaluated", "n_evaluated", ".0f", 1.0),
    ("seconds", "seconds", ".2f", 1.0),
)
_HEADINGS = ("budget", "algorithm", *(heading for heading, *_ in _COLUMNS))
_PAIR_HEADINGS = ("ahead", "behind", "difference", "p (Holm)", "A12", "")
#: The indicator that contenders are ranked by.
RANKED_BY = "hypervolume_share"


def summary_table(rows: Sequence[Row], *, scenario: str) -> Table:
    """Return the summary of one scenario for a terminal: medians, quartiles in brackets."""
    table = Table(box=None, pad_edge=False, collapse_padding=True, header_style="bold")
    for heading in _HEADINGS:
        justify: JustifyMethod = "left" if heading == "algorithm" else "right"
        table.add_column(heading, justify=justify, overflow="fold")
    for cells in _rows_of_cells(rows, scenario):
        # Where 80 columns make a cell two lines, the quartiles stay together on the second.
        table.add_row(*(cell.replace(", ", ",") for cell in cells))
    return table


def seeds_of(rows: Sequence[Row], *, scenario: str) -> str:
    """Return how many seeds the rows of a scenario are of, in words."""
    return seeds_in_words(*(int(row["n_seeds"]) for row in _of(rows, scenario)))


def shown_budget(rows: Sequence[Row], *, scenario: str) -> int:
    """Return the budget that pairs and figures of a scenario are shown at.

    The largest of those that most contenders have.
    """
    budgets = [int(row["budget"]) for row in _of(rows, scenario)]
    return max(budgets, key=lambda budget: (budgets.count(budget), budget))


def pair_rows(
    config: ComparisonConfig, trial_indicators: Mapping[TrialKey, Indicators]
) -> list[dict[str, str | int | float]]:
    """Return every pair of contenders, by scenario and budget, as ``pairs.csv`` has them."""
    rows: list[dict[str, str | int | float]] = []
    for scenario in config.scenarios:
        for budget in config.budgets:
            values = by_seed(
                trial_indicators, scenario=scenario.name, budget=budget, name=RANKED_BY
            )
            place: dict[str, str | int | float] = {"scenario": scenario.name, "budget": budget}
            rows += [
                {**place, **asdict(pair), "is_significant": str(pair.is_significant)}
                for pair in compare_pairs(values)
            ]
    return rows


def pair_table(pairs: Sequence[Row], *, scenario: str, budget: int | str) -> Table:
    """Return the pairs of one scenario and budget for a terminal."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in _PAIR_HEADINGS:
        table.add_column(heading, justify="left" if heading in ("ahead", "behind", "") else "right")
    for row in _of(pairs, scenario):
        if row["budget"] == budget:
            table.add_row(*_pair_cells(row))
    return table


def verdicts(
    config: ComparisonConfig, trial_indicators: Mapping[TrialKey, Indicators]
) -> dict[tuple[str, int], str]:
    """Return one sentence a scenario and budget: who is ahead, and of whom significantly."""
    values = {
        (scenario.name, budget): by_seed(
            trial_indicators, scenario=scenario.name, budget=budget, name=RANKED_BY
        )
        for scenario in config.scenarios
        for budget in config.budgets
    }
    return {place: verdict(columns) for place, columns in values.items() if columns}


def markdown(
    config: ComparisonConfig,
    rows: Sequence[Row],
    pairs: Sequence[Row],
    sentences: Mapping[tuple[str, int], str],
    *,
    command: str,
    notes: Sequence[str],
) -> str:
    """Return the whole comparison as a Markdown document.

    It has the summary's rows, the pairs of :func:`pair_rows` and the sentences of :func:`verdicts`,
    the command that gives it again, and notes on how to read it, one paragraph each.
    """
    lines = ["# Comparison", "", f"`{command}`", ""]
    for note in notes:
        lines += [note, ""]
    for scenario in config.scenarios:
        name = scenario.name
        lines += [
            f"## {config.place(name)}",
            "",
            *_markdown_table(_HEADINGS, _rows_of_cells(rows, name)),
            "",
        ]
        lines += [
            f"- {budget}: {text}" for (place, budget), text in sentences.items() if place == name
        ]
        budget = shown_budget(rows, scenario=name)
        shown = [row for row in _of(pairs, name) if row["budget"] == budget]
        if shown:
            lines += ["", f"Pairs after {budget} evaluations:", ""]
            lines += _markdown_table(_PAIR_HEADINGS, map(_pair_cells, shown))
        for kind in ("fronts", "hypervolume"):
            lines += ["", f"![{kind} of {config.place(name)}]({kind}-{file_name(name)}.png)"]
        lines.append("")
    return "\n".join(lines)


def trial_rows(
    trial_indicators: Mapping[TrialKey, Indicators],
) -> list[dict[str, str | int | float]]:
    """Return one row a search, as ``trials.csv`` has them: which one, and what it is worth."""
    return [{**key._asdict(), **asdict(value)} for key, value in trial_indicators.items()]


def latex(config: ComparisonConfig, rows: Sequence[Row], pairs: Sequence[Row]) -> str:
    """Return the summary as LaTeX tables (package ``booktabs``), one a scenario.

    The largest median of a budget is bold; a dagger marks who is significantly behind it.
    """
    parts = []
    bounds = config.base.bounds
    within = f", of designs with {in_words(bounds)}" if bounds else ""
    for scenario in config.scenarios:
        lines = [
            r"\begin{table}",
            rf"\caption{{{_tex(config.place(scenario.name))}: medians and quartiles over "
            rf"{seeds_of(rows, scenario=scenario.name)}{_tex(within)}. "
            r"Bold: the largest median of a budget; $\dagger$: behind it (Wilcoxon's signed-rank "
            r"test over paired seeds, 5\,\%, Holm's correction).}",
            r"\begin{tabular}{rl" + "r" * len(_COLUMNS) + "}",
            r"\toprule",
            " & ".join(map(_tex, _HEADINGS)) + r" \\",
            r"\midrule",
            *_tex_rows(_of(rows, scenario.name), _of(pairs, scenario.name)),
            r"\bottomrule",
            r"\end{tabular}",
            r"\end{table}",
        ]
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def _tex_rows(rows: Sequence[Row], pairs: Sequence[Row]) -> list[str]:
    """Return the rows of a scenario's LaTeX table, who is ahead and who is behind marked."""
    lines, most = [], max(int(row["n_seeds"]) for row in rows)
    for budget in dict.fromkeys(row["budget"] for row in rows):
        best, *others = [row for row in rows if row["budget"] == budget]
        behind = {
            pair["second"]
            for pair in pairs
            if (pair["budget"], pair["first"], pair["is_significant"])
            == (budget, best["contender"], "True")
        }
        for row in (best, *others):
            count, name, *cells = map(_tex, _cells(row, most))
            if row is best and others:
                name = rf"\textbf{{{name}}}"
            mark = r"$^\dagger$" if row["contender"] in behind else ""
            lines.append(" & ".join([count, f"{name}{mark}", *cells]) + r" \\")
    return lines


def _of(rows: Sequence[Row], scenario: str) -> list[Row]:
    """Return the rows of a scenario, by budget and by falling median of what ranks them."""
    chosen = [row for row in rows if row["scenario"] == scenario]
    name = f"{RANKED_BY}_median"
    if chosen and name in chosen[0]:
        chosen.sort(key=lambda row: (int(row["budget"]), -float(row[name])))
    return chosen


def _rows_of_cells(rows: Sequence[Row], scenario: str) -> list[list[str]]:
    """Return the summary of a scenario as text."""
    chosen = _of(rows, scenario)
    most = max((int(row["n_seeds"]) for row in chosen), default=0)
    return [_cells(row, most) for row in chosen]


def _cells(row: Row, most: int) -> list[str]:
    """Return a row of the summary as text, and its seeds where others have more."""
    n_seeds = int(row["n_seeds"])
    few = f" ({seeds_in_words(n_seeds)})" if n_seeds < most else ""
    cells = [str(row["budget"]), f"{row['contender']}{few}"]
    for _, name, pattern, factor in _COLUMNS:
        middle, low, high = (
            format(factor * float(row[f"{name}_{part}"]), pattern)
            for part in ("median", "q1", "q3")
        )
        is_one = low == high and (n_seeds == 1 or name == "n_evaluated")
        # times of a busy machine scatter anyhow
        is_alone = is_one or name == "seconds"
        cells.append(middle if is_alone else f"{middle} [{low}, {high}]")
    return cells


def _pair_cells(row: Row) -> list[str]:
    """Return a pair as text."""
    p = float(row["p_holm"])
    return [
        str(row["first"]),
        str(row["second"]),
        f"{100 * float(row['median_difference']):+.2f} %",
        "< 0.0001" if p < 0.0001 else f"{p:.4f}",
        f"{float(row['a12']):.2f}",
        "" if row["is_significant"] == "True" else "not significant",
    ]


def _markdown_table(headings: Sequence[str], rows: Iterable[list[str]]) -> list[str]:
    """Return the lines of a Markdown table."""
    lines = ["| " + " | ".join(headings) + " |", "|" + " --- |" * len(headings)]
    return lines + ["| " + " | ".join(cells) + " |" for cells in rows]


def _tex(text: str) -> str:
    """Escape what LaTeX reads as a command."""
    text = text.replace("\\", r"\textbackslash ")
    for character in "&%$#_{}":
        text = text.replace(character, f"\\{character}")
    return text.replace("<=", r"$\leq$")
