"""Designs: a network of a search space, where it is cut, and how wide its payload is.

Genes of a design: ``[operations | split point | payload-bits choice]``, the last only where more
than one width is offered. All functions take ``(n, n_genes)`` int64 arrays.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from evonasc.arrays import BoolArray, IntArray
from evonasc.errors import ConfigError, GenomeError
from evonasc.space.base import SearchSpace


@dataclass(frozen=True)
class Genome:
    """One design as a person reads it."""

    #: Operation genes.
    operations: tuple[int, ...]
    #: Blocks computed in the head.
    split_point: int
    #: Bits per value of the payload.
    payload_bits: int


@dataclass(frozen=True)
class DesignSpace:
    """The designs a search may visit.

    Args:
        space: Gives the networks.
        payload_bits: Widths on offer; one width needs no gene.
        cut_rule: Maps canonical operations ``(n, n_operation_genes)`` and the payload's bits per
            value ``(n,)`` to the cuts a scenario allows, an ``(n, n_blocks + 1)`` mask.
    """

    space: SearchSpace
    payload_bits: tuple[int, ...]
    cut_rule: Callable[[IntArray, IntArray], BoolArray]

    @property
    def n_genes(self) -> int:
        """Operation genes, the split gene, and the bits gene where there is a choice."""
        return self.space.n_operation_genes + 1 + self.has_bits_gene

    @property
    def has_bits_gene(self) -> bool:
        """Whether the payload's width is searched."""
        return len(self.payload_bits) > 1

    @property
    def n_choices(self) -> tuple[int, ...]:
        """Choices of each gene; gene ``i`` lies in ``[0, n_choices[i])``."""
        bits = (len(self.payload_bits),) if self.has_bits_gene else ()
        return (*self.space.n_choices, self.space.n_blocks + 1, *bits)

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
        operations = self.space.check(array[:, : self.space.n_operation_genes])
        rest, limits = array[:, operations.shape[1] :], self.n_choices[operations.shape[1] :]
        for name, column, limit in zip(("split_point", "bits gene"), rest.T, limits, strict=False):
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
        """Return the split points, ``(n,)``."""
        return genes[:, self.space.n_operation_genes]

    def bits(self, genes: IntArray) -> IntArray:
        """Return the payload's bits per value, ``(n,)``."""
        if not self.has_bits_gene:
            return np.full(len(genes), self.payload_bits[0])
        return np.array(self.payload_bits)[genes[:, -1]]

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
            if genome.payload_bits not in self.payload_bits:
                offered = ", ".join(map(str, self.payload_bits))
                raise GenomeError(
                    f"payload_bits must be one of {offered}, got {genome.payload_bits}."
                )
            bits = [self.payload_bits.index(genome.payload_bits)] if self.has_bits_gene else []
            rows.append([*genome.operations, genome.split_point, *bits])
        if not rows:
            return np.zeros((0, self.n_genes), dtype=np.int64)
        return self.check(np.array(rows))

    def decode(self, genes: IntArray) -> list[Genome]:
        """Return genomes, the inverse of :meth:`encode`."""
        genes = self.check(genes)
        return [
            Genome(tuple(row), cut, width)
            for row, cut, width in zip(
                self.operations(genes).tolist(),
                self.split_points(genes).tolist(),
                self.bits(genes).tolist(),
                strict=True,
            )
        ]

    def canonical(self, genes: IntArray) -> IntArray:
        """Return the genes that stand for all that build the same network with the same cut.

        The operations become canonical, and a cut behind blocks that return their input unchanged
        moves before them. The payload's width is the first on offer where it makes no difference:
        the raw input is sent as it is, and with everything on the device nothing is. Idempotent.
        """
        genes = self.check(genes)
        result = genes.copy()
        n = self.space.n_operation_genes
        networks, which = self.space.distinct(genes[:, :n])
        networks = self.space.canonical(networks)
        result[:, :n] = networks[which]
        result[:, n] = self._first_equal_cut(networks)[which, genes[:, n]]
        if self.has_bits_gene:
            result[np.isin(result[:, n], (0, self.space.n_blocks)), -1] = 0
        return result

    def _first_equal_cut(self, operations: IntArray) -> IntArray:
        """For each cut, the first one with the same tensor and the same work before it."""
        identity = self.space.is_identity_block(operations)
        cuts = np.tile(np.arange(self.space.n_blocks + 1), (len(operations), 1))
        for block in range(self.space.n_blocks):
            cuts[:, block + 1] = np.where(identity[:, block], cuts[:, block], cuts[:, block + 1])
        return cuts

    def valid_cuts(self, genes: IntArray) -> BoolArray:
        """Tell which cuts are allowed, ``(n, n_blocks + 1)``; none for a network without a path.

        A cut counts as the first cut equal to it: blocks that compute nothing hide nothing. The
        rows' own split points do not matter.
        """
        canonical = self.space.canonical(self.operations(genes))
        allowed = self.cut_rule(canonical, self.bits(genes))
        allowed = np.take_along_axis(allowed, self._first_equal_cut(canonical), axis=1)
        return allowed & self.space.is_connected(canonical)[:, None]

    def is_valid(self, genes: IntArray) -> BoolArray:
        """Tell for each row whether its network exists and its cut is allowed, ``(n,)``."""
        genes = self.check(genes)
        rows = np.arange(len(genes))
        return self.valid_cuts(genes)[rows, self.split_points(genes)]

    def repair(self, genes: IntArray, *, fallback: IntArray) -> IntArray:
        """Return valid designs: cuts moved to the nearest valid one, in one vectorised step.

        Args:
            genes: ``(n, n_genes)`` designs, valid or not.
            fallback: ``(n, n_genes)`` valid designs; where a row's network has no valid cut at
                all, the row is taken from here (what broke the network is undone).

        Returns:
            ``(n, n_genes)`` valid designs. Of two cuts equally near, the earlier one.
        """
        n = self.space.n_operation_genes
        result = self.check(genes).copy()
        valid = self.valid_cuts(result)
        lost = ~valid.any(axis=1)
        result[lost] = fallback[lost]
        distance = np.abs(np.arange(self.space.n_blocks + 1) - result[:, n, None])
        nearest = np.where(valid, distance, self.space.n_blocks + 2).argmin(axis=1)
        result[:, n] = np.where(lost, result[:, n], nearest)
        return result

    def sample(self, n: int, *, rng: np.random.Generator) -> IntArray:
        """Draw valid designs: network and width uniformly, then one of the valid cuts uniformly.

        Raises:
            ConfigError: The scenario leaves no valid cut.
        """
        networks = self.space.networks()
        if networks is None:  # too many to list: draw enough to find those with a valid cut
            networks = self.space.sample(max(4 * n, 1000), rng=rng)
        pool = self._with_each_width(networks)
        valid = self.valid_cuts(pool)
        cuttable = np.flatnonzero(valid.any(axis=1))
        if len(cuttable) == 0:
            raise ConfigError(_NO_CUT)
        rows = cuttable[rng.integers(len(cuttable), size=n)]
        designs = pool[rows]
        tickets = rng.random((n, self.space.n_blocks + 1))
        designs[:, self.space.n_operation_genes] = np.where(valid[rows], tickets, -1).argmax(axis=1)
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
        rows, cuts = np.nonzero(self.valid_cuts(pool))
        if len(rows) == 0:
            raise ConfigError(_NO_CUT)
        designs = pool[rows]
        designs[:, self.space.n_operation_genes] = cuts
        is_canonical: BoolArray = (designs == self.canonical(designs)).all(axis=1)
        return designs[is_canonical]

    def _with_each_width(self, operations: IntArray) -> IntArray:
        """Complete operations to designs, once a payload width; the split point is left 0."""
        split = np.zeros((len(operations), 1), dtype=np.int64)
        if not self.has_bits_gene:
            return np.concatenate([operations, split], axis=1)
        widths = range(len(self.payload_bits))
        return np.concatenate(
            [np.concatenate([operations, split, split + width], axis=1) for width in widths]
        )


_NO_CUT = (
    "The scenario leaves no valid cut for any network. Lower min_split, or raise "
    "max_head_memory_bytes or max_payload_bytes."
)
