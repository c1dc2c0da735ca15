"""Proxies: what can be said of a network's accuracy without training it and without any label.

Some are counted from the cell (:func:`counted_proxies`), some were measured on networks with random
weights (:mod:`evonasc.supernet.proxy_table`). All are larger where more accuracy is expected.
"""

from functools import lru_cache

import numpy as np

from evonasc.arrays import FloatArray, IntArray
from evonasc.nasbench201.assets import ASSETS
from evonasc.nasbench201.cells import N_CELLS, canonical_cells, cell_number
from evonasc.nasbench201.space import NasBench201
from evonasc.supernet.proxy_table import ProxyTable, decode_proxies

PROXIES_ASSET = "supernet/cifar10-proxies.npz"


@lru_cache(maxsize=1)
def shipped_proxies() -> ProxyTable:
    """Return the proxies that ship with evonasc.

    Raises:
        AssetError: The file is missing or damaged.
    """
    return decode_proxies(ASSETS.read(PROXIES_ASSET), where=PROXIES_ASSET, space=NasBench201())


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
    keys = np.stack([counted_proxies(table.networks)["layers"], table.mean("fisher")], axis=1)
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
