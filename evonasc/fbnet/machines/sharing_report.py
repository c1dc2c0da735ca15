"""How well the times of whole networks tell those of blocks."""

from dataclasses import astuple, dataclass, fields
from typing import Self

import numpy as np

from evonasc.arrays import FloatArray


@dataclass(frozen=True)
class SharingReport:
    """How far apportioned blocks are from blocks that were measured."""

    #: Sum of ``|apportioned - measured|`` times over the sum of measured ones: of operations whose
    #: time the networks tell, of what the roofline shares out (stem, 1x1 skips, last layers), and
    #: of the roofline alone on all operations that are no identity.
    known_blocks: float
    shared_blocks: float
    roofline_alone: float
    #: Mean ``|apportioned - measured|`` time of a head, over the network's, over networks and cuts.
    heads: float

    def as_array(self) -> FloatArray:
        """Return every field, ``(4,)``."""
        return np.array(astuple(self), dtype=np.float64)

    @classmethod
    def from_array(cls, values: FloatArray) -> Self:
        """Return the report that :meth:`as_array` wrote."""
        names = [field.name for field in fields(cls)]
        return cls(**dict(zip(names, values.tolist(), strict=True)))

    @property
    def in_words(self) -> str:
        """Say it in one line."""
        return (
            f"off by {self.known_blocks:.1%} of their time where networks tell it, "
            f"{self.shared_blocks:.0%} where the roofline shares it out ({self.roofline_alone:.0%} "
            f"by the roofline alone); heads by {self.heads:.1%} of the network's time"
        )
