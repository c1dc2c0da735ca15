"""What every search space must answer: which networks exist, and what each of their blocks is.

A network is a chain of ``n_blocks`` blocks and can be cut after each of them. Operation genes are
integers; a batch is an ``(n, n_operation_genes)`` int64 array throughout.
"""

from abc import ABC, abstractmethod
from functools import cached_property

import numpy as np

from evonasc.arrays import BoolArray, FloatArray, IntArray, row_products
from evonasc.errors import GenomeError
from evonasc.space.drawing import Drawing
from evonasc.space.layers import Layer


class SearchSpace(ABC):
    """The networks that can be built, without any cut."""

    #: Name on the command line.
    name: str
    #: Choices of each operation gene; gene ``i`` lies in ``[0, n_choices[i])``.
    n_choices: tuple[int, ...]
    #: Operation genes that belong together, each gene in one group; crossover keeps groups whole.
    gene_groups: tuple[tuple[int, ...], ...]
    #: One name a block, in the order of computing.
    block_names: tuple[str, ...]
    #: ``(channels, height, width)`` at each of the ``n_blocks + 1`` cut positions.
    cut_shapes: tuple[tuple[int, int, int], ...]
    #: Explains what ``to_short_text`` writes.
    short_text_key: str
    #: What people call a network, or the part of it that is searched; heads a column of tables.
    network_word: str = "network"
    #: Column of CSV files that holds what ``to_text`` writes.
    text_column: str = "network"
    #: Ways to say a choice, by the value of an operation gene; by number where there are none.
    choice_words: tuple[str, ...] = ()
    #: A network whose searched blocks compute nothing: what is left is the fixed blocks.
    bare_network: tuple[int, ...]
    #: Every kind of layer at every place it can stand.
    layers: tuple[Layer, ...]
    #: ``(n_layers, n_blocks)``, 1 where a block can hold the layer.
    layer_membership: IntArray

    @property
    def n_operation_genes(self) -> int:
        """Number of operation genes."""
        return len(self.n_choices)

    @property
    def n_blocks(self) -> int:
        """Number of blocks; cuts are ``0..n_blocks``."""
        return len(self.block_names)

    @cached_property
    def landmark_cuts(self) -> IntArray:
        """Cuts at which the payload changes: first and last of each stretch of equal tensors.

        Inside a stretch every cut sends the same, so moving it only trades device time for server
        time: where one machine is quicker on all blocks, an end of the stretch is best.
        """
        elements = np.array([np.prod(shape) for shape in self.cut_shapes])
        changes = elements[1:] != elements[:-1]
        is_landmark: BoolArray = np.concatenate([[True], changes]) | np.concatenate(
            [changes, [True]]
        )
        return np.flatnonzero(is_landmark)

    @property
    def gene_words(self) -> tuple[str, ...]:
        """What each operation gene decides, for people."""
        return tuple(f"gene {gene + 1}" for gene in range(self.n_operation_genes))

    def choice_in_words(self, gene: int, value: int) -> str:
        """Return what a value of an operation gene stands for, for people."""
        return self.choice_words[value] if self.choice_words else f"choice {value}"

    def cut_in_words(self, cut: int) -> str:
        """Name a cut by its number and the block it follows."""
        if cut == 0:
            return "0 raw input"
        return f"{cut} {self.block_names[cut - 1]}" if cut < self.n_blocks else f"{cut} all local"

    def bits_in_words(self, bits: int, cut: int) -> str:
        """Name the payload's width where a cut sends a tensor; a dash elsewhere."""
        return str(bits) if 0 < cut < self.n_blocks else "-"

    def drawing(self, operations: IntArray) -> Drawing | None:
        """Return how one network, ``(n_operation_genes,)``, is drawn; None where it is not."""
        return None

    def time_features(self, operations: IntArray) -> FloatArray:
        """Return what a machine's time may depend on beside its base, ``(n, n_features)``.

        Few measurements are corrected along these (:mod:`evonasc.cost.prior_fit`). By default how
        often each layer occurs.
        """
        return self.layer_counts(operations).astype(np.float64)

    def numbers(self, operations: IntArray) -> IntArray:
        """Return one number a network, equal for equal genes, ``(n,)``; it keeps their order.

        The genes read as the digits of one number, the first the most significant. Where that
        passes 64 bits the numbers are Python's own integers, in an array of objects.
        """
        places = self._places()
        numbers: IntArray = (operations.astype(places.dtype) * places).sum(axis=1)
        return numbers

    def _places(self) -> IntArray:
        """Return the place values of :meth:`numbers`; objects where they pass 64 bits."""
        is_large = np.prod([float(choices) for choices in self.n_choices]) > 2**62
        digits = np.array([1, *self.n_choices[:0:-1]], dtype=object if is_large else np.int64)
        return np.cumprod(digits)[::-1]

    def respell(self, operations: IntArray, *, rng: np.random.Generator) -> IntArray:
        """Return, row by row, random genes that build the same network.

        One gene changed in another spelling is another network: a mutation that respells first
        reaches every network that differs by one edge, however the parent was written down.
        """
        return operations

    @cached_property
    def _limits(self) -> IntArray:
        """Choices of each operation gene, ``(n_operation_genes,)``."""
        return np.array(self.n_choices)

    def check(self, operations: IntArray) -> IntArray:
        """Return ``operations`` as an ``(n, n_operation_genes)`` int64 array.

        Raises:
            GenomeError: Wrong shape, not integers, or a gene out of range.
        """
        array = np.asarray(operations)
        if array.ndim != 2 or array.shape[1] != self.n_operation_genes:
            raise GenomeError(
                "operations must have shape (n, n_operation_genes) = "
                f"(n, {self.n_operation_genes}), got {array.shape}."
            )
        if not np.issubdtype(array.dtype, np.integer):
            raise GenomeError(f"operations must be integers, got dtype {array.dtype}.")
        outside = (array < 0) | (array >= self._limits)
        if outside.any():
            row, gene = np.argwhere(outside)[0]
            raise GenomeError(
                f"operation gene {gene} must lie in [0, {self.n_choices[gene] - 1}], "
                f"got {array[row, gene]} in row {row}."
            )
        return array.astype(np.int64, copy=False)

    def distinct(self, operations: IntArray) -> tuple[IntArray, IntArray]:
        """Return the distinct rows and, for each row, which of them it is.

        Many designs share a network, and what a network costs is computed once.
        """
        if self._places().dtype == object:  # such numbers sort slower than the rows themselves
            rows, which = np.unique(operations, axis=0, return_inverse=True)
            return rows, which
        # A number a row sorts a hundred times faster than the row itself.
        _, first, which = np.unique(
            self.numbers(operations), return_index=True, return_inverse=True
        )
        return operations[first], which

    @abstractmethod
    def is_connected(self, operations: IntArray) -> BoolArray:
        """Tell for each row whether the input reaches the output, ``(n,)``."""

    @abstractmethod
    def canonical(self, operations: IntArray) -> IntArray:
        """Return, row by row, the one choice that stands for all that build the same network."""

    @abstractmethod
    def is_identity_block(self, operations: IntArray) -> BoolArray:
        """Tell which blocks return their input unchanged, ``(n, n_blocks)``."""

    @abstractmethod
    def layer_counts(self, operations: IntArray) -> IntArray:
        """Return how often a block that can hold a layer does hold it, ``(n, n_layers)``."""

    @abstractmethod
    def block_peak_elements(self, operations: IntArray) -> IntArray:
        """Return the most activation elements alive at once in each block, ``(n, n_blocks)``."""

    @abstractmethod
    def networks(self) -> IntArray | None:
        """Return every canonical connected network, or None where they are too many to list."""

    def spellings(self) -> IntArray | None:
        """Return every way to write a network, in the order of published tables.

        None where they are too many. By default the canonical networks.
        """
        return self.networks()

    @abstractmethod
    def sample(self, n: int, *, rng: np.random.Generator) -> IntArray:
        """Draw ``n`` canonical connected networks, independently."""

    @abstractmethod
    def to_text(self, operations: IntArray) -> list[str]:
        """Return the usual way to write each network."""

    @abstractmethod
    def to_short_text(self, operations: IntArray) -> list[str]:
        """Return each network in a few characters, for tables; ``short_text_key`` explains them."""

    @abstractmethod
    def from_text(self, texts: list[str]) -> IntArray:
        """Read what ``to_text`` writes.

        Raises:
            GenomeError: A text that names no network of this space.
        """

    def block_sums(self, operations: IntArray, per_layer: FloatArray) -> FloatArray:
        """Add up any quantity of layers, ``(n_layers,)``, in each block, ``(n, n_blocks)``."""
        return row_products(self.layer_counts(operations) * per_layer, self.layer_membership)

    def block_macs(self, operations: IntArray) -> FloatArray:
        """Return multiply-accumulates of each block for one input, ``(n, n_blocks)``."""
        return self.block_sums(operations, np.array([float(layer.macs) for layer in self.layers]))

    def block_params(self, operations: IntArray) -> FloatArray:
        """Return trainable parameters of each block, ``(n, n_blocks)``."""
        return self.block_sums(operations, np.array([float(layer.params) for layer in self.layers]))
