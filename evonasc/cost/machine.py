"""A machine: how long it takes for the blocks of the networks of one space, and what it draws."""

from abc import ABC, abstractmethod

import numpy as np

from evonasc.arrays import FloatArray, IntArray
from evonasc.cost.fit_quality import FitReport


class Machine(ABC):
    """One machine, resolved from its name or file once, when a problem is made."""

    #: Name in reports.
    name: str
    #: What it is, who measured it and with what, one line.
    description: str
    #: How its times are known: ``fitted``, ``closed form``, ``profiled``, ``calibrated``,
    #: ``declared``, ``imported``.
    kind: str
    #: Power while computing, mW; None if unknown.
    power_mw: float | None = None
    #: Power while waiting for an answer, mW; None if unknown.
    idle_power_mw: float | None = None
    #: Memory that a head may use, bytes; None if unlimited.
    memory_bytes: float | None = None
    #: SHA-256 of everything that decides its times, but evonasc's own code.
    digest: str
    #: Where its times come from, in words that follow "head_ms: "; no full stop.
    provenance: str
    #: How its times are shared out among blocks: in a word or two, and in a clause.
    block_model: str = "its own"
    sharing: str = ""
    #: Where the energies of its blocks come from, in words that follow "head ": no full stop.
    energy_provenance: str = ""
    #: How well it did on measurements it had not seen; None where nobody tested that.
    fit: FitReport | None = None

    @property
    def mean_error(self) -> float | None:
        """Mean ``|predicted / measured - 1|`` on networks not fitted to; None where unknown."""
        return None if self.fit is None else self.fit.mape

    @abstractmethod
    def head_table_ms(self, operations: IntArray) -> FloatArray:
        """Return the time of the first k blocks for each cut k, ms, ``(n, n_blocks + 1)``.

        The last column is the time of the whole network, so the times of any stretches that make
        up a network on one machine add up to it exactly.

        Args:
            operations: ``(n, n_operation_genes)`` canonical operations of connected networks.
        """

    def head_energy_table_mj(self, operations: IntArray) -> FloatArray | None:
        """Return the energy of the first k blocks for each cut k, mJ, ``(n, n_blocks + 1)``.

        None where energies of blocks are unknown: a power times the time stands for them.

        Args:
            operations: As for :meth:`head_table_ms`.
        """
        return None

    def block_weights(self, operations: IntArray) -> FloatArray:
        """Return how much of the time each block takes, up to a factor, ``(n, n_blocks)``."""
        return np.diff(self.head_table_ms(operations), axis=1)

    @abstractmethod
    def total_ms(self, operations: IntArray) -> FloatArray:
        """Return the time of whole networks for one input, ms, ``(n,)``; positive.

        Args:
            operations: ``(n, n_operation_genes)`` as written: some machines run what is dead.

        Raises:
            GenomeError: Operations outside the space.
        """
