"""What is known of a machine that the user measured: its file, how it is read and checked.

A machine that no benchmark knows is described by one file, written by ``evonasc hardware profile``
or ``evonasc hardware calibrate``, and used wherever a machine is named. The time of a whole
network is a base, times a factor, plus a small correction, linear in what the network runs:

- profiled: the base is the sum of the times of its layers, measured on the machine;
- calibrated: the base is what evonasc predicts for a machine it knows.

The network is the canonical one: whoever ships a network leaves out what cannot reach its output.
The file is an ``.npz`` of plain arrays, never of pickles.
"""

import hashlib
import re
from collections.abc import Container
from dataclasses import dataclass, field, fields
from math import nan
from pathlib import Path
from typing import Literal

import numpy as np

from evonasc.arrays import FloatArray, IntArray
from evonasc.errors import ConfigError, DataFileError
from evonasc.files import write_output
from evonasc.inputs import MOST_TABLE, file_bytes
from evonasc.parsing import npz_arrays, npz_bytes
from evonasc.space.layers import Layer

#: First words of every file; the number changes when older readers would misread it.
FORMAT = "evonasc machine 2"
#: How the name of a file ends, by which a machine's file is told from a machine's name.
SUFFIX = ".npz"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}")
_MOST_TEXT = 300


@dataclass(frozen=True, eq=False, kw_only=True)
class MachineRecord:
    """One machine of the user, as measured."""

    #: Name in reports.
    name: str
    #: What it is, who measured it and with what, one line.
    description: str
    #: The command that made it.
    made_by: Literal["profile", "calibrate"]
    #: Search space of the networks measured.
    space: str
    #: Machine evonasc knows whose prediction is the base; empty for a profiled machine.
    base: str = ""
    #: Digest of the base, which the correction belongs to; empty without a base.
    base_sha256: str = ""
    #: ``kind c_in c_out macs params elements`` of each layer measured; empty without.
    layer_keys: tuple[str, ...] = ()
    #: Their times inside networks, ms, ``(n_layers,)``.
    layer_ms: FloatArray = field(default_factory=lambda: np.zeros(0))
    #: Factor on the base, a constant (ms), one weight a feature (ms), ``(2 + n_features,)``.
    weights: FloatArray
    #: No network takes less than this times its base.
    least_factor: float
    #: Networks measured, ``(n, n_operation_genes)``, canonical, and their times, ms, ``(n,)``.
    networks: IntArray
    times_ms: FloatArray
    #: Mean ``|predicted / measured - 1|`` on networks left out of the fit.
    left_out_error: float
    #: Spearman's rank correlation on the same.
    left_out_spearman: float
    #: Interquartile range of repeated measurements over their median, mean over networks; NaN where
    #: nobody repeated.
    noise: float = nan
    #: Mean ``|predicted - measured|`` time of a block over the mean block's time; NaN where blocks
    #: were not measured.
    block_error: float = nan
    #: Power while computing, mW; NaN if unknown.
    power_mw: float
    #: Power until the answer is there, mW; NaN if unknown.
    idle_power_mw: float = nan

    @property
    def n_networks(self) -> int:
        """Number of networks measured."""
        return len(self.times_ms)


def layer_key(layer: Layer) -> str:
    """Return what a layer is, as text.

    Example:
        >>> layer_key(Layer("sum", 16, 16, 0, 0, 49152))
        'sum 16 16 0 0 49152'
    """
    return " ".join(str(getattr(layer, one.name)) for one in fields(layer))


def check_name(name: str, taken: Container[str]) -> None:
    """Refuse a name that is no word, or that a machine evonasc knows has already.

    Raises:
        ConfigError: It is.
    """
    if not is_machine_name(name):
        raise ConfigError(
            f"The name of a machine must be 1 to 40 letters, digits, '_', '-' or '.', got {name!r}."
        )
    if name in taken:
        raise ConfigError(
            f"The name of a machine must differ from those evonasc knows, got {name!r}. "
            "Choose another name."
        )


def is_machine_name(name: str) -> bool:
    """Tell whether a text is a word that can be the name of a machine."""
    return _NAME.fullmatch(name) is not None


def is_line(text: str) -> bool:
    """Tell whether a text of a file is a line of words, for reports."""
    return text.isprintable() and len(text) < _MOST_TEXT


def check_power(power_mw: float | None, *, of: str = "power_mw") -> float:
    """Return a power, mW, NaN for None.

    Raises:
        ConfigError: It is not positive and finite.
    """
    if power_mw is None:
        return nan
    if not 0 < power_mw < float("inf"):
        raise ConfigError(f"{of} must be positive, got {power_mw}.")
    return power_mw


def known_power(power_mw: float) -> float | None:
    """Return the power that a file holds, mW, None for NaN."""
    return None if np.isnan(power_mw) else power_mw


def check_target(path: Path) -> None:
    """Refuse a path that would not be known again as the file of a machine.

    Raises:
        ConfigError: It does not end in ``.npz``.
    """
    if path.suffix != SUFFIX:
        raise ConfigError(f"The file of a machine must end in {SUFFIX}, got {str(path)!r}.")


def write_record(path: Path, record: MachineRecord) -> None:
    """Write the file of a machine atomically, its folder made if need be.

    Raises:
        ConfigError: The path does not end in ``.npz``, or cannot be written.
    """
    check_target(path)
    arrays = {one.name: np.asarray(getattr(record, one.name)) for one in fields(record)}
    arrays["layer_keys"] = np.array(record.layer_keys, dtype=np.str_)
    write_output(path, npz_bytes(format=np.array(FORMAT), **arrays))


def read_record(path: Path) -> tuple[MachineRecord, str]:
    """Read and check the file of a machine, and its SHA-256.

    Raises:
        DataFileError: It is missing, of another format, or holds what cannot be.
    """
    remedy = (
        f"It was looked for from {Path.cwd()}. Where it was moved, put it back or name its new "
        "place; a new one is made by evonasc hardware profile (or calibrate)."
    )
    data = file_bytes(path, kind="machine", most=MOST_TABLE, remedy=remedy)
    try:
        arrays = npz_arrays(data)
        found = str(arrays.pop("format"))
        if found != FORMAT:
            raise ValueError(f"its format is {found!r}")
        return _checked(arrays), hashlib.sha256(data).hexdigest()
    except (KeyError, TypeError, ValueError) as error:
        reason = "it lacks " + str(error) if isinstance(error, KeyError) else str(error)
        raise DataFileError(
            f"{path} must be a file of `evonasc hardware profile` or `calibrate` "
            f"({FORMAT!r}): {reason.rstrip('.').splitlines()[0]}."
        ) from error


def _checked(arrays: dict[str, np.ndarray]) -> MachineRecord:
    """Return the machine that the arrays describe; ValueError or KeyError for any other."""
    networks, times_ms = arrays["networks"], arrays["times_ms"].astype(np.float64)
    keys = tuple(str(key) for key in arrays["layer_keys"].reshape(-1).tolist())
    names = ("name", "description", "space", "base", "base_sha256")
    texts = {name: str(arrays[name]) for name in names}
    record = MachineRecord(
        **texts,
        made_by="profile" if str(arrays["made_by"]) == "profile" else "calibrate",
        layer_keys=keys,
        layer_ms=arrays["layer_ms"].astype(np.float64),
        weights=arrays["weights"].astype(np.float64),
        least_factor=float(arrays["least_factor"]),
        networks=networks.astype(np.int64),
        times_ms=times_ms,
        left_out_error=float(arrays["left_out_error"]),
        left_out_spearman=float(arrays["left_out_spearman"]),
        noise=float(arrays["noise"]),
        block_error=float(arrays["block_error"]),
        power_mw=float(arrays["power_mw"]),
        # Files of before lack it.
        idle_power_mw=float(arrays.get("idle_power_mw", nan)),
    )
    _require(all(map(is_line, texts.values())), "a text in it is no line of words")
    _require(is_machine_name(record.name), f"it has the name {record.name[:40]!r}")
    _require(str(arrays["made_by"]) in ("profile", "calibrate"), "nobody says how it was made")
    _require(record.weights.ndim == 1 and len(record.weights) >= 2, "its weights are none")
    _require(bool(np.isfinite(record.weights).all()), "a weight is no finite number")
    fits = networks.ndim == 2 and times_ms.shape == (len(networks),)
    _require(fits, "its networks have another shape")
    _require(np.issubdtype(networks.dtype, np.integer), "its networks are no whole numbers")
    _require(len(times_ms) > 0 and _are_positive(times_ms), "a measured time is not positive")
    _require(record.layer_ms.shape == (len(keys),), "layers and their times differ in number")
    _require(_are_positive(record.layer_ms), "the time of a layer is not positive")
    _require(_are_positive(np.array([record.least_factor])), "its least factor is not positive")
    has_layers = record.made_by == "profile"
    _require(bool(keys) == has_layers == (not record.base), "it needs either layers or a base")
    for power, of in ((record.power_mw, "power"), (record.idle_power_mw, "idle power")):
        _require(np.isnan(power) or 0 < power < np.inf, f"its {of} is not positive")
    return record


def _are_positive(values: FloatArray) -> bool:
    """Tell whether all values are finite and above 0."""
    return bool((np.isfinite(values) & (values > 0)).all())


def _require(is_met: bool, reason: str) -> None:
    """Raise ValueError with a reason."""
    if not is_met:
        raise ValueError(reason)
