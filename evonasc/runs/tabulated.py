"""A problem whose designs were all computed beforehand: same values, looked up.

An algorithm that asks for two designs at a time spends most of its time on the small arrays of
canonical forms and predictors. Where all designs can be listed, one pass gives a table, and a
comparison of thousands of runs becomes a matter of seconds a run. What counts as an evaluation does
not change: the archive still counts each design it asks for.
"""

from dataclasses import dataclass, fields, replace

import numpy as np

from evonasc.arrays import BoolArray, FloatArray, IntArray
from evonasc.problems import DesignProblem
from evonasc.space import DesignSpace

#: Spellings of designs, at most, for which a table is made.
_MOST_SPELLINGS = 5_000_000


@dataclass(frozen=True)
class _Tables:
    """What is known of every spelling of a network, by its number."""

    #: ``(n,)`` place values of the operation genes.
    places: IntArray
    #: ``(n_spellings, n_operation_genes)`` canonical operations.
    canonical: IntArray
    #: ``(n_spellings, n_blocks + 1)`` the first cut equal to each cut.
    first_equal_cut: IntArray
    #: ``(n_width_choices, n_spellings, n_links, n_blocks + 1)`` the allowed cuts.
    valid_cuts: BoolArray


@dataclass(frozen=True, kw_only=True)
class TabulatedDesigns(DesignSpace):
    """A design space that looks canonical forms and allowed cuts up."""

    tables: _Tables

    def canonical(self, genes: IntArray) -> IntArray:
        """Return the canonical genes, as :meth:`DesignSpace.canonical` does."""
        genes, n, tables = self.check(genes), self.space.n_operation_genes, self.tables
        numbers = genes[:, :n] @ tables.places
        result = genes.copy()
        result[:, :n] = tables.canonical[numbers]
        cuts = self.split_points(genes)
        result[:, self.split_genes] = tables.first_equal_cut[numbers[:, None], cuts]
        self.settle_bits(result)
        return result

    def valid_cuts(self, genes: IntArray) -> BoolArray:
        """Tell which cuts are allowed, as :meth:`DesignSpace.valid_cuts` does."""
        chosen = genes[:, self.bits_genes]
        widths = chosen @ _place_values((len(self.payload_bits),) * chosen.shape[1])
        numbers = self.operations(genes) @ self.tables.places
        allowed: BoolArray = self.tables.valid_cuts[widths, numbers]
        return allowed


class TabulatedProblem(DesignProblem):
    """The problem with every canonical valid design computed once.

    Args:
        problem: Whose designs can be listed; see :func:`tabulated`.
    """

    def __init__(self, problem: DesignProblem) -> None:
        designs = _tabulated_designs(problem.designs)
        listed = designs.all_designs()
        assert listed is not None  # asked by tabulated()
        self.cut_free_columns = problem.cut_free_columns
        self.is_foreign = problem.is_foreign
        self._inner, self._columns = problem, problem.checked_columns(listed)
        self._places = _place_values(designs.n_choices)
        self._row = np.full(int(np.prod(designs.n_choices)), -1, dtype=np.int32)
        self._row[listed @ self._places] = np.arange(len(listed))
        super().__init__(
            designs,
            objectives=problem.objectives,
            known_columns=tuple(self._columns),
            bounds=problem.column_bounds,
        )

    def columns(self, genes: IntArray) -> dict[str, FloatArray]:
        """Look the columns of designs up; those of designs that are not allowed are computed."""
        rows = self._row[self.designs.canonical(genes) @ self._places]
        if (rows < 0).any():
            return self._inner.columns(genes)
        return {name: values[rows] for name, values in self._columns.items()}

    def latency_ms(self, genes: IntArray) -> FloatArray:
        """Return the latency of designs, ms, allowed or not; looked up where it is in the table."""
        known = self._columns.get("latency_ms")
        if known is None:
            return self._inner.latency_ms(genes)
        rows = self._row[self.designs.canonical(genes) @ self._places]
        latency: FloatArray = known[rows]
        is_missing = rows < 0
        if is_missing.any():
            latency[is_missing] = self._inner.latency_ms(genes[is_missing])
        return latency

    def compared(self, columns: dict[str, FloatArray], name: str) -> FloatArray:
        """Return a column as the problem compares it."""
        return self._inner.compared(columns, name)

    def provenance(self) -> tuple[str, ...]:
        """Say where the numbers come from: looking them up changes nothing."""
        return self._inner.provenance()


def tabulated(problem: DesignProblem) -> DesignProblem:
    """Return the problem with its designs computed beforehand, or as it is if they are too many."""
    n_spellings = np.prod(np.array(problem.designs.n_choices, dtype=float))
    if problem.designs.space.networks() is None or n_spellings > _MOST_SPELLINGS:
        return problem
    return TabulatedProblem(problem)


def _tabulated_designs(designs: DesignSpace) -> TabulatedDesigns:
    """Compute canonical forms and allowed cuts of all spellings."""
    space, one_link = designs.space, replace(designs, n_links=1)
    bits_choices = designs.n_choices[designs.bits_genes]
    operations = np.indices(space.n_choices).reshape(space.n_operation_genes, -1).T
    n, n_cuts = len(operations), space.n_blocks + 1
    genes, valid_cuts = designs.completed(operations), []
    for widths in np.ndindex(*bits_choices):
        genes[:, designs.bits_genes] = widths
        valid_cuts.append(designs.valid_cuts(genes))
    genes, first = one_link.completed(operations), np.zeros((n, n_cuts), dtype=np.int64)
    for cut in range(n_cuts):
        genes[:, one_link.split_genes] = cut
        canonical = one_link.canonical(genes)
        first[:, cut] = one_link.split_point(canonical)
    tables = _Tables(
        places=_place_values(space.n_choices),
        canonical=one_link.operations(canonical),
        first_equal_cut=first,
        valid_cuts=np.stack(valid_cuts),
    )
    given = {field.name: getattr(designs, field.name) for field in fields(DesignSpace)}
    return TabulatedDesigns(**given, tables=tables)


def _place_values(n_choices: tuple[int, ...]) -> IntArray:
    """Return what each gene counts in the number of a design, the last gene 1."""
    below = np.cumprod(np.array([1, *n_choices[:0:-1]], dtype=np.int64))
    return below[::-1][: len(n_choices)].copy()
