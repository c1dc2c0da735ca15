"""Designs as rows of text and numbers: what every table of designs is made of."""

from collections.abc import Iterable

import numpy as np

from evonasc.arrays import FloatArray, IntArray
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
