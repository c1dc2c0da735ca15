"""Designs: a network of a search space, where it is cut, and how wide its payloads are.

Genes of a design: ``[operations | split points, one a link | payload-bits choices, one a link]``,
the last only where more than one width is offered. All functions take ``(n, n_genes)`` int64
arrays.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np

from evonasc.arrays import BoolArray, IntArray
from evonasc.errors import ConfigError, GenomeError
from evonasc.space import placement
from evonasc.space.base import SearchSpace

#: Maps canonical operations ``(n, n_operation_genes)`` and the payloads' bits per value
#: ``(n, n_links)`` to the cuts that a scenario allows at each link, ``(n, n_links, n_blocks + 1)``.
CutRule = Callable[[IntArray, IntArray], BoolArray]

#: Designs from which on those of one network are dealt with together.
_MANY = 2000


def any_cut(n_blocks: int) -> CutRule:
    """Return the rule that allows every cut of networks of so many blocks, and any widths."""
    return partial(_allow_all, n_blocks=n_blocks)


def _allow_all(operations: IntArray, bits: IntArray, *, n_blocks: int) -> BoolArray:
    """Allow everything, ``(n, n_links, n_blocks + 1)``."""
    return np.ones((*bits.shape, n_blocks + 1), dtype=bool)


@dataclass(frozen=True)
class Genome:
    """One design as a person reads it."""

    #: Operation genes.
    operations: tuple[int, ...]
    #: Blocks computed before each link.
    split_points: tuple[int, ...]
    #: Bits per value of each link's payload.
    payload_bits: tuple[int, ...]


@dataclass(frozen=True)
class DesignSpace:
    """The designs a search may visit.

    Args:
        space: Gives the networks.
        payload_bits: Widths on offer; one width needs no gene.
        cut_rule: Tells which cuts a scenario allows.
        n_links: Links between machines, each with a split point of its own.
    """

    space: SearchSpace
    payload_bits: tuple[int, ...]
    cut_rule: CutRule
    n_links: int = 1

    @property
    def n_genes(self) -> int:
        """Operation genes, the split genes, and the bits genes where there is a choice."""
        return self.space.n_operation_genes + self.n_links * (1 + self.has_bits_gene)

    @property
    def has_bits_gene(self) -> bool:
        """Whether the payloads' widths are searched."""
        return len(self.payload_bits) > 1

    @property
    def split_genes(self) -> slice:
        """Where the split genes stand."""
        n = self.space.n_operation_genes
        return slice(n, n + self.n_links)

    @property
    def bits_genes(self) -> slice:
        """Where the bits genes stand; an empty slice where there are none."""
        return slice(self.split_genes.stop, self.n_genes)

    @cached_property
    def n_choices(self) -> tuple[int, ...]:
        """Choices of each gene; gene ``i`` lies in ``[0, n_choices[i])``."""
        bits = (len(self.payload_bits),) * self.n_links if self.has_bits_gene else ()
        return (*self.space.n_choices, *(self.space.n_blocks + 1,) * self.n_links, *bits)

    @cached_property
    def _limits(self) -> IntArray:
        """Choices of each gene, ``(n_genes,)``."""
        return np.array(self.n_choices)

    def check(self, genes: IntArray) -> IntArray:
        """Return genes as an ``(n, n_genes)`` int64 array.

        Raises:
            GenomeError: Wrong shape, not integers, or a gene out of range.
        """
        array = np.asarray(genes)
        if array.ndim != 2 or array.shape[1] != self.n_genes:
            raise GenomeError(
                f"genes must have shape (n, n_genes) = (n, {self.n_genes}), got {array.shape}."
            )
        is_whole = np.issubdtype(array.dtype, np.integer)
        if is_whole and not ((array < 0) | (array >= self._limits)).any():
            return array.astype(np.int64, copy=False)
        n = self.space.n_operation_genes
        self.space.check(array[:, :n])
        names = ["split_point"] * self.n_links + ["bits gene"] * self.n_links
        for name, column, limit in zip(names, array[:, n:].T, self.n_choices[n:], strict=False):
            outside = np.flatnonzero((column < 0) | (column >= limit))
            if outside.size:
                row = outside[0]
                raise GenomeError(
                    f"{name} must lie in [0, {limit - 1}], got {column[row]} in row {row}."
                )
        return array.astype(np.int64, copy=False)

    def operations(self, genes: IntArray) -> IntArray:
        """Return the operation genes, ``(n, n_operation_genes)``."""
        return genes[:, : self.space.n_operation_genes]

    def split_points(self, genes: IntArray) -> IntArray:
        """Return the split points, ``(n, n_links)``."""
        return genes[:, self.split_genes]

    def split_point(self, genes: IntArray) -> IntArray:
        """Return the split point of designs over one link, ``(n,)``.

        Raises:
            ConfigError: There are several links.
        """
        self.require_one_link("A design's one split point")
        return self.split_points(genes)[:, 0]

    def require_one_link(self, what: str) -> None:
        """Refuse several links, for ``what``, which knows of one cut only.

        Raises:
            ConfigError: There are several.
        """
        if self.n_links != 1:
            raise ConfigError(f"{what} needs designs over one link, got {self.n_links} links.")

    def bits(self, genes: IntArray) -> IntArray:
        """Return the payloads' bits per value, ``(n, n_links)``."""
        if not self.has_bits_gene:
            return np.full((len(genes), self.n_links), self.payload_bits[0])
        return np.array(self.payload_bits)[genes[:, self.bits_genes]]

    def completed(self, operations: IntArray) -> IntArray:
        """Return networks as designs, ``(n, n_genes)``: every split point 0, the first width."""
        rest = np.zeros((len(operations), self.n_genes - operations.shape[1]), dtype=np.int64)
        return np.concatenate([operations, rest], axis=1)

    def encode(self, genomes: list[Genome]) -> IntArray:
        """Return the ``(n, n_genes)`` genes of genomes.

        Raises:
            GenomeError: A width that is not on offer, or genes outside the space.
        """
        n = self.space.n_operation_genes
        rows: list[list[int]] = []
        for genome in genomes:
            if len(genome.operations) != n:
                raise GenomeError(f"operations must be {n} genes, got {genome.operations}.")
            for name, given in (
                ("split_points", genome.split_points),
                ("payload_bits", genome.payload_bits),
            ):
                if len(given) != self.n_links:
                    raise GenomeError(f"{name} must be one a link, {self.n_links}, got {given}.")
            if not set(genome.payload_bits) <= set(self.payload_bits):
                offered = ", ".join(map(str, self.payload_bits))
                raise GenomeError(f"payload_bits must be of {offered}, got {genome.payload_bits}.")
            widths = [self.payload_bits.index(bits) for bits in genome.payload_bits]
            bits = widths if self.has_bits_gene else []
            rows.append([*genome.operations, *genome.split_points, *bits])
        if not rows:
            return np.zeros((0, self.n_genes), dtype=np.int64)
        return self.check(np.array(rows))

    def decode(self, genes: IntArray) -> list[Genome]:
        """Return genomes, the inverse of :meth:`encode`."""
        genes = self.check(genes)
        return [
            Genome(tuple(row), tuple(cuts), tuple(widths))
            for row, cuts, widths in zip(
                self.operations(genes).tolist(),
                self.split_points(genes).tolist(),
                self.bits(genes).tolist(),
                strict=True,
            )
        ]

    def canonical(self, genes: IntArray) -> IntArray:
        """Return the genes that stand for all that build the same network with the same placement.

        The operations become canonical, and a cut behind blocks that return their input unchanged
        moves before them. A payload's width is the first on offer where it makes no difference:
        the raw input is sent as it is, and behind the last block nothing is. Idempotent.
        """
        genes = self.check(genes)
        result = genes.copy()
        n = self.space.n_operation_genes
        if len(genes) < _MANY:  # sorting them takes longer than it saves
            networks, which = genes[:, :n], np.arange(len(genes))
        else:
            networks, which = self.space.distinct(genes[:, :n])
        networks = self.space.canonical(networks)
        result[:, :n] = networks[which]
        first = placement.first_equal_cuts(self.space.is_identity_block(networks))
        result[:, self.split_genes] = first[which[:, None], self.split_points(genes)]
        self.settle_bits(result)
        return result

    def settle_bits(self, genes: IntArray) -> None:
        """Put the width genes to the first on offer, in place, where no tensor is sent."""
        if self.has_bits_gene:
            is_idle = np.isin(self.split_points(genes), (0, self.space.n_blocks))
            genes[:, self.bits_genes][is_idle] = 0

    def valid_cuts(self, genes: IntArray) -> BoolArray:
        """Tell which cuts each link allows, ``(n, n_links, n_blocks + 1)``; none without a path.

        A cut counts as the first cut equal to it: blocks that compute nothing hide nothing. The
        rows' own split points do not matter.
        """
        canonical = self.space.canonical(self.operations(genes))
        allowed = self.cut_rule(canonical, self.bits(genes))
        first = placement.first_equal_cuts(self.space.is_identity_block(canonical))
        allowed = np.take_along_axis(allowed, first[:, None, :], axis=2)
        return allowed & self.space.is_connected(canonical)[:, None, None]

    def is_valid(self, genes: IntArray) -> BoolArray:
        """Tell for each row whether its network exists and its placement is allowed, ``(n,)``."""
        genes = self.check(genes)
        return placement.is_placement(self.split_points(genes), self.valid_cuts(genes))

    def is_cuttable(self, genes: IntArray) -> BoolArray:
        """Tell for each row whether its network has any allowed placement at its widths, ``(n,)``.

        The rows' own split points do not matter.
        """
        first = placement.completable(self.valid_cuts(genes))[:, 0]
        has_placement: BoolArray = np.logical_or.reduce(first, axis=1)
        return has_placement

    def repair(self, genes: IntArray, *, fallback: IntArray) -> IntArray:
        """Return valid designs: split points that are not valid sorted, then moved to the nearest.

        One vectorised step; see :func:`evonasc.space.placement.nearest`.

        Args:
            genes: ``(n, n_genes)`` designs, valid or not.
            fallback: ``(n, n_genes)`` valid designs; where a row's network has no valid placement
                at all, the row is taken from here (what broke the network is undone).

        Returns:
            ``(n, n_genes)`` valid designs.
        """
        result = self.check(genes).copy()
        valid = self.valid_cuts(result)
        rows = np.flatnonzero(~placement.is_placement(self.split_points(result), valid))
        if len(rows) == 0:
            return result
        result[rows, self.split_genes] = placement.nearest(
            self.split_points(result)[rows], valid[rows]
        )
        lost = rows[~placement.completable(valid[rows])[:, 0].any(axis=1)]
        result[lost] = fallback[lost]
        return result

    def sample(self, n: int, *, rng: np.random.Generator) -> IntArray:
        """Draw valid designs: network and widths uniformly, then a valid placement.

        Raises:
            ConfigError: The scenario leaves no valid cut.
        """
        networks = self.space.networks()
        if networks is None:  # too many to list: draw enough to find those with a valid cut
            networks = self.space.sample(max(4 * n, 1000), rng=rng)
        pool = self._with_each_width(networks)
        valid = self.valid_cuts(pool)
        cuttable = np.flatnonzero(placement.completable(valid)[:, 0].any(axis=1))
        if len(cuttable) == 0:
            raise ConfigError(NO_CUT)
        rows = cuttable[rng.integers(len(cuttable), size=n)]
        designs = pool[rows]
        designs[:, self.split_genes] = placement.draw(valid[rows], rng=rng)
        return designs

    def all_designs(self) -> IntArray | None:
        """Return every canonical valid design, or None where they are too many to list.

        Raises:
            ConfigError: The scenario leaves no valid cut.
        """
        networks = self.space.networks()
        if networks is None:
            return None
        pool = self._with_each_width(networks)
        rows, placements = placement.every(self.valid_cuts(pool))
        if len(rows) == 0:
            raise ConfigError(NO_CUT)
        designs = pool[rows]
        designs[:, self.split_genes] = placements
        is_canonical: BoolArray = (designs == self.canonical(designs)).all(axis=1)
        return designs[is_canonical]

    def _with_each_width(self, operations: IntArray) -> IntArray:
        """Complete operations to designs, once each choice of widths; split points are left 0."""
        plain = self.completed(operations)
        if not self.has_bits_gene:
            return plain
        designs = []
        for widths in np.ndindex(*(len(self.payload_bits),) * self.n_links):
            plain[:, self.bits_genes] = widths
            designs.append(plain.copy())
        return np.concatenate(designs)


#: Of a scenario that forbids everything.
NO_CUT = (
    "The scenario leaves no valid cut for any network. Lower min_split, or raise "
    "max_head_memory_bytes, max_payload_bytes or memory_bytes in the device's own file."
)
