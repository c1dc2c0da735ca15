"""The shipped files of FBNet's machines: models of blocks, or times of blocks from networks."""

from collections.abc import Mapping
from dataclasses import fields
from functools import lru_cache

import numpy as np

from evonasc.arrays import FloatArray
from evonasc.cost.fit_quality import FitReport
from evonasc.errors import AssetError, UnknownNameError
from evonasc.fbnet.assets import ASSETS
from evonasc.fbnet.machines.block_model import BlockModel, PipelineModel, SmoothModel
from evonasc.fbnet.machines.entry_report import EntryReport
from evonasc.fbnet.machines.known import HARDWARE
from evonasc.fbnet.machines.network_entries import fixed_entries, searched_entries
from evonasc.fbnet.machines.sharing_report import SharingReport
from evonasc.parsing import npz_arrays, npz_bytes

SHARING_ASSET = "hardware/sharing.npz"


def asset_path(name: str) -> str:
    """Return where the weights of a machine lie within :mod:`evonasc.fbnet.assets`."""
    return f"hardware/{name}.npz"


def model_arrays(model: SmoothModel | PipelineModel, *, of: str) -> dict[str, np.ndarray]:
    """Return what ships of a model: numbers of 32 bits, which is finer than any fit.

    Args:
        model: The model.
        of: ``time`` or ``energy``.
    """
    values = {f"{of}_{field.name}": getattr(model, field.name) for field in fields(model)}
    # six rates of a closed form stay exact
    kind = np.float64 if isinstance(model, PipelineModel) else np.float32
    return {name: np.asarray(value).astype(kind) for name, value in values.items()}


@lru_cache
def load_model(name: str, *, of: str = "time") -> BlockModel:
    """Return the model of a machine whose single blocks are known, read once.

    Args:
        name: Of the machine.
        of: ``time``, for ms, or, where the machine's energies are known, ``energy``, for mJ.

    Raises:
        UnknownNameError: No such machine.
        AssetError: The shipped file is missing or damaged.
    """
    arrays = _read(name)
    model: type[PipelineModel] | type[SmoothModel] = (
        PipelineModel if HARDWARE[name].kind == "closed form" else SmoothModel
    )
    return model(
        **{field.name: arrays[f"{of}_{field.name}"].astype(np.float64) for field in fields(model)}
    )


@lru_cache
def load_blocks(name: str, *, of: str = "time") -> tuple[FloatArray, FloatArray]:
    """Return times of blocks, ms: ``(22, 9)`` of operations of layers, and of the fixed blocks.

    Args:
        name: Of the machine.
        of: ``time``, or ``energy`` for mJ, as for :func:`load_model`.

    Raises:
        UnknownNameError: No such machine.
        AssetError: The shipped file is missing or damaged.
    """
    if HARDWARE[name].kind == "networks":
        arrays = _read(name)
        return arrays["searched_ms"].astype(np.float64), arrays["fixed_ms"].astype(np.float64)
    model = load_model(name, of=of)
    searched = np.array([model.of_entries(row) for row in searched_entries()])
    return searched, model.of_entries(fixed_entries())


@lru_cache
def fit_report(name: str) -> FitReport:
    """Return how far a machine's whole networks are from those measured or published.

    Raises:
        UnknownNameError: No such machine.
        AssetError: The shipped file is missing or damaged.
    """
    return FitReport.from_array(name, _read(name)["report"].astype(np.float64))


@lru_cache
def entry_report(name: str, *, of: str = "time") -> EntryReport:
    """Return how far the model of a machine's blocks is from the entries it was fitted to.

    Args:
        name: Of the machine.
        of: ``time`` or ``energy``, as for :func:`load_model`.

    Raises:
        UnknownNameError: No such machine.
        AssetError: The shipped file is missing or damaged.
    """
    return EntryReport.from_array(_read(name)[f"{of}_report"].astype(np.float64))


@lru_cache
def power_mw(name: str) -> float | None:
    """Return the power of a machine while it computes, mW; None where it is unknown.

    Where the energies of blocks are known: the mean energy of random networks over their mean time.

    Raises:
        UnknownNameError: No such machine.
        AssetError: The shipped file is missing or damaged.
    """
    if not HARDWARE[name].has_energy:
        return HARDWARE[name].typical_power_mw
    energy_mj, time_ms = (
        searched.mean(axis=1).sum() + fixed.sum()
        for searched, fixed in (load_blocks(name, of="energy"), load_blocks(name))
    )
    return float(1000 * energy_mj / time_ms)


@lru_cache(maxsize=1)
def sharing_reports() -> dict[str, SharingReport]:
    """Return how well whole networks tell blocks, by machines whose blocks are measured too.

    Raises:
        AssetError: The shipped file is missing or damaged.
    """
    return {name: SharingReport.from_array(row) for name, row in _arrays(SHARING_ASSET).items()}


def ship(path: str, arrays: Mapping[str, np.ndarray], *, command: str, note: str) -> None:
    """Write a shipped file, and forget what was read of the one before."""
    ASSETS.write(path, npz_bytes(**arrays), command=command, note=note)
    for cached in (load_model, load_blocks, fit_report, entry_report, power_mw, sharing_reports):
        cached.cache_clear()


def _read(name: str) -> dict[str, FloatArray]:
    """Return the arrays of a machine's file."""
    if name not in HARDWARE:
        raise UnknownNameError("hardware", name, HARDWARE)
    return _arrays(asset_path(name))


def _arrays(path: str) -> dict[str, FloatArray]:
    """Return the arrays of a shipped file."""
    try:
        return npz_arrays(ASSETS.read(path))
    except ValueError as error:
        raise AssetError(f"The shipped file {path!r} is no weight file.") from error
