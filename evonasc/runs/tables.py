"""The tables of a run: rows of designs as CSV files and people see them."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from evonasc.arrays import FloatArray, IntArray
from evonasc.field_types import argument
from evonasc.names import to_cell
from evonasc.runs.run import RunResult
from evonasc.space import DesignSpace


def design_rows(
    designs: DesignSpace,
    genes: IntArray,
    columns: dict[str, FloatArray],
    *,
    ids: Iterable[int] | None = None,
) -> list[dict[str, object]]:
    """Return one row a design, as tables show them.

    Args:
        designs: Gives names and cuts.
        genes: ``(n, n_genes)``.
        columns: ``(n,)`` arrays by name.
        ids: Numbers of the designs; None for rows without any.
    """
    name, placement = designs.space.text_column, placement_columns(designs)
    texts = designs.space.to_text(designs.operations(genes))
    placed = np.concatenate([designs.split_points(genes), designs.bits(genes)], axis=1)
    table: dict[str, Iterable[object]] = {} if ids is None else {"id": ids}
    table |= {name: texts, **dict(zip(placement, placed.T.tolist(), strict=True))}
    table |= {key: column.tolist() for key, column in columns.items()}
    return [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]


def placement_columns(designs: DesignSpace) -> tuple[str, ...]:
    """Return the names of the columns with split points and widths; numbered over several links."""
    marks = [""] if designs.n_links == 1 else [f"_{link + 1}" for link in range(designs.n_links)]
    names = ("split_point", "payload_bits")
    return tuple(f"{name}{mark}" for name in names for mark in marks)


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
