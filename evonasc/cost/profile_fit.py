"""A machine from what was measured on it: whole networks block by block, and single layers.

A layer inside a network is not as quick as the same layer alone, again and again, with everything
in the cache. So the times of single layers are only where the fit starts: non-negative times are
sought that explain the measured blocks, with a pull to the single layers.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

from evonasc.arrays import FloatArray, IntArray
from evonasc.cost.fit_quality import rank_correlation
from evonasc.cost.own_machine import OwnMachine, check_name, check_power, layer_key, scaled_features
from evonasc.cost.prior_fit import PriorFit, fit_on_prior
from evonasc.nasbench201.machines.known import HARDWARE
from evonasc.space import SearchSpace

_PULL = 0.1  # weight of one measured single layer against one measured network
_LEAST_LAYER_MS = 1e-7  # a time of 0 would say that a layer is free
_MAX_FOLDS = 20


@dataclass(frozen=True, eq=False)
class Profile:
    """What was measured on a machine."""

    #: Canonical cells, all different, ``(n, 6)``.
    cells: IntArray
    #: Time of each block of each network, ms, ``(n, n_blocks)``.
    block_ms: FloatArray
    #: Time of each network, ms, ``(n,)``.
    total_ms: FloatArray
    #: Interquartile range of the rounds' times over their median, ``(n,)``.
    noise: FloatArray
    #: Time of each layer of the space by itself, ms, ``(n_layers,)``.
    layer_ms: FloatArray
    #: Machine, runtime and settings, one line.
    description: str
    #: Wall time over processor time of the measuring thread, median; above 1 the machine was busy.
    #: NaN where several threads computed.
    busyness: float

    def take(self, rows: IntArray) -> "Profile":
        """Return the profile with some of the networks."""
        return Profile(
            cells=self.cells[rows],
            block_ms=self.block_ms[rows],
            total_ms=self.total_ms[rows],
            noise=self.noise[rows],
            layer_ms=self.layer_ms,
            description=self.description,
            busyness=self.busyness,
        )


def fit_profile(
    profile: Profile, space: SearchSpace, *, name: str, power_mw: float | None = None
) -> OwnMachine:
    """Return the machine that was measured.

    Args:
        profile: At least ten networks.
        space: The space of the networks.
        name: Of the machine.
        power_mw: Power while computing, if known.

    Raises:
        ConfigError: The name or the power cannot be used.
    """
    check_name(name, HARDWARE)
    n = len(profile.total_ms)
    fold = np.arange(n) % min(n, _MAX_FOLDS)
    totals, blocks = np.empty(n), np.empty_like(profile.block_ms)
    for left_out in range(fold.max() + 1):
        rest, rows = profile.take(np.flatnonzero(fold != left_out)), fold == left_out
        totals[rows], blocks[rows] = _predict(rest, space, profile.cells[rows])
    layer_ms, correction = _fit(profile, space)
    return OwnMachine(
        name=name,
        description=profile.description,
        made_by="profile",
        base="",
        base_sha256="",
        layer_keys=tuple(map(layer_key, space.layers)),
        layer_ms=layer_ms,
        weights=correction.weights,
        least_factor=correction.least_factor,
        cells=profile.cells,
        times_ms=profile.total_ms,
        left_out_error=float(np.abs(totals / profile.total_ms - 1).mean()),
        left_out_spearman=rank_correlation(totals, profile.total_ms),
        noise=float(profile.noise.mean()),
        block_error=float(np.abs(blocks - profile.block_ms).mean() / profile.block_ms.mean()),
        power_mw=check_power(power_mw),
    )


def fit_layers(profile: Profile, space: SearchSpace) -> FloatArray:
    """Return the time of each layer inside networks, ms, ``(n_layers,)``, positive.

    Blocks that hold the same layers share one fit. Each network gives one equation a set of
    blocks, relative to the usual time of these blocks; each layer one more that pulls it to its
    time by itself.
    """
    counts = space.layer_counts(profile.cells)
    fitted = profile.layer_ms.copy()
    _, group = np.unique(space.layer_membership, axis=1, return_inverse=True)
    for blocks in (np.flatnonzero(group == g) for g in range(group.max() + 1)):
        layers = np.flatnonzero(space.layer_membership[:, blocks[0]])
        measured_ms = np.median(profile.block_ms[:, blocks], axis=1)
        usual_ms = float(np.median(measured_ms))
        alone_ms = profile.layer_ms[layers]
        design = np.concatenate(
            [counts[:, layers] / usual_ms, np.sqrt(_PULL * len(counts)) * np.diag(1 / alone_ms)]
        )
        # The pull is to one common multiple of the single layers' times.
        alone_sum = counts[:, layers] @ alone_ms
        factor = float((alone_sum @ measured_ms) / (alone_sum @ alone_sum))
        pull = np.full(len(layers), np.sqrt(_PULL * len(counts)) * factor)
        target = np.concatenate([measured_ms / usual_ms, pull])
        fitted[layers] = np.maximum(nnls(design, target)[0], _LEAST_LAYER_MS)
    return fitted


def _fit(profile: Profile, space: SearchSpace) -> tuple[FloatArray, PriorFit]:
    """Return the times of layers, and the correction of their sums."""
    layer_ms = fit_layers(profile, space)
    base_ms = space.block_sums(profile.cells, layer_ms).sum(axis=1)
    return layer_ms, fit_on_prior(base_ms, scaled_features(profile.cells), profile.total_ms)


def _predict(
    profile: Profile, space: SearchSpace, cells: IntArray
) -> tuple[FloatArray, FloatArray]:
    """Return totals and block times of networks that the profile does not hold, ms."""
    layer_ms, correction = _fit(profile, space)
    blocks = space.block_sums(cells, layer_ms)
    sums = blocks.sum(axis=1)
    totals = correction.predict_ms(sums, scaled_features(cells))
    return totals, blocks * (totals / sums)[:, None]
