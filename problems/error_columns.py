"""The columns of the error: that of a network, what its payload adds, what it is calibrated to."""

from typing import Protocol

import numpy as np

from evonasc.arrays import FloatArray, IntArray
from evonasc.benchmark import ErrorSource, HarmlessSource, PayloadSource
from evonasc.cost.payload import LEAST_HARMLESS_BITS
from evonasc.cost.scenario import Scenario
from evonasc.space import DesignSpace
from evonasc.space.columns import Columns, ColumnSource

#: Columns that a calibration adds: the error of a network trained alone, and its error bar.
CALIBRATED = ("error_calibrated", "error_calibrated_low", "error_calibrated_high")


class Calibration(Protocol):
    """Reads errors as those that networks trained alone would have, with an error bar."""

    #: One sentence on where it comes from.
    provenance: str

    def __call__(self, error: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return the trained error of errors, and its lower and upper bound, ``(n,)`` each.

        All three must not fall where the error rises.
        """


class ErrorColumn(ColumnSource):
    """The error of networks, whatever is sent."""

    def __init__(self, source: ErrorSource) -> None:
        self.source = source

    def columns(self, genes: IntArray, *, designs: DesignSpace, known: Columns) -> Columns:
        """Return ``error``."""
        return {"error": self.source.error(genes, designs=designs)}

    def provenance(self) -> tuple[str, ...]:
        """Quote the source."""
        return (self.source.provenance,)


class PayloadEffect(ColumnSource):
    """What narrow payloads and lost packets add to the error at the cut.

    Where they do, the error is no longer that of the network alone.

    Args:
        source: Of the error; one that knows nothing of payloads adds nothing, and it is said.
        scenario: How payloads travel.

    Raises:
        ConfigError: The source should know what payloads do, and cannot.
    """

    def __init__(self, source: ErrorSource, scenario: Scenario) -> None:
        self._scenario = scenario
        self._source: PayloadSource | None = None
        known = source.harmless_words if isinstance(source, HarmlessSource) else "assumed"
        self._words = (
            f"that of the network; {LEAST_HARMLESS_BITS} bits and more without lost values count "
            f"as harmless ({known})."
            if scenario.is_payload_harmless
            else "that of the network; what narrow payloads and lost packets do to it is unknown "
            "here and left out."
        )
        self._words = f"error at the cut: {self._words}"
        if isinstance(source, PayloadSource) and not scenario.is_payload_harmless:
            self._words = source.payload_provenance()  # refuses what cannot be had
            self._source = source

    @property
    def is_active(self) -> bool:
        """Whether it changes the error."""
        return self._source is not None

    def columns(self, genes: IntArray, *, designs: DesignSpace, known: Columns) -> Columns:
        """Return ``error`` with what the payload adds, where it does."""
        if self._source is None:
            return {}
        increase = self._source.payload_increase(genes, designs=designs, scenario=self._scenario)
        return {"error": np.clip(known["error"] + increase, 0.0, 1.0)}

    def provenance(self) -> tuple[str, ...]:
        """Say what the payload does, and how that is known."""
        return (self._words,)


class CalibratedErrors(ColumnSource):
    """The errors as of networks trained alone; the objective stays the error itself."""

    def __init__(self, calibration: Calibration) -> None:
        self._calibration = calibration

    def columns(self, genes: IntArray, *, designs: DesignSpace, known: Columns) -> Columns:
        """Return the columns of ``CALIBRATED``."""
        return dict(zip(CALIBRATED, self._calibration(known["error"]), strict=True))

    def provenance(self) -> tuple[str, ...]:
        """Quote the calibration."""
        return (self._calibration.provenance,)
