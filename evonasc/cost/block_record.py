"""A machine's file with the times of its blocks one by one, as somebody measured them.

Written by ``evonasc hardware import`` from a benchmark's own table, for users who bring it. An
``.npz`` of plain arrays, never of pickles.
"""

import hashlib
from dataclasses import dataclass, field, fields
from math import nan
from pathlib import Path

import numpy as np

from evonasc.arrays import FloatArray, IntArray
from evonasc.cost.block_times import BlockMachine, BlockTimes
from evonasc.cost.machine_record import check_target, is_line, is_machine_name, known_power
from evonasc.errors import ConfigError, DataFileError
from evonasc.files import write_output
from evonasc.inputs import MOST_TABLE, file_bytes
from evonasc.parsing import npz_arrays, npz_bytes
from evonasc.space import SearchSpace

#: First words of every file; the number changes when older readers would misread it.
FORMAT = "evonasc block times 1"


@dataclass(frozen=True, eq=False, kw_only=True)
class BlockRecord:
    """One machine whose blocks were measured one by one."""

    #: Name in reports.
    name: str
    #: What it is, who measured it and with what, one line.
    description: str
    #: Search space of the blocks.
    space: str
    #: What there is to say of the times, one line, to follow a semicolon; empty for nothing.
    remark: str = ""
    #: See :class:`evonasc.cost.block_times.BlockTimes`.
    searched_ms: FloatArray
    fixed_ms: FloatArray
    block_of_gene: IntArray
    #: The same of energies, mJ; both empty where they are unknown.
    searched_mj: FloatArray = field(default_factory=lambda: np.zeros((0, 0)))
    fixed_mj: FloatArray = field(default_factory=lambda: np.zeros(0))
    #: Power while computing, mW; NaN if unknown.
    power_mw: float = nan
    #: Power until the answer is there, mW; NaN if unknown.
    idle_power_mw: float = nan

    @property
    def times(self) -> BlockTimes:
        """The times alone."""
        return BlockTimes(self.searched_ms, self.fixed_ms, self.block_of_gene)

    @property
    def energies(self) -> BlockTimes | None:
        """The energies alone, in mJ where times are in ms; None where they are unknown."""
        if not self.fixed_mj.size:
            return None
        return BlockTimes(self.searched_mj, self.fixed_mj, self.block_of_gene)


class ImportedMachine(BlockMachine):
    """A machine of a :class:`BlockRecord`.

    Args:
        record: What its file says.
        space: The networks.
        where: Its file, as the user named it.
        digest: SHA-256 of the file.

    Raises:
        ConfigError: Its blocks are of another space, or of another version of it.
    """

    def __init__(self, record: BlockRecord, space: SearchSpace, *, where: str, digest: str) -> None:
        if record.space != space.name:
            raise ConfigError(
                f"The machine {record.name!r} must have times of blocks of the space "
                f"{space.name!r}, got {record.space!r}. Import it again with --space {space.name}."
            )
        record.times.require_space(space, name=record.name)
        super().__init__(record.times, space)
        self.name, self.description, self.digest = record.name, record.description, digest
        self.kind, self.block_model = "imported", "imported blocks"
        self.power_mw = known_power(record.power_mw)
        self.idle_power_mw = known_power(record.idle_power_mw)
        self.sharing, self._energies = "blocks one by one, as published", record.energies
        if self._energies is not None:
            self.energy_provenance = f"by energies of blocks, as published, of {record.name}"
        remark = f"; {record.remark}" if record.remark else ""
        self.provenance = (
            f"{record.name} ({record.description}; file {where}, SHA-256 {digest[:8]}); "
            f"{self.sharing}{remark}"
        )

    def head_energy_table_mj(self, operations: IntArray) -> FloatArray | None:
        """Add the energies of blocks up, where they are known."""
        return None if self._energies is None else self._energies.head_table_ms(operations)


def write_block_record(path: Path, record: BlockRecord) -> None:
    """Write the file of a machine atomically, its folder made if need be.

    Raises:
        ConfigError: The path does not end in ``.npz``, or cannot be written.
    """
    check_target(path)
    arrays = {one.name: np.asarray(getattr(record, one.name)) for one in fields(record)}
    write_output(path, npz_bytes(format=np.array(FORMAT), **arrays))


def is_block_record(path: Path) -> bool:
    """Tell whether a file is one of a machine whose blocks are listed.

    Whoever finds that it is not leaves it to the reader of other machines to tell what is wrong.
    """
    try:
        format_ = npz_arrays(file_bytes(path, kind="machine"), ["format"])["format"]
    except (DataFileError, ValueError):
        return False
    return str(format_) == FORMAT


def read_block_record(path: Path) -> tuple[BlockRecord, str]:
    """Read and check the file of a machine, and its SHA-256.

    Raises:
        DataFileError: It is missing, of another format, or holds what cannot be.
    """
    data = file_bytes(path, kind="machine", most=MOST_TABLE)
    try:
        arrays = npz_arrays(data)
        if str(arrays.pop("format")) != FORMAT:
            raise ValueError("its format is another")
        return _checked(arrays), hashlib.sha256(data).hexdigest()
    except (KeyError, TypeError, ValueError) as error:
        reason = "it lacks " + str(error) if isinstance(error, KeyError) else str(error)
        raise DataFileError(
            f"{path} must be a file of `evonasc hardware import` ({FORMAT!r}): "
            f"{reason.rstrip('.').splitlines()[0]}."
        ) from error


def _checked(arrays: dict[str, np.ndarray]) -> BlockRecord:
    """Return the machine that the arrays describe; ValueError or KeyError for any other."""
    texts = {name: str(arrays[name]) for name in ("name", "description", "space", "remark")}
    searched = arrays["searched_ms"].astype(np.float64)
    fixed = arrays["fixed_ms"].astype(np.float64)
    searched_mj = arrays["searched_mj"].astype(np.float64)
    fixed_mj = arrays["fixed_mj"].astype(np.float64)
    has_energy = searched_mj.shape == searched.shape and fixed_mj.shape == fixed.shape
    places = arrays["block_of_gene"].astype(np.int64)
    # Files of before lack the second.
    powers = float(arrays["power_mw"]), float(arrays.get("idle_power_mw", nan))
    is_placed = (
        np.issubdtype(arrays["block_of_gene"].dtype, np.integer)
        and places.shape == searched.shape[:1]
        and len(set(places.tolist())) == len(places)
        and all(0 <= place < fixed.size for place in places.tolist())
    )
    for is_met, reason in (
        (is_machine_name(texts["name"]), f"it has the name {texts['name'][:40]!r}"),
        (all(map(is_line, texts.values())), "a text in it is no line of words"),
        (searched.ndim == 2 and fixed.ndim == 1, "its times have another shape"),
        (_are_times(searched) and _are_times(fixed), "a time is negative or no number"),
        (has_energy or searched_mj.size == fixed_mj.size == 0, "its energies have another shape"),
        (_are_times(searched_mj) and _are_times(fixed_mj), "an energy is negative or no number"),
        (fixed.sum() > 0, "its fixed blocks take no time"),
        (is_placed, "its genes decide no blocks, or the same ones"),
        (all(np.isnan(mw) or 0 < mw < np.inf for mw in powers), "its power is not positive"),
    ):
        if not is_met:
            raise ValueError(reason)
    return BlockRecord(
        **texts,
        searched_ms=searched,
        fixed_ms=fixed,
        block_of_gene=places,
        searched_mj=searched_mj,
        fixed_mj=fixed_mj,
        power_mw=powers[0],
        idle_power_mw=powers[1],
    )


def _are_times(values: FloatArray) -> bool:
    """Tell whether all values are finite and at least 0."""
    return bool((np.isfinite(values) & (values >= 0)).all())
