"""The user's own machine: what its file holds, how it predicts, and how the file is checked.

A machine that no benchmark knows is described by one file, written by ``evonasc hardware profile``
or ``evonasc hardware calibrate``, and used wherever a machine is named. The time of a whole
network is a base, times a factor, plus a small correction, linear in what the network runs:

- profiled: the base is the sum of the times of its layers, measured on the machine;
- calibrated: the base is what evonasc predicts for a machine it knows.

The network is the canonical one: whoever ships a network leaves out what cannot reach its output.
The file is an ``.npz`` of plain arrays, never of pickles.
"""

import hashlib
import io
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np

from evonasc.arrays import FloatArray, IntArray, row_products
from evonasc.errors import ConfigError, DataFileError
from evonasc.files import write_atomically
from evonasc.nasbench201.cells import canonical_cells, canonical_connected_cells
from evonasc.nasbench201.machines.cell_features import executed_features
from evonasc.parsing import npz_arrays
from evonasc.space.layers import Layer

#: First words of every file; the number changes when older readers would misread it.
FORMAT = "evonasc machine 1"
#: How the name of a file ends, by which a machine's file is told from a machine's name.
SUFFIX = ".npz"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}")


@dataclass(frozen=True, eq=False)
class OwnMachine:
    """One machine of the user."""

    #: Name in reports.
    name: str
    #: What it is, who measured it and with what, one line.
    description: str
    #: The command that made it.
    made_by: Literal["profile", "calibrate"]
    #: Machine evonasc knows whose prediction is the base; empty for a profiled machine.
    base: str
    #: SHA-256 of the base's weights, which the correction belongs to; empty without a base.
    base_sha256: str
    #: ``kind c_in c_out macs params elements`` of each layer measured; empty without.
    layer_keys: tuple[str, ...]
    #: Their times inside networks, ms, ``(n_layers,)``.
    layer_ms: FloatArray
    #: Factor on the base, a constant (ms), one weight a feature (ms), ``(2 + n_features,)``.
    weights: FloatArray
    #: No network takes less than this times its base.
    least_factor: float
    #: Networks measured, ``(n, 6)`` canonical cells, and their times, ms, ``(n,)``.
    cells: IntArray
    times_ms: FloatArray
    #: Mean ``|predicted / measured - 1|`` on networks left out of the fit.
    left_out_error: float
    #: Spearman's rank correlation on the same.
    left_out_spearman: float
    #: Interquartile range of repeated measurements over their median, mean over networks; NaN where
    #: nobody repeated.
    noise: float
    #: Mean ``|predicted - measured|`` time of a block over the mean block's time; NaN where blocks
    #: were not measured.
    block_error: float
    #: Power while computing, mW; NaN if unknown.
    power_mw: float

    @property
    def n_networks(self) -> int:
        """Number of networks measured."""
        return len(self.times_ms)

    def total_ms(self, cells: IntArray, base_ms: FloatArray) -> FloatArray:
        """Return whole-network times, ms, ``(n,)``.

        Args:
            cells: Canonical cells, ``(n, 6)``.
            base_ms: Their base, ms, ``(n,)``.
        """
        corrected: FloatArray = (
            base_ms * self.weights[0]
            + self.weights[1]
            + row_products(scaled_features(cells), self.weights[2:])
        )
        return np.maximum(corrected, self.least_factor * base_ms)

    def layer_times(self, layers: tuple[Layer, ...]) -> FloatArray:
        """Return the measured time of each layer, ms, ``(n_layers,)``.

        Equal layers at two places of a network are two layers, with times of their own.

        Args:
            layers: Those of the search space.

        Raises:
            ConfigError: Others were measured: the file belongs to another space or version.
        """
        if tuple(map(layer_key, layers)) != self.layer_keys:
            raise ConfigError(
                f"The machine {self.name!r} must know the {len(layers)} layers of the search "
                f"space, got the times of {len(self.layer_keys)} others. Profile it again with "
                "this version of evonasc."
            )
        return self.layer_ms


@dataclass(frozen=True, eq=False)
class OwnPredictor:
    """An own machine together with what computes its base."""

    #: The machine.
    machine: OwnMachine
    #: Base of canonical cells, ms.
    base: Callable[[IntArray], FloatArray]

    def total_ms(self, genes: IntArray) -> FloatArray:
        """Return whole-network times of the canonical networks, ms, ``(n,)``."""
        cells = canonical_cells(genes)
        return self.machine.total_ms(cells, self.base(cells))


def layer_key(layer: Layer) -> str:
    """Return what a layer is, as text.

    Example:
        >>> layer_key(Layer("sum", 16, 16, 0, 0, 49152))
        'sum 16 16 0 0 49152'
    """
    return " ".join(str(getattr(layer, field.name)) for field in fields(layer))


def scaled_features(cells: IntArray) -> FloatArray:
    """Return what the correction sees of canonical cells, ``(n, n_features)``.

    Of :func:`evonasc.nasbench201.machines.cell_features.executed_features`, those that differ
    among networks, with mean 0 and variance 1 over all 5,424, so that a ridge treats them alike.
    """
    varies, mean, scale = _feature_scaling()
    return (executed_features(cells)[:, varies] - mean) / scale


@lru_cache(maxsize=1)
def _feature_scaling() -> tuple[IntArray, FloatArray, FloatArray]:
    """Return the features that vary over all networks, their means and standard deviations."""
    features = executed_features(canonical_connected_cells())
    spread = features.std(axis=0)
    varies = np.flatnonzero(spread > 0)
    return varies, features.mean(axis=0)[varies], spread[varies]


def check_name(name: str, taken: Mapping[str, object]) -> None:
    """Refuse a name that is no word, or that a machine evonasc knows has already.

    Raises:
        ConfigError: It is.
    """
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"The name of a machine must be 1 to 40 letters, digits, '_', '-' or '.', got {name!r}."
        )
    if name in taken:
        raise ConfigError(
            f"The name of a machine must differ from those evonasc knows, got {name!r}. "
            "Choose another --name."
        )


def check_power(power_mw: float | None) -> float:
    """Return a power, mW, NaN for None.

    Raises:
        ConfigError: It is not positive and finite.
    """
    if power_mw is None:
        return float("nan")
    if not 0 < power_mw < float("inf"):
        raise ConfigError(f"power_mw must be positive, got {power_mw}.")
    return power_mw


def check_target(path: Path) -> None:
    """Refuse a path that would not be known again as the file of a machine.

    Raises:
        ConfigError: It does not end in ``.npz``.
    """
    if path.suffix != SUFFIX:
        raise ConfigError(f"The file of a machine must end in {SUFFIX}, got {str(path)!r}.")


def write_own_machine(path: Path, machine: OwnMachine) -> None:
    """Write the file of a machine atomically, its folder made if need be.

    Raises:
        ConfigError: The path does not end in ``.npz``, or cannot be written.
    """
    check_target(path)
    arrays = {field.name: np.asarray(getattr(machine, field.name)) for field in fields(machine)}
    arrays["layer_keys"] = np.array(machine.layer_keys, dtype=np.str_)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, format=np.array(FORMAT), **arrays)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, buffer.getvalue())
    except OSError as error:
        raise ConfigError(f"Cannot write {path}: {error.strerror}.") from error


def read_own_machine(path: Path) -> OwnMachine:
    """Read and check the file of a machine; again only if it has changed.

    Raises:
        DataFileError: It is missing, of another format, or holds what cannot be.
    """
    try:
        stamp = path.stat()
    except OSError as error:
        raise DataFileError(
            f"Cannot read the machine {path}: {error.strerror}. Make it with: evonasc hardware "
            "profile (or calibrate)."
        ) from error
    return _read(path, stamp.st_mtime_ns, stamp.st_size)


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a machine's file.

    Raises:
        DataFileError: It cannot be read.
    """
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise DataFileError(f"Cannot read the machine {path}: {error.strerror}.") from error


@lru_cache(maxsize=16)
def _read(path: Path, changed_ns: int, size: int) -> OwnMachine:
    """Read a file; time of change and size tell its versions apart."""
    try:
        arrays = npz_arrays(path.read_bytes())
        found = str(arrays.pop("format"))
        if found != FORMAT:
            raise ValueError(f"its format is {found!r}")
        return _checked(arrays)
    except (OSError, KeyError, TypeError, ValueError) as error:
        reason = "it lacks " + str(error) if isinstance(error, KeyError) else str(error)
        raise DataFileError(
            f"{path} must be a file of `evonasc hardware profile` or `calibrate` "
            f"({FORMAT!r}): {reason.rstrip('.').splitlines()[0]}."
        ) from error


def _checked(arrays: dict[str, np.ndarray]) -> OwnMachine:
    """Return the machine that the arrays describe; ValueError or KeyError for any other."""
    n_features = len(_feature_scaling()[0])
    cells, times_ms = arrays["cells"], arrays["times_ms"].astype(np.float64)
    keys = tuple(str(key) for key in arrays["layer_keys"].reshape(-1).tolist())
    texts = {name: str(arrays[name]) for name in ("name", "description", "base", "base_sha256")}
    machine = OwnMachine(
        name=texts["name"],
        description=texts["description"],
        made_by="profile" if str(arrays["made_by"]) == "profile" else "calibrate",
        base=texts["base"],
        base_sha256=texts["base_sha256"],
        layer_keys=keys,
        layer_ms=arrays["layer_ms"].astype(np.float64),
        weights=arrays["weights"].astype(np.float64),
        least_factor=float(arrays["least_factor"]),
        cells=cells.astype(np.int64),
        times_ms=times_ms,
        left_out_error=float(arrays["left_out_error"]),
        left_out_spearman=float(arrays["left_out_spearman"]),
        noise=float(arrays["noise"]),
        block_error=float(arrays["block_error"]),
        power_mw=float(arrays["power_mw"]),
    )
    printable = all(text.isprintable() and len(text) < 300 for text in texts.values())
    _require(printable, "a text in it is no line of words")
    _require(_NAME.fullmatch(machine.name) is not None, f"it has the name {machine.name[:40]!r}")
    _require(str(arrays["made_by"]) in ("profile", "calibrate"), "nobody says how it was made")
    _require(machine.weights.shape == (2 + n_features,), "its weights are of another version")
    _require(bool(np.isfinite(machine.weights).all()), "a weight is no finite number")
    _require(cells.ndim == 2 and cells.shape == (len(times_ms), 6), "its cells have another shape")
    _require(bool(((cells >= 0) & (cells <= 4)).all()), "a cell holds an unknown operation")
    _require(len(times_ms) > 0 and _are_positive(times_ms), "a measured time is not positive")
    _require(machine.layer_ms.shape == (len(keys),), "layers and their times differ in number")
    _require(_are_positive(machine.layer_ms), "the time of a layer is not positive")
    _require(_are_positive(np.array([machine.least_factor])), "its least factor is not positive")
    has_layers = machine.made_by == "profile"
    _require(bool(keys) == has_layers == (not machine.base), "it needs either layers or a base")
    power = machine.power_mw
    _require(np.isnan(power) or 0 < power < np.inf, "its power is not positive")
    return machine


def _are_positive(values: FloatArray) -> bool:
    """Tell whether all values are finite and above 0."""
    return bool((np.isfinite(values) & (values > 0)).all())


def _require(is_met: bool, reason: str) -> None:
    """Raise ValueError with a reason."""
    if not is_met:
        raise ValueError(reason)
