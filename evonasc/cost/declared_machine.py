"""A machine declared in a few numbers: how fast it computes and moves data, written as TOML.

For a machine that nobody has measured, or for a search space of one's own that no benchmark knows.
A layer takes the time to start it plus the longer of computing and moving its float32 values (the
plain roofline: Williams, Waterman and Patterson 2009, Communications of the ACM 52(4)), a network
the sum over its layers: all of it is assumed, and reports say so.
"""

import hashlib
from dataclasses import dataclass, fields
from math import inf, nan
from pathlib import Path

import numpy as np

from evonasc.arrays import FloatArray, IntArray
from evonasc.cost.machine import Machine
from evonasc.cost.roofline import Roofline
from evonasc.errors import DataFileError, UnknownNameError
from evonasc.inputs import toml_file
from evonasc.space import SearchSpace

#: How the name of such a file ends.
SUFFIX = ".toml"


@dataclass(frozen=True)
class Declaration:
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
    #: Power until the answer is there, mW; 0 where unknown.
    idle_power_mw: float = 0.0
    #: Memory that a head may use, bytes; 0 for no limit.
    memory_bytes: float = 0.0

    @property
    def roofline(self) -> Roofline:
        """The plain one: whatever the channels, all lanes are busy."""
        speed = (self.macs_per_ms, self.bytes_per_ms, self.overhead_ms)
        return Roofline(*speed, lanes=1, stiffness=0.0, fit_error=nan)


class DeclaredMachine(Machine):
    """A declared machine on the networks of a space; ``where`` is its file as the user named it."""

    kind = "declared"
    block_model = "roofline"

    def __init__(
        self, declared: Declaration, space: SearchSpace, *, where: str, digest: str
    ) -> None:
        self.name, self.description, self.digest = declared.name, declared.description, digest
        self.power_mw = declared.power_mw or None
        self.idle_power_mw = declared.idle_power_mw or None
        self.memory_bytes = declared.memory_bytes or None
        self._space, self._layer_ms = space, declared.roofline.layer_ms(space.layers)
        self.provenance = (
            f"{declared.name} ({declared.description}; {where}, SHA-256 {digest[:8]}); "
            f"{declared.macs_per_ms:g} multiply-accumulates and {declared.bytes_per_ms:g} bytes a "
            f"ms, {declared.overhead_ms:g} ms a layer (assumed)"
        )

    def head_table_ms(self, operations: IntArray) -> FloatArray:
        """Add up the times of layers, block by block."""
        blocks = self._space.block_sums(operations, self._layer_ms)
        table = np.zeros((len(operations), self._space.n_blocks + 1))
        table[:, 1:] = np.cumsum(blocks, axis=1)
        return table

    def total_ms(self, operations: IntArray) -> FloatArray:
        """Return the time of the canonical networks."""
        canonical = self._space.canonical(operations)
        return self.head_table_ms(canonical)[:, -1]


def read_declaration(path: Path) -> tuple[Declaration, str]:
    """Read the file of a declared machine, and its SHA-256.

    Raises:
        DataFileError: It cannot be read, is no TOML, or a value is missing or out of range.
        UnknownNameError: A key that a machine does not have.
    """
    values, data = toml_file(path, kind="machine")
    known = [field.name for field in fields(Declaration)]
    for name in values:
        if name not in known:
            raise UnknownNameError(f"key of the machine {path.name}:", name, known)
    for name in ("name", "description"):
        if not isinstance(values.get(name), str) or not values[name].strip():
            raise DataFileError(f"{path} must give {name} as text, got {values.get(name)!r}.")
    for field in fields(Declaration)[2:]:
        is_needed = field.name in ("macs_per_ms", "bytes_per_ms")
        value = values.get(field.name, "nothing" if is_needed else 0.0)
        number = value if isinstance(value, int | float) and not isinstance(value, bool) else -inf
        if not (0.0 < number < inf or (number == 0.0 and not is_needed)):
            wanted = "a positive number" if is_needed else "a number of at least 0"
            raise DataFileError(f"{path} must give {field.name} as {wanted}, got {value!r}.")
        values[field.name] = float(number)
    return Declaration(**values), hashlib.sha256(data).hexdigest()
