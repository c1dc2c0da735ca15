"""Fitting the model of payload effects to measured increases, judging it, and shipping it."""

import platform
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

from evonasc.arrays import BoolArray, FloatArray, IntArray
from evonasc.cost.payload import LEAST_HARMLESS_BITS
from evonasc.errors import ConfigError, EvaluationError
from evonasc.nasbench201.assets import ASSETS
from evonasc.nasbench201.cells import EDGES
from evonasc.nasbench201.errors.payload_model import (
    N_KINDS,
    PAYLOAD_ASSET,
    PayloadModel,
    channel_terms,
    cut_kind,
    encode_model,
    harm_rates,
    network_features,
)

# Increases are known to about this, a fraction, and to this share of themselves.
_SURE, _SURE_SHARE = 0.008, 0.15
_RIDGE = 300.0
# Where a, s and b start, and are held with a small part of the ridge.
_START, _HOLD = np.array([[-2.0], [-3.0], [0.0]]), 1 / 300
_EXPONENT_BOUNDS = ((0.2, 3.0), (0.0, 2.0))
_BOUNDS, _WEIGHT_BOUNDS = (-12.0, 8.0), (-5.0, 5.0)
# Every so many-th network is held out to judge the fit.
_HELD_OUT_EVERY = 5


@dataclass(frozen=True)
class EffectRows:
    """Measured increases, row by row; ``(n,)`` arrays."""

    #: Number of the network in its sample.
    network: IntArray
    #: ``(n, 6)`` canonical connected cells.
    cells: IntArray
    #: Error of each network undisturbed, as a search will give it.
    own_error: FloatArray
    #: Cut of the supernet.
    cut: IntArray
    #: Bits per value.
    bits: IntArray
    #: Probability that a packet was lost.
    packet_loss: FloatArray
    #: Bytes of a packet that values may fill.
    packet_bytes: IntArray
    #: Rise of the top-1 error, fractions; noise can make it negative.
    increase: FloatArray

    def take(self, rows: BoolArray) -> "EffectRows":
        """Return some of the rows."""
        return EffectRows(**{one.name: getattr(self, one.name)[rows] for one in fields(self)})

    def predicted(self, model: PayloadModel) -> FloatArray:
        """Return what a model says of the rows, ``(n,)``."""
        return model.increase(
            self.cells,
            self.own_error,
            self.cut,
            bits=self.bits,
            packet_loss=self.packet_loss,
            packet_bytes=self.packet_bytes,
        )


def unfitted(
    cells_per_stage: int, n_values: tuple[int, ...], chance_error: float, header: dict[str, object]
) -> PayloadModel:
    """Return the model that a fit starts from; see the fields of :class:`PayloadModel`."""
    n_features = network_features(np.zeros((1, len(EDGES)), dtype=np.int64), np.zeros(1)).shape[1]
    return PayloadModel(
        cells_per_stage,
        n_values,
        chance_error,
        by_cut=np.tile(_START, (1, len(n_values))),
        exponents=np.ones(2),
        weights=np.zeros((2, 1 + N_KINDS, n_features)),
        header=header,
    )


def fit_model(rows: EffectRows, model: PayloadModel) -> PayloadModel:
    """Fit a model to measured increases by least squares with a ridge on the network parts.

    Raises:
        EvaluationError: The fit does not converge.
    """
    features = network_features(rows.cells, rows.own_error)
    kind = cut_kind(rows.cut, model.cells_per_stage)
    by_kind = [features * (kind == number)[:, None] for number in range(N_KINDS)]
    wide = np.concatenate([features, *by_kind], axis=1)
    bounds = [_BOUNDS] * model.by_cut.size
    bounds += [*_EXPONENT_BOUNDS, *[_WEIGHT_BOUNDS] * model.weights.size]
    # Twice: how sure a measurement is depends on the increase, which the first fit tells.
    for _ in range(2):
        sureness = 1 / (_SURE**2 + (_SURE_SHARE * rows.predicted(model)) ** 2)
        found = minimize(
            _misfit,
            np.concatenate([model.by_cut.ravel(), model.exponents, model.weights.ravel()]),
            args=(model, rows, wide, sureness),
            jac=True,
            method="L-BFGS-B",
            bounds=bounds,
            options={"maxiter": 5000, "maxfun": 10_000},
        )
        if not found.success:
            raise EvaluationError(
                f"The model of payload effects must converge, got: {found.message}. Measure more "
                "networks."
            )
        model = _with_vector(model, found.x)
    return model


def _with_vector(model: PayloadModel, vector: FloatArray) -> PayloadModel:
    """Return the model with what a vector holds."""
    n = model.by_cut.size
    return replace(
        model,
        by_cut=vector[:n].reshape(model.by_cut.shape),
        exponents=vector[n : n + 2],
        weights=vector[n + 2 :].reshape(model.weights.shape),
    )


def _misfit(
    vector: FloatArray,
    start: PayloadModel,
    rows: EffectRows,
    wide: FloatArray,
    sureness: FloatArray,
) -> tuple[float, FloatArray]:
    """Return the sum of squares with the ridge, and its gradient."""
    model, cut = _with_vector(start, vector), rows.cut
    width, log_odds, log_share = channel_terms(
        model, cut, bits=rows.bits, packet_loss=rows.packet_loss, packet_bytes=rows.packet_bytes
    )
    parts = model.weights.reshape(2, -1) @ wide.T
    rates = harm_rates(model, parts, cut, width, log_odds, log_share)
    left = np.maximum(model.chance_error - rows.own_error, 0) * np.exp(-rates.sum(axis=0))
    miss = np.maximum(model.chance_error - rows.own_error, 0) - left - rows.increase
    moved = model.by_cut - _START
    ridge = _RIDGE * ((model.weights**2).sum() + _HOLD * (moved**2).sum())
    # d increase / d log rate = left * rate
    by_a, by_b = 2 * sureness * miss * left * rates
    by_s = np.where(width == 4, by_a / (1 + np.exp(model.by_cut[1][cut])), 0)
    per_cut = [np.bincount(cut, one, minlength=len(model.n_values)) for one in (by_a, by_s, by_b)]
    is_lossy = np.isfinite(log_odds)
    exponents = [by_b[is_lossy] @ log_odds[is_lossy], by_b[is_lossy] @ log_share[is_lossy]]
    weights = np.stack([by_a, by_b]) @ wide + 2 * _RIDGE * model.weights.reshape(2, -1)
    gradient = [
        (np.stack(per_cut) + 2 * _RIDGE * _HOLD * moved).ravel(),
        np.array(exponents),
        weights.ravel(),
    ]
    return float((sureness * miss**2).sum() + ridge), np.concatenate(gradient)


def fit_and_judge(rows: EffectRows, start: PayloadModel) -> PayloadModel:
    """Fit to all rows; the header tells how wrong the same fit is on networks it has not seen.

    Args:
        rows: Measurements of at least five networks.
        start: See :func:`unfitted`; ``figures`` and ``summary`` are added to its header.

    Raises:
        ConfigError: Fewer networks.
        EvaluationError: The fit does not converge.
    """
    n_networks = len(np.unique(rows.network))
    if n_networks < _HELD_OUT_EVERY:
        raise ConfigError(
            f"The model needs at least {_HELD_OUT_EVERY} networks, got {n_networks}. Measure more "
            "with --networks."
        )
    is_held_out = rows.network % _HELD_OUT_EVERY == _HELD_OUT_EVERY - 1
    judged = fit_model(rows.take(~is_held_out), start)
    figures = fit_figures(rows, rows.take(is_held_out), judged)
    summary = _summary(figures, start.header["n_images"])
    header = {**start.header, "figures": figures, "summary": summary}
    return fit_model(rows, replace(start, header=header))


def fit_figures(rows: EffectRows, held_out: EffectRows, model: PayloadModel) -> dict[str, float]:
    """Return how far a model is off on held-out rows, and what 8 bits do, fractions of images.

    The model has not seen the held-out rows; what 8 bits do is told by all of them.
    """
    miss, is_lossy = held_out.predicted(model) - held_out.increase, held_out.packet_loss > 0
    groups = {
        "all": np.full(len(miss), True),
        "2_bits": ~is_lossy & (held_out.bits == 2),
        "4_bits": ~is_lossy & (held_out.bits == 4),
        "lossy": is_lossy,
    }
    figures = {
        f"rms_{name}": float((miss[group] ** 2).mean() ** 0.5) for name, group in groups.items()
    }
    figures["bias"] = float(miss.mean())
    harmless = rows.take((rows.bits == LEAST_HARMLESS_BITS) & (rows.packet_loss == 0))
    by_cut = [harmless.increase[harmless.cut == cut].mean() for cut in np.unique(harmless.cut)]
    figures["mean_8_bits"] = float(harmless.increase.mean())
    figures["worst_8_bits"] = float(np.max(by_cut))
    figures["n_networks"] = len(np.unique(rows.network))
    figures["n_held_out"] = len(np.unique(held_out.network))
    return figures


def _summary(figures: dict[str, float], n_images: object) -> str:
    """Say in words where the model comes from and how wrong it is."""
    off = {name: f"{100 * value:.1f}" for name, value in figures.items()}
    mean, worst = (f"{100 * figures[name]:+.2f}" for name in ("mean_8_bits", "worst_8_bits"))
    return (
        f"rise by narrow payloads and lost packets fitted to forward passes of "
        f"{figures['n_networks']:.0f} supernet networks on {n_images} held-out training images. On "
        f"{figures['n_held_out']:.0f} networks held out it is off by {off['rms_2_bits']} points "
        f"(RMS, noise of measuring included) at 2 bits, {off['rms_4_bits']} at 4 bits, "
        f"{off['rms_lossy']} with loss. {LEAST_HARMLESS_BITS} bits "
        f"without loss raise the error by {mean} points on average, {worst} at the worst cut: "
        "counted as nothing."
    )


def ship(model: PayloadModel, *, command: str) -> Path:
    """Make a model the shipped one; for developers of evonasc.

    Raises:
        ConfigError: 8 bits raise the error by more than the model is off, so that they must not
            count as nothing.
    """
    figures = model.header["figures"]
    assert isinstance(figures, dict)
    if figures["worst_8_bits"] >= figures["rms_all"]:
        raise ConfigError(
            f"{LEAST_HARMLESS_BITS} bits without loss must raise the error by less than the model "
            f"is off, {figures['rms_all']:.4f}, got {figures['worst_8_bits']:.4f}. Raise "
            "LEAST_HARMLESS_BITS in evonasc/cost/payload.py, and measure again."
        )
    return ASSETS.write(
        PAYLOAD_ASSET,
        encode_model(model),
        command=command,
        note=f"Error at the cut: {model.header['summary']} {platform.machine()} CPU.",
    )
