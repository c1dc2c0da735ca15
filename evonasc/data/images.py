"""Labelled images in memory."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evonasc.arrays import IntArray

ByteImages = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Images:
    """A labelled set of images."""

    #: ``(n, 3, height, width)`` uint8.
    pixels: ByteImages
    #: ``(n,)`` class numbers from 0.
    labels: IntArray

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, rows: IntArray) -> "Images":
        """Return the images in ``rows``, in that order."""
        return Images(self.pixels[rows], self.labels[rows])

    @classmethod
    def joined(cls, parts: Sequence["Images"]) -> "Images":
        """Return the images of several sets, one after the other."""
        pixels = np.concatenate([part.pixels for part in parts])
        return cls(pixels, np.concatenate([part.labels for part in parts]))
