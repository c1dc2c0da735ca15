"""Sources of the error that other packages bring: called with care, and checked each time."""

from collections.abc import Callable

import numpy as np

from evonasc.arrays import FloatArray, IntArray
from evonasc.benchmark import ErrorSource, PayloadSource
from evonasc.cost.scenario import Scenario
from evonasc.plugins import Entry, Registry
from evonasc.space import DesignSpace


class ForeignErrors:
    """A source of another package; whatever goes wrong in it names its entry.

    Args:
        source: As the entry made it.
        table: Has the entry.
        entry: Whose source it is.
    """

    is_foreign = True

    def __init__(self, source: ErrorSource, table: Registry, entry: Entry) -> None:
        self._source, self._table, self._entry = source, table, entry
        self.provenance = source.provenance

    def error(self, genes: IntArray, *, designs: DesignSpace) -> FloatArray:
        """Return the errors of the source.

        Raises:
            PluginError: It fails, or gives something else than a fraction for each design.
        """
        found = self._numbers("error", lambda: self._source.error(genes, designs=designs), genes)
        if ((found < 0) | (found > 1)).any():
            raise self._table.broken(
                self._entry,
                f"error must give fractions in [0, 1], got {found.min():g} to {found.max():g}",
            )
        return found

    def _numbers(self, what: str, ask: Callable[[], object], genes: IntArray) -> FloatArray:
        """Return what a method gives, ``(n,)`` numbers."""
        found = self._table.guarded(self._entry, ask)
        if not isinstance(found, np.ndarray) or found.shape != (len(genes),):
            raise self._table.broken(
                self._entry, f"{what} must give an array of shape {(len(genes),)}"
            )
        if found.dtype.kind not in "biuf":
            raise self._table.broken(self._entry, f"{what} must give numbers, got {found.dtype}")
        return found.astype(np.float64)


class ForeignPayloadErrors(ForeignErrors):
    """One that knows what the payload does too."""

    def __init__(
        self, source: ErrorSource, table: Registry, entry: Entry, payload: PayloadSource
    ) -> None:
        super().__init__(source, table, entry)
        self._payload = payload

    def payload_increase(
        self, genes: IntArray, *, designs: DesignSpace, scenario: Scenario
    ) -> FloatArray:
        """Return what the source says that narrow payloads and lost packets add.

        Raises:
            PluginError: It fails, or gives something else than a number for each design.
        """
        return self._numbers(
            "payload_increase",
            lambda: self._payload.payload_increase(genes, designs=designs, scenario=scenario),
            genes,
        )

    def payload_provenance(self) -> str:
        """Quote the source.

        Raises:
            PluginError: It fails.
        """
        return str(self._table.guarded(self._entry, self._payload.payload_provenance))


def foreign_errors(source: ErrorSource, table: Registry, entry: Entry) -> ForeignErrors:
    """Return a source of another package, guarded."""
    if isinstance(source, PayloadSource):
        return ForeignPayloadErrors(source, table, entry, source)
    return ForeignErrors(source, table, entry)
