"""How good a model of blocks is: on the entries it was fitted to, and on entries left out."""

from dataclasses import astuple, dataclass, fields
from typing import Self

import numpy as np

from evonasc.arrays import FloatArray


@dataclass(frozen=True)
class EntryReport:
    """How far a model is from the entries of one machine."""

    #: Entries fitted.
    n_entries: int
    #: Numbers fitted: directions of the smooth function, or coefficients of a closed form.
    n_fitted: int
    #: Mean and largest ``|predicted / measured - 1|`` on the entries fitted.
    mean_error: float
    max_error: float
    #: Mean and median of the same on each block with that entry left out of the fit; what decides
    #: how smooth the function is was chosen once, with all entries.
    left_out_error: float
    left_out_median: float
    #: Mean of the same on blocks with all entries of their shape (height, channels, stride) left
    #: out.
    shape_out_error: float
    #: Mean of the same on blocks in tenths of the entries left out in turn, everything fitted anew.
    refitted_error: float
    #: Median error on an entry that is no block, but a skip, a convolution, pooling or a
    #: classifier, with that entry left out: there are few of each. NaN where none was fitted.
    others_left_out_median: float

    def as_array(self) -> FloatArray:
        """Return every field, for a weight file, ``(9,)``."""
        return np.array(astuple(self), dtype=np.float64)

    @classmethod
    def from_array(cls, values: FloatArray) -> Self:
        """Return the report that :meth:`as_array` wrote."""
        names = [field.name for field in fields(cls)]
        figures = dict(zip(names, values.tolist(), strict=True))
        counts = {name: round(figures.pop(name)) for name in ("n_entries", "n_fitted")}
        return cls(**counts, **figures)

    @property
    def in_words(self) -> str:
        """Say it in one line."""
        others = (
            ""
            if np.isnan(self.others_left_out_median)
            else f", others {self.others_left_out_median:.1%} (median)"
        )
        return (
            f"{self.n_fitted} numbers fitted to {self.n_entries} entries, mean error "
            f"{self.mean_error:.2%} on them (largest {self.max_error:.1%}); left out: blocks "
            f"{self.left_out_error:.1%} (median {self.left_out_median:.1%}; by tenths, everything "
            f"refitted, {self.refitted_error:.1%}), with all of their shape "
            f"{self.shape_out_error:.1%}{others}"
        )
