"""The tables of a run: rows of designs as CSV files and people see them."""

import csv
import io
from collections.abc import Mapping, Sequence

import numpy as np

from evonasc.field_types import argument
from evonasc.names import to_cell
from evonasc.runs.design_rows import design_rows
from evonasc.runs.run import RunResult


def front_table(result: RunResult) -> list[dict[str, object]]:
    """Return the rows of a result's front; ``id`` counts evaluations from 1.

    Example:
        >>> from evonasc import RunConfig, SearchConfig, run
        >>> rows = front_table(run(RunConfig(problem="toy", search=SearchConfig(budget=50))))
        >>> list(rows[0])
        ['id', 'network', 'split_point', 'payload_bits', 'error', 'latency_ms']
    """
    result = argument("result", RunResult, result)
    chosen = result.front_rows
    columns = {name: values[chosen] for name, values in result.columns.items()}
    return design_rows(
        result.problem.designs, result.genes[chosen], columns, ids=(chosen + 1).tolist()
    )


def answer_table(result: RunResult) -> list[dict[str, object]]:
    """Return the rows of a result's answers, by rising threshold; ``id`` counts evaluations."""
    if not result.answers:
        return []
    genes = np.array([answer.genes for answer in result.answers], dtype=np.int64)
    places = [int(np.flatnonzero((result.genes == row).all(axis=1))[0]) for row in genes]
    columns = {name: values[places] for name, values in result.columns.items()}
    ids = [place + 1 for place in places]
    rows = design_rows(result.problem.designs, genes, columns, ids=ids)
    return [
        {
            "max_latency_ms": answer.max_latency_ms,
            "is_feasible": answer.is_feasible,
            "is_repaired": answer.is_repaired,
            **row,
        }
        for answer, row in zip(result.answers, rows, strict=True)
    ]


def failure_table(result: RunResult) -> list[dict[str, object]]:
    """Return one row a design whose evaluation failed, with the reason."""
    genes = np.array([one.genes for one in result.failures], dtype=np.int64)
    reasons = [one.reason for one in result.failures]
    rows = design_rows(result.problem.designs, genes, {})
    return [{**row, "reason": why} for row, why in zip(rows, reasons, strict=True)]


def as_csv(rows: Sequence[Mapping[str, object]]) -> bytes:
    """Return rows as a CSV file; an empty file for none."""
    text = io.StringIO()
    if rows:
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(map(to_cell, rows[0]))
        writer.writerows(map(cells, rows))
    return text.getvalue().encode()


def cells(row: Mapping[str, object]) -> list[object]:
    """Return the cells of a row as CSV files keep them: no text is a formula there."""
    return [to_cell(value) if isinstance(value, str) else value for value in row.values()]
