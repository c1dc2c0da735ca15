"""A machine from what was measured on it: whole networks block by block, and single layers.

A layer inside a network is not as quick as the same layer alone, again and again, with everything
in the cache. So the times of single layers are only where the fit starts: non-negative times are
sought that explain the measured blocks, with a pull to the single layers.
"""

from collections.abc import Container
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import nnls

from evonasc.arrays import FloatArray, IntArray
from evonasc.cost.fit_quality import rank_correlation
from evonasc.cost.machine_record import MachineRecord, check_name, check_power, layer_key
from evonasc.cost.prior_fit import PriorFit, fit_on_prior
from evonasc.cost.time_features import FeatureScale
from evonasc.space import SearchSpace

_PULL = 0.1  # weight of one measured single layer against one measured network
_LEAST_LAYER_MS = 1e-7  # a time of 0 would say that a layer is free
_MAX_FOLDS = 20


@dataclass(frozen=True, eq=False)
class Profile:
    """What was measured on a machine."""

    #: Canonical networks, all different, ``(n, n_operation_genes)``.
    networks: IntArray
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
        by_network = ("networks", "block_ms", "total_ms", "noise")
        return replace(self, **{name: getattr(self, name)[rows] for name in by_network})


def fit_profile(
    profile: Profile,
    space: SearchSpace,
    *,
    name: str,
    taken: Container[str] = (),
    power_mw: float | None = None,
    idle_power_mw: float | None = None,
) -> MachineRecord:
    """Return the machine whose profile, of at least ten networks, was measured.

    Raises:
        ConfigError: The name or a power cannot be used.
    """
    check_name(name, taken)
    scale = FeatureScale.of(space)
    n = len(profile.total_ms)
    fold = np.arange(n) % min(n, _MAX_FOLDS)
    totals, blocks = np.empty(n), np.empty_like(profile.block_ms)
    for left_out in range(fold.max() + 1):
        rest, rows = profile.take(np.flatnonzero(fold != left_out)), fold == left_out
        totals[rows], blocks[rows] = _predict(rest, scale, profile.networks[rows])
    layer_ms, correction = _fit(profile, scale)
    return MachineRecord(
        name=name,
        description=profile.description,
        made_by="profile",
        space=space.name,
        layer_keys=tuple(map(layer_key, space.layers)),
        layer_ms=layer_ms,
        weights=correction.weights,
        least_factor=correction.least_factor,
        networks=profile.networks,
        times_ms=profile.total_ms,
        left_out_error=float(np.abs(totals / profile.total_ms - 1).mean()),
        left_out_spearman=rank_correlation(totals, profile.total_ms),
        noise=float(profile.noise.mean()),
        block_error=float(np.abs(blocks - profile.block_ms).mean() / profile.block_ms.mean()),
        power_mw=check_power(power_mw),
        idle_power_mw=check_power(idle_power_mw, of="idle_power_mw"),
    )


def fit_layers(profile: Profile, space: SearchSpace) -> FloatArray:
    """Return the time of each layer inside networks, ms, ``(n_layers,)``, positive.

    Blocks that hold the same layers share one fit. Each network gives one equation a set of
    blocks, relative to the usual time of these blocks; each layer one more that pulls it to its
    time by itself.
    """
    counts = space.layer_counts(profile.networks)
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


def _fit(profile: Profile, scale: FeatureScale) -> tuple[FloatArray, PriorFit]:
    """Return the times of layers, and the correction of their sums."""
    layer_ms = fit_layers(profile, scale.space)
    base_ms = scale.space.block_sums(profile.networks, layer_ms).sum(axis=1)
    return layer_ms, fit_on_prior(base_ms, scale(profile.networks), profile.total_ms)


def _predict(
    profile: Profile, scale: FeatureScale, networks: IntArray
) -> tuple[FloatArray, FloatArray]:
    """Return totals and block times of networks that the profile does not hold, ms."""
    layer_ms, correction = _fit(profile, scale)
    blocks = scale.space.block_sums(networks, layer_ms)
    sums = blocks.sum(axis=1)
    totals = correction.predict_ms(sums, scale(networks))
    return totals, blocks * (totals / sums)[:, None]
