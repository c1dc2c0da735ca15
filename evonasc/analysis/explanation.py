"""What each single change of a design would do: every operation gene, the cut, the payload's width.

The changes are those of the canonical design, one gene at a time, the others kept. A change that
builds the same network with the same cut changes nothing and is left out, as is one that the
scenario does not allow.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evonasc.arrays import FloatArray, IntArray
from evonasc.bounds import is_within
from evonasc.problems import DesignProblem
from evonasc.space import DesignSpace


@dataclass(frozen=True)
class Change:
    """One gene set to another value."""

    #: What is changed, in words.
    gene: str
    #: From what to what.
    before: str
    after: str
    #: Genes of the changed design, canonical.
    genes: tuple[int, ...]


@dataclass(frozen=True)
class Effect:
    """What a change does to the objectives."""

    change: Change
    #: ``(n_obj,)`` objectives after the change, and the difference to those before.
    point: FloatArray
    difference: FloatArray
    #: Points of the run's front that the changed design dominates.
    n_beaten: int
    #: Whether no point of the run's front dominates or equals it.
    is_new: bool
    #: Whether the run's front holds a point equal to it.
    is_on_front: bool
    #: Whether it keeps to the problem's bounds.
    is_within: bool

    @property
    def is_better_throughout(self) -> bool:
        """Whether it is nowhere worse than before, and somewhere better."""
        return bool((self.difference <= 0).all() and (self.difference < 0).any())

    @property
    def verdict(self) -> str:
        """What the run's front says to it, in words; empty where it dominates the change."""
        if not self.is_within:
            return "misses a bound"
        if self.n_beaten:
            return f"new, beats {self.n_beaten} of the front"
        if self.is_new:
            return "new on the front"
        return "on the front" if self.is_on_front else ""


def single_changes(genes: IntArray, designs: DesignSpace) -> list[Change]:
    """Return the changes of one gene that give another allowed design, each design once.

    Args:
        genes: ``(n_genes,)`` an allowed design.
        designs: The design space of the genes.

    Raises:
        GenomeError: Genes outside the space.
    """
    base = designs.canonical(genes[None])[0]
    pairs = [
        (gene, value)
        for gene, n_values in enumerate(designs.n_choices)
        for value in range(n_values)
        if value != base[gene]
    ]
    changed = np.repeat(base[None], len(pairs), axis=0)
    changed[np.arange(len(pairs)), [gene for gene, _ in pairs]] = [value for _, value in pairs]
    allowed = designs.is_valid(changed)
    canonical = designs.canonical(changed)
    found: dict[tuple[int, ...], Change] = {}
    for row, (gene, value) in enumerate(pairs):
        if allowed[row] and (canonical[row] != base).any():
            key = tuple(canonical[row].tolist())
            words = _gene_words(gene, designs)
            before = _value_words(gene, int(base[gene]), designs)
            if words.startswith("cut"):  # its block is that of the whole table
                before = str(base[gene])
            after = _value_words(gene, value, designs)
            found.setdefault(key, Change(words, before, after, key))
    return list(found.values())


def effects(
    genes: IntArray, changes: Sequence[Change], *, problem: DesignProblem, front: FloatArray
) -> list[Effect]:
    """Return what changes do, those that help first.

    First changes that are better throughout, then objective by objective those that improve it,
    the largest improvement first, then the rest.

    Args:
        genes: ``(n_genes,)`` the design before.
        changes: Of this design.
        problem: Evaluates the changed designs.
        front: ``(n, n_obj)`` the run's front.

    Raises:
        EvonascError: An evaluation failed.
    """
    rows = np.array([genes, *(change.genes for change in changes)], dtype=np.int64)
    columns = problem.checked_columns(rows)
    points, within = problem.objective_values(columns), is_within(columns, problem.column_bounds)
    found = [
        Effect(
            change,
            point,
            point - points[0],
            n_beaten=int(((point <= front).all(axis=1) & (point < front).any(axis=1)).sum()),
            is_new=not (front <= point).all(axis=1).any(),
            is_on_front=bool((front == point).all(axis=1).any()),
            is_within=bool(is_allowed),
        )
        for change, point, is_allowed in zip(changes, points[1:], within[1:], strict=True)
    ]
    return sorted(found, key=_place)


def _place(effect: Effect) -> tuple[int, float]:
    """Return where an effect stands in the list."""
    if effect.is_better_throughout:
        return (0, float(effect.difference.min()))
    improved = np.flatnonzero(effect.difference < 0)
    if len(improved):
        return (1 + int(improved[0]), float(effect.difference[improved[0]]))
    return (1 + len(effect.difference), float(effect.difference.sum()))


def _gene_words(gene: int, designs: DesignSpace) -> str:
    """Name a gene; that of a link by its number only where there are several."""
    for word, genes in (("bits", designs.bits_genes), ("cut", designs.split_genes)):
        if gene >= genes.start:
            return word if designs.n_links == 1 else f"{word} {gene - genes.start + 1}"
    return designs.space.gene_words[gene]


def _value_words(gene: int, value: int, designs: DesignSpace) -> str:
    """Name the value of a gene."""
    if gene >= designs.bits_genes.start:
        return str(designs.payload_bits[value])
    if gene >= designs.split_genes.start:
        return designs.space.cut_in_words(value)
    return designs.space.choice_in_words(gene, value)
