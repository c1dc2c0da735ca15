"""Proxies: what can be said of a network's accuracy without training it and without any label.

Some are counted from the cell (:func:`counted_proxies`), some were measured on networks with random
weights (:class:`ProxyTable`; :mod:`evonasc.supernet.proxy_signals` and
:mod:`evonasc.supernet.fisher_spectrum` say how). All are larger where more accuracy is expected.
"""

import io
import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from evonasc.arrays import FloatArray, IntArray
from evonasc.errors import AssetError, ConfigError
from evonasc.nasbench201.assets import ASSETS
from evonasc.nasbench201.cells import (
    N_CELLS,
    canonical_cells,
    canonical_connected_cells,
    cell_number,
)
from evonasc.nasbench201.space import NasBench201
from evonasc.parsing import json_value, npz_arrays, read_own

PROXIES_ASSET = "supernet/cifar10-proxies.npz"
#: Measured proxies, with one line for people; the order of the columns of a table.
MEASURED = {
    "expressivity": "entropy of the blocks' principal components (AZ-NAS)",
    "progressivity": "its least rise from block to block (AZ-NAS)",
    "trainability": "how near the blocks' Jacobians keep a gradient's size (AZ-NAS)",
    "naswot": "how differently images switch the ReLUs (NASWOT)",
    "jacobian": "how little the images' input Jacobians are correlated (Jacov)",
    "fisher": "evenness of the Fisher information's spectrum (VKDNW)",
}


@dataclass(frozen=True)
class ProxyTable:
    """Measured proxies of every canonical connected NAS-Bench-201 cell."""

    #: ``(n, 6)`` canonical connected cells.
    cells: IntArray
    #: ``(n_repeats, n, 6)`` in the order of ``MEASURED``, a repeat having its own weights and
    #: images; NaN where not yet measured, -inf where a proxy has no finite value.
    values: FloatArray
    #: What made them: sizes and seed.
    header: dict[str, object]

    @property
    def is_complete(self) -> bool:
        """Whether every network was measured in every repeat."""
        return not np.isnan(self.values).any()

    def mean(self, name: str) -> FloatArray:
        """Return one proxy averaged over the repeats, ``(n,)``."""
        average: FloatArray = self.values[:, :, list(MEASURED).index(name)].mean(axis=0)
        return average


def encode_proxies(table: ProxyTable) -> bytes:
    """Return the bytes of a proxy file (npz without pickles)."""
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        cells=table.cells.astype(np.int8),
        names=np.array(list(MEASURED)),
        values=table.values.astype(np.float32),
        header=np.array(json.dumps(table.header)),
    )
    return buffer.getvalue()


def decode_proxies(data: bytes, *, where: str) -> ProxyTable:
    """Return the table that a file's bytes hold.

    Raises:
        AssetError: Not a proxy file.
    """
    try:
        file = npz_arrays(data, ("cells", "values", "header", "names"))
        table = ProxyTable(
            cells=file["cells"].astype(np.int64),
            values=file["values"].astype(np.float64),
            header=json_value(str(file["header"])),
        )
        names = file["names"].tolist()
        if names != list(MEASURED):
            raise ValueError(f"its proxies are {', '.join(map(str, names))}")
        n = len(table.cells)
        fits = table.cells.shape == (n, 6) and table.values.ndim == 3 and len(table.values)
        if not fits or table.values.shape[1:] != (n, len(MEASURED)):
            raise ValueError("its arrays do not fit together")
        if not np.isin(table.cells, range(5)).all():
            raise ValueError("its cells are none of NAS-Bench-201")
        return table
    except (TypeError, ValueError) as error:
        raise AssetError(f"{where} is no proxy file of evonasc ({error}).") from error


def read_proxies(path: Path) -> ProxyTable:
    """Read a proxy file of the user.

    Raises:
        DataFileError: Missing, or no proxy file.
    """
    return read_own(path, decode_proxies, kind="proxy file", command="evonasc supernet proxies")


def read_all_proxies(path: Path) -> ProxyTable:
    """Read a proxy file of the user that must hold every network, to be joined.

    Raises:
        DataFileError: Missing, or no proxy file.
        ConfigError: Networks are missing, or were not measured in every repeat.
    """
    table = read_proxies(path)
    networks = canonical_connected_cells()
    is_measured = ~np.isnan(table.values).any(axis=(0, 2))
    numbers = np.unique(cell_number(table.cells[is_measured]))
    n_known = int(np.isin(cell_number(networks), numbers).sum())
    if n_known < len(networks) or len(table.cells) != len(networks):
        raise ConfigError(
            f"{path} must hold the proxies of all {len(networks)} networks, got {n_known}. Finish "
            "it with the evonasc supernet proxies that began it."
        )
    return table


@lru_cache(maxsize=1)
def shipped_proxies() -> ProxyTable:
    """Return the proxies that ship with evonasc.

    Raises:
        AssetError: The file is missing or damaged.
    """
    return decode_proxies(ASSETS.read(PROXIES_ASSET), where=PROXIES_ASSET)


def counted_proxies(cells: IntArray) -> dict[str, FloatArray]:
    """Return what the cells alone tell, ``(n,)`` each.

    Returns:
        ``flops``: log10 of the multiply-accumulates of the benchmark's network for one image;
        ``parameters``: log10 of its trainable parameters; ``layers``: its convolutions and its
        classifier, the number VKDNW ranks by first; ``depth``: most of a cell's convolutions on
        one path.
    """
    space = NasBench201()
    canonical = canonical_cells(cells)
    counts = space.layer_counts(canonical)
    per_layer = space.layer_membership.sum(axis=1)
    is_trainable = np.array([layer.kind in ("conv", "linear") for layer in space.layers])
    return {
        "flops": np.log10(space.block_macs(canonical).sum(axis=1)),
        "parameters": np.log10(space.block_params(canonical).sum(axis=1)),
        "layers": (counts * per_layer)[:, is_trainable].sum(axis=1).astype(np.float64),
        "depth": _convolution_depth(canonical),
    }


def vkdnw(table: ProxyTable) -> FloatArray:
    """Return VKDNW's order as ``(n,)`` ranks: by layers, among equal ones by the Fisher spectrum.

    Source: Tybl and Neumann 2025, arXiv 2502.04975, section 3.
    """
    keys = np.stack([counted_proxies(table.cells)["layers"], table.mean("fisher")], axis=1)
    _, rank = np.unique(keys, axis=0, return_inverse=True)
    return rank.astype(np.float64)


def _convolution_depth(cells: IntArray) -> FloatArray:
    """Return the most convolutions on one path from input to output, ``(n,)``; -inf without one."""
    weight = np.array([-np.inf, 0, 1, 1, 0])[cells]  # none, skip, 1x1, 3x3, pool
    e01, e02, e12, e03, e13, e23 = weight.T
    node2 = np.maximum(e02, e01 + e12)
    depth: FloatArray = np.maximum.reduce([e03, e01 + e13, node2 + e23])
    return depth


def by_cell_number(cells: IntArray, values: FloatArray) -> FloatArray:
    """Return ``(15625,)`` values of all cells from those of canonical ones; NaN for the rest."""
    canonical = np.full(N_CELLS, np.nan)
    canonical[cell_number(cells)] = values
    return canonical
