"""Fitting the models of blocks to the entries of HW-NAS-Bench's FBNet table; for developers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import nan

import numpy as np
from scipy.optimize import minimize, nnls

from evonasc.arrays import BoolArray, FloatArray
from evonasc.errors import DataFileError
from evonasc.fbnet.machines.block_model import (
    PipelineModel,
    SmoothModel,
    matern,
    pipeline_loads,
    squared_distances,
)
from evonasc.fbnet.machines.entry import Entry
from evonasc.fbnet.machines.entry_features import coordinates, loads
from evonasc.fbnet.machines.entry_report import EntryReport

#: Mean relative error on the entries fitted that a fit must reach: a little less than 1 %, so that
#: it stays below when it is rounded to what ships.
ENTRY_ERROR = 0.0095
#: Numbers fitted for each entry, at most: with more, a fit would store the table.
MOST_FITTED = 2 / 3
_N_ROUNDS = 20
_N_FOLDS = 10
_SMALL_ERROR = 0.05  # rates: relative errors below this count as squares, above by their size
# Priors and limits of the hyperparameters, in logarithms: length scales, variance, noise.
_SCALE_PRIOR, _SCALE_WEIGHT = 1.5, 0.02
_SCALES, _VARIANCES, _NOISES = (-2.0, 5.0), (-7.0, 3.0), (-13.0, -2.0)
_NOISE_STEP = 2**0.25
_CLOSED_FORM_ERROR = 1e-6
_SAME = 1e-4  # closed form: relative difference below which a time is explained


@dataclass(frozen=True, eq=False)
class _Smoothness:
    """How smooth a function of the shape is."""

    #: See :class:`SmoothModel`.
    shift: FloatArray
    scale: FloatArray
    #: Variance of the function.
    variance: float


@dataclass(frozen=True, eq=False)
class _SmoothFit:
    """A model, in how many directions it was fitted, its kernel between entries and its noise."""

    model: SmoothModel
    n_fitted: int
    kernel: FloatArray
    noise: float


def fit_smooth(
    entries: Sequence[Entry],
    values: FloatArray,
    *,
    copies_cost: bool,
    most_error: float = ENTRY_ERROR,
    most_fitted: float = MOST_FITTED,
) -> tuple[SmoothModel, EntryReport]:
    """Return the smoothest model that is close enough to the entries, and how good it is.

    Length scales and variance have the largest likelihood. Then the noise is lowered, from all of
    the variance, until the mean error on the entries is small enough. Only directions in which the
    function varies more than the noise are kept, and never more than a share of the number
    of entries: the model is no copy of the table, which cannot be had back from it.

    Args:
        entries: Blocks whose values are positive.
        values: Times, ms, or energies, mJ, ``(n,)``.
        copies_cost: Whether identities cost something on the machine.
        most_error: Mean relative error on the entries that is close enough.
        most_fitted: Numbers fitted for each entry, at most.
    """
    fit = _fit_smooth(
        entries, values, copies_cost=copies_cost, most_error=most_error, most_fitted=most_fitted
    )
    model, kernel = fit.model, fit.kernel

    def left_out(groups: Sequence[BoolArray]) -> FloatArray:
        """Return the errors on entries, each with its group left out of the fit."""
        errors = np.empty(len(values))
        for is_out in groups:
            rest = ~is_out
            kept = fit_rates(loads(entries)[rest], values[rest])
            base = np.maximum(loads(entries) @ kept, np.finfo(float).tiny)
            seen = np.log(values[rest] / base[rest])
            fitted, _ = _weights(kernel[np.ix_(rest, rest)], seen, noise=fit.noise)
            guess = base[is_out] * np.exp(kernel[np.ix_(is_out, rest)] @ fitted)
            errors[is_out] = np.abs(guess / values[is_out] - 1)
        return errors

    def refitted(is_out: BoolArray) -> FloatArray:
        """Return the errors on entries that no part of the fit has seen."""
        kept = [entry for entry, out in zip(entries, is_out, strict=True) if not out]
        asked = [entry for entry, out in zip(entries, is_out, strict=True) if out]
        anew = _fit_smooth(
            kept,
            values[~is_out],
            copies_cost=copies_cost,
            most_error=most_error,
            most_fitted=most_fitted,
        )
        guess = anew.model.of_entries(asked)
        errors: FloatArray = np.abs(guess / values[is_out] - 1)
        return errors

    errors = np.abs(model.of_entries(entries) / values - 1)
    return model, _report(errors, left_out, refitted, entries, n_fitted=fit.n_fitted)


def _fit_smooth(
    entries: Sequence[Entry],
    values: FloatArray,
    *,
    copies_cost: bool,
    most_error: float,
    most_fitted: float,
) -> _SmoothFit:
    """Return the model of :func:`fit_smooth`, and what it was fitted with."""
    rates = fit_rates(loads(entries), values)
    base = loads(entries) @ rates
    target = np.log(values / base)
    chosen = _smoothness(coordinates(entries), target)
    points = (coordinates(entries) - chosen.shift) * chosen.scale
    kernel = chosen.variance * matern(points, points)
    noise = chosen.variance
    weights, n_fitted = _weights(kernel, target, noise=noise)
    while np.abs(np.exp(kernel @ weights - target) - 1).mean() > most_error:
        closer, n_closer = _weights(kernel, target, noise=noise / _NOISE_STEP)
        if n_closer > most_fitted * len(values):
            break
        weights, n_fitted, noise = closer, n_closer, noise / _NOISE_STEP
    model = SmoothModel(
        rates=rates,
        shift=chosen.shift,
        scale=chosen.scale,
        anchors=points,
        weights=chosen.variance * weights,
        copies_cost=np.array(float(copies_cost)),
    )
    return _SmoothFit(model, n_fitted, kernel, noise)


def fit_pipeline(
    entries: Sequence[Entry], times_ms: FloatArray
) -> tuple[PipelineModel, EntryReport]:
    """Return the closed form of an accelerator, and how good it is.

    Raises:
        DataFileError: The times do not follow it.
    """
    rates = _pipeline_rates(entries, times_ms)
    model = PipelineModel(rates)
    errors = np.abs(model.of_entries(entries) / times_ms - 1)
    if errors.max() > _CLOSED_FORM_ERROR:
        raise DataFileError(
            "The times of the FPGA must follow the closed form of its blocks, got an error of "
            f"{errors.max():.3g} on {entries[int(errors.argmax())].name}."
        )

    def left_out(groups: Sequence[BoolArray]) -> FloatArray:
        """Return the errors on entries, each with its group left out of the fit."""
        found = np.empty(len(entries))
        for is_out in groups:
            kept = [entry for entry, out in zip(entries, is_out, strict=True) if not out]
            asked = [entry for entry, out in zip(entries, is_out, strict=True) if out]
            guess = PipelineModel(_pipeline_rates(kept, times_ms[~is_out])).of_entries(asked)
            found[is_out] = np.abs(guess / times_ms[is_out] - 1)
        return found

    return model, _report(
        errors, left_out, lambda is_out: left_out([is_out])[is_out], entries, n_fitted=rates.size
    )


def _pipeline_rates(entries: Sequence[Entry], times_ms: FloatArray) -> FloatArray:
    """Return the rates of :class:`PipelineModel` by least squares, ``(2, 3)``, ms."""
    rates = np.zeros((2, 3))
    parts = np.array([pipeline_loads(entry) for entry in entries])
    is_large = np.array([entry.height % 7 == 0 for entry in entries])
    is_small_kernel = np.array([entry.kernel == 3 for entry in entries])
    for row, is_in in enumerate((~is_large, is_large)):
        # Which of the two takes longer is not known before the rates are: at first the 1x1
        # convolutions of all blocks with a small kernel, then of those whose time they explain.
        is_dense = is_in & is_small_kernel
        for _ in range(_N_ROUNDS):
            shares = parts[is_dense, :2] / times_ms[is_dense, None]
            rates[row, :2] = np.linalg.lstsq(shares, np.ones(len(shares)), rcond=None)[0]
            is_dense = is_in & (parts[:, :2] @ rates[row, :2] > times_ms * (1 - _SAME))
        is_depthwise = is_in & ~is_dense
        if is_depthwise.any():
            rates[row, 2] = np.median(times_ms[is_depthwise] / parts[is_depthwise, 2])
    return rates


def fit_rates(parts: FloatArray, values: FloatArray) -> FloatArray:
    """Return rates of at least 0 with little relative error, ``(n_loads,)``; robust to outliers."""
    relative = parts / values[:, None]
    one = np.ones(len(values))
    rates: FloatArray = nnls(relative, one)[0]
    for _ in range(_N_ROUNDS):
        weight = np.maximum(np.abs(relative @ rates - 1), _SMALL_ERROR) ** -0.5
        rates = nnls(relative * weight[:, None], weight)[0]
    return rates


def _report(
    errors: FloatArray,
    left_out: Callable[[Sequence[BoolArray]], FloatArray],
    refitted: Callable[[BoolArray], FloatArray],
    entries: Sequence[Entry],
    *,
    n_fitted: int,
) -> EntryReport:
    """Return the report of a fit, whose groups of entries are left out one after the other.

    Args:
        errors: On the entries fitted.
        left_out: Gives the errors on all entries, each with its group left out.
        refitted: Gives the errors on some entries, everything fitted anew without them.
        entries: The entries.
        n_fitted: Numbers fitted.
    """
    alone = [np.arange(len(entries)) == one for one in range(len(entries))]
    shapes = [(e.kind, e.height, e.channels_in, e.channels_out, e.stride) for e in entries]
    together = [np.array([shape == one for shape in shapes]) for one in sorted(set(shapes))]
    each, by_shape = left_out(alone), left_out(together)
    fold, anew = (
        np.random.default_rng(0).permutation(len(entries)) % _N_FOLDS,
        np.empty(len(entries)),
    )
    for one in range(_N_FOLDS):
        anew[fold == one] = refitted(fold == one)
    is_block = np.array([entry.kind == "ConvBlock" for entry in entries])
    return EntryReport(
        n_entries=len(entries),
        n_fitted=n_fitted,
        mean_error=float(errors.mean()),
        max_error=float(errors.max()),
        left_out_error=float(each[is_block].mean()),
        left_out_median=float(np.median(each[is_block])),
        shape_out_error=float(by_shape[is_block].mean()),
        refitted_error=float(anew[is_block].mean()),
        others_left_out_median=float(np.median(each[~is_block])) if not is_block.all() else nan,
    )


def _weights(kernel: FloatArray, target: FloatArray, *, noise: float) -> tuple[FloatArray, int]:
    """Return the anchors' weights and in how many directions they were fitted.

    The mean of the process (Rasmussen and Williams 2006, eq. 2.25) in the directions of the
    kernel's eigenvalues above the noise.
    """
    values, vectors = np.linalg.eigh(kernel)
    is_kept = values > noise
    kept = vectors[:, is_kept]
    weights: FloatArray = kept @ ((kept.T @ target) / (values[is_kept] + noise))
    return weights, int(is_kept.sum())


def _smoothness(places: FloatArray, target: FloatArray) -> _Smoothness:
    """Return length scales, variance and noise of the largest likelihood (with a weak prior)."""
    shift, spread = places.mean(axis=0), places.std(axis=0)
    unit = np.divide(1.0, spread, out=np.zeros_like(spread), where=spread > 0)
    points = (places - shift) * unit
    apart = np.stack([squared_distances(c[:, None], c[:, None]) for c in points.T])
    n_scales = len(apart)

    def cost(theta: FloatArray) -> tuple[float, FloatArray]:
        """Return the negative logarithm of the likelihood, and its slopes (eqs. 5.8 and 5.9)."""
        inverse = np.exp(-2 * theta[:n_scales])
        variance, noise = np.exp(theta[n_scales:])
        r = np.sqrt(5 * np.tensordot(inverse, apart, 1))
        kernel = variance * (1 + r + r**2 / 3) * np.exp(-r)
        total = kernel + noise * np.eye(len(target))
        inverted = np.linalg.inv(total)
        weights = inverted @ target
        off = theta[:n_scales] - _SCALE_PRIOR
        value = 0.5 * (target @ weights + np.linalg.slogdet(total)[1]) + _SCALE_WEIGHT * off @ off
        outer = np.outer(weights, weights) - inverted
        by_distance = outer * (variance * 5 / 3 * (1 + r) * np.exp(-r))
        slopes = np.empty_like(theta)
        slopes[:n_scales] = -0.5 * inverse * np.tensordot(apart, by_distance, 2)
        slopes[:n_scales] += 2 * _SCALE_WEIGHT * off
        slopes[n_scales] = -0.5 * (outer * kernel).sum()
        slopes[n_scales + 1] = -0.5 * noise * np.trace(outer)
        return float(value), slopes

    start = np.array([_SCALE_PRIOR] * n_scales + [np.log(0.1), np.log(1e-3)])
    limits = [_SCALES] * n_scales + [_VARIANCES, _NOISES]
    found = minimize(cost, start, jac=True, method="L-BFGS-B", bounds=limits)
    scale = unit * np.exp(-found.x[:n_scales])
    return _Smoothness(shift, scale, float(np.exp(found.x[n_scales])))
