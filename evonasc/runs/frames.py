"""Designs as tables of pandas, for notebooks."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from evonasc.arrays import BoolArray, FloatArray, IntArray
from evonasc.runs.design_rows import design_rows
from evonasc.space import DesignSpace

#: For annotations where pandas is not to be loaded.
Frame = pd.DataFrame


def design_frame(
    designs: DesignSpace,
    genes: IntArray,
    columns: dict[str, FloatArray],
    *,
    ids: IntArray,
    is_on_front: BoolArray,
) -> pd.DataFrame:
    """Return designs as a table, a row a design, indexed by ``id``.

    Args:
        designs: Gives names and cuts.
        genes: ``(n, n_genes)``.
        columns: ``(n,)`` each.
        ids: ``(n,)`` numbers of the designs.
        is_on_front: ``(n,)``.
    """
    frame = pd.DataFrame(design_rows(designs, genes, {}))
    for name, values in columns.items():
        frame[name] = values
    frame["is_on_front"] = is_on_front
    frame.index = pd.Index(np.asarray(ids), name="id")
    return frame


def text_frame(
    rows: Sequence[Mapping[str, str]], columns: Mapping[str, FloatArray]
) -> pd.DataFrame:
    """Return rows of a CSV file as a table, indexed by ``id``.

    Args:
        rows: As text; what is no column here is a text, or a whole number of a placement.
        columns: ``(n,)`` numbers by name.
    """
    frame = pd.DataFrame(list(rows))
    for name in frame.columns:
        if name in columns:
            frame[name] = columns[name]
        elif name == "id" or name.startswith(("split_point", "payload_bits")):
            frame[name] = frame[name].astype(np.int64)
    return frame.set_index("id")
