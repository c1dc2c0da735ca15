"""Hypothesis strategies: cells, cut rules, designs, fronts."""

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from evonasc.nasbench201.space import NasBench201
from evonasc.space import DesignSpace


def cells(*, max_size: int = 6) -> st.SearchStrategy[np.ndarray]:
    """Give ``(n, 6)`` cells, disconnected ones and none at all included."""
    shapes = st.tuples(st.integers(0, max_size), st.just(6))
    return hnp.arrays(np.int64, shapes, elements=st.integers(0, 4))


@dataclass(frozen=True)
class ScatteredCuts:
    """A nasty cut rule: which cuts are allowed looks random, and differs from cell to cell.

    Like any scenario it allows the raw input and the all-local cut whatever the payload's width,
    which makes no difference there.
    """

    salt: int
    #: Share of the cuts that are allowed, [0, 1].
    density: float
    #: Every cell has at least the all-local cut.
    has_last: bool
    n_blocks: int = 19

    def __call__(self, operations: np.ndarray, bits: np.ndarray) -> np.ndarray:
        cuts = np.arange(self.n_blocks + 1)
        is_end = (cuts == 0) | (cuts == self.n_blocks)
        width = np.where(is_end, 0, bits[:, :, None])
        mixed = operations @ 7 ** np.arange(operations.shape[1])
        mixed = (
            mixed[:, None, None] * 1_000_003
            + cuts * 7919
            + width * 104_729
            + self.salt * 15_485_863
        )
        # A multiplicative hash, kept below 2**63 at each step.
        mixed = (mixed % 2_147_483_647) * 48_271 % 2_147_483_647 * 69_621 % 2_147_483_647
        allowed = mixed < self.density * 2_147_483_647
        allowed[..., -1] |= self.has_last
        return allowed


def design_spaces(*, has_last: bool = True) -> st.SearchStrategy[DesignSpace]:
    """Give NAS-Bench-201 designs with one or three payload widths under a nasty cut rule.

    Args:
        has_last: Keep the all-local cut, so that every network has a valid design; else only few
            networks have any cut.
    """
    rules = st.builds(
        ScatteredCuts,
        salt=st.integers(0, 1000),
        density=st.floats(0.0, 0.4) if has_last else st.floats(0.001, 0.05),
        has_last=st.just(has_last),
    )
    widths = st.sampled_from([(8,), (4, 8, 32)])
    return st.builds(DesignSpace, st.just(NasBench201()), widths, rules)


@st.composite
def genes_of(draw, designs: DesignSpace, *, max_size: int = 6) -> np.ndarray:
    """Give ``(n, n_genes)`` designs in range, valid or not."""
    rows = st.tuples(*(st.integers(0, choices - 1) for choices in designs.n_choices))
    listed = draw(st.lists(rows, max_size=max_size))
    return np.array(listed, dtype=np.int64).reshape(len(listed), designs.n_genes)


@st.composite
def spaces_and_genes(draw, *, has_last: bool = True) -> tuple[DesignSpace, np.ndarray]:
    """Give a design space and some of its designs, valid or not."""
    designs = draw(design_spaces(has_last=has_last))
    return designs, draw(genes_of(designs))


@st.composite
def points(draw, *, min_size: int = 1, max_size: int = 12, n_obj: int | None = None) -> np.ndarray:
    """Give ``(n, n_obj)`` objective vectors on a small grid, so that ties are common."""
    width = draw(st.integers(1, 4)) if n_obj is None else n_obj
    n = draw(st.integers(min_size, max_size))
    grid = hnp.arrays(np.int64, (n, width), elements=st.integers(0, 5))
    return draw(grid).astype(float) / 4
