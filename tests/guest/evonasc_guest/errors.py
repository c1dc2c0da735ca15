"""Errors that fall with size, and a little with what is where."""

from dataclasses import dataclass

import numpy as np

from evonasc.benchmark import ErrorKind


@dataclass(frozen=True)
class SizeOptions:
    """How much of the error is what is where."""

    #: Height of the pattern.
    pattern: float = 0.01


class SizeErrors:
    """The larger, the better, with a pattern so that no two choices are alike."""

    provenance = "error: made up from the number of multiply-accumulates."

    def __init__(self, options):
        self._height = options.pattern

    def error(self, genes, *, designs):
        """Return the error of networks."""
        operations = designs.operations(genes)
        macs = designs.space.block_macs(operations).sum(axis=1)
        pattern = np.sin(operations @ np.arange(1, operations.shape[1] + 1)) * self._height
        return np.clip(0.25 + 0.6 / (1 + macs / 3e7) + pattern, 0.0, 1.0)


BY_SIZE = ErrorKind(options=SizeOptions, make=lambda options, request: SizeErrors(options))
