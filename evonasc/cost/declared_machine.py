"""A machine declared in a few numbers: how fast it computes and moves data, written as TOML.

For a machine that nobody has measured, or for a search space of one's own, on which the fitted
predictors say nothing. A layer takes the time to start it plus the longer of computing and moving
its float32 values (the plain roofline: Williams, Waterman and Patterson 2009, Communications of
the ACM 52(4)), a network the sum over its layers: all of it is assumed, and reports say so.
"""

import hashlib
from dataclasses import dataclass, fields
from functools import lru_cache
from math import inf
from pathlib import Path

import numpy as np

from evonasc.arrays import FloatArray, IntArray
from evonasc.errors import DataFileError, UnknownNameError
from evonasc.parsing import toml_values
from evonasc.space.base import SearchSpace
from evonasc.space.layers import Layer

#: How the name of such a file ends.
SUFFIX = ".toml"
_BYTES_PER_VALUE = 4


@dataclass(frozen=True)
class DeclaredMachine:
    """What the file says; every number is the user's own."""

    #: Name in reports.
    name: str
    #: What it is, one line.
    description: str
    #: Multiply-accumulates per ms of a layer that fills the machine.
    macs_per_ms: float
    #: Bytes moved per ms.
    bytes_per_ms: float
    #: Time to start a layer, ms.
    overhead_ms: float = 0.0
    #: Power while computing, mW; 0 where unknown.
    power_mw: float = 0.0

    def layer_ms(self, layers: tuple[Layer, ...]) -> FloatArray:
        """Return the time of each layer for one input, ms, ``(n_layers,)``."""
        macs = np.array([float(layer.macs) for layer in layers])
        moved = np.array([float(layer.elements + layer.params) for layer in layers])
        started = np.array([float(layer.kind != "sum") for layer in layers])  # fused with a layer
        times: FloatArray = started * self.overhead_ms + np.maximum(
            macs / self.macs_per_ms, moved * _BYTES_PER_VALUE / self.bytes_per_ms
        )
        return times

    def head_table_ms(self, space: SearchSpace, operations: IntArray) -> FloatArray:
        """Return the time of the first k blocks for each cut k, ms, ``(n, n_blocks + 1)``.

        Args:
            space: Gives the layers of the blocks.
            operations: ``(n, n_operation_genes)`` canonical operations.
        """
        blocks = space.block_sums(operations, self.layer_ms(space.layers))
        table = np.zeros((len(operations), space.n_blocks + 1))
        table[:, 1:] = np.cumsum(blocks, axis=1)
        return table


def read_declared(path: Path) -> DeclaredMachine:
    """Read the file of a declared machine.

    Raises:
        DataFileError: It cannot be read, is no TOML, or a value is missing or out of range.
        UnknownNameError: A key that a machine does not have.
    """
    try:
        return _read(path.resolve(), path.stat().st_mtime_ns)
    except OSError as error:
        raise DataFileError(f"Cannot read the machine {path}: {error.strerror}.") from error


def declared_digest(path: Path) -> str:
    """Return the SHA-256 of the file."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise DataFileError(f"Cannot read the machine {path}: {error.strerror}.") from error


@lru_cache(maxsize=16)
def _read(path: Path, changed_ns: int) -> DeclaredMachine:
    """Read and check a file, once while it stays as it is."""
    try:
        values = toml_values(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DataFileError(f"{path} is no TOML file: {error}.") from error
    known = [field.name for field in fields(DeclaredMachine)]
    for name in values:
        if name not in known:
            raise UnknownNameError(f"key of the machine {path.name}:", name, known)
    for name in ("name", "description"):
        if not isinstance(values.get(name), str) or not values[name].strip():
            raise DataFileError(f"{path} must give {name} as text, got {values.get(name)!r}.")
    least = {"macs_per_ms": 0.0, "bytes_per_ms": 0.0, "overhead_ms": -1e-300, "power_mw": -1e-300}
    for name, bound in least.items():
        value = values.get(name, "nothing" if bound == 0.0 else 0.0)
        number = value if isinstance(value, int | float) and not isinstance(value, bool) else -inf
        if not bound < number < inf:
            wanted = "a positive number" if bound == 0.0 else "a number of at least 0"
            raise DataFileError(f"{path} must give {name} as {wanted}, got {value!r}.")
        values[name] = float(number)
    return DeclaredMachine(**values)
