"""Fitting a machine to few measurements by leaning on a prediction that is already there.

``time = a * base + b + features @ w``, by least squares of the relative error, with a ridge on
``b`` and another on ``w``: with three measurements little more than the factor ``a`` is left, with
a hundred the features speak. How hard to lean is chosen by the error of leaving each measurement
out, which a linear ridge gives in closed form (Golub, Heath and Wahba 1979, "Generalized
Cross-Validation as a Method for Choosing a Good Ridge Parameter", Technometrics 21(2), section 1).
"""

import itertools
from dataclasses import dataclass

import numpy as np

from evonasc.arrays import FloatArray, row_products

#: Ridges on the constant and on the features that are tried; the last leaves nothing of them.
_CONSTANT_RIDGES = (1e-2, 1.0, 1e6)
_FEATURE_RIDGES = (1e-2, 1e-1, 1.0, 10.0, 100.0, 1e9)
_FACTOR_RIDGE = 1e-6  # free, and yet never singular
_LEAST_SHARE = 0.1  # of what the base alone says; a correction may not turn a time negative


@dataclass(frozen=True, eq=False)
class PriorFit:
    """A fitted correction of a base."""

    #: Factor on the base, constant (ms), weights of the features (ms), ``(2 + n_features,)``.
    weights: FloatArray
    #: No prediction is less than this times the base.
    least_factor: float
    #: ``predicted / measured - 1`` of each measurement, left out of the fit, ``(n,)``.
    left_out: FloatArray
    #: Ridges chosen, on the constant and on the features.
    ridges: tuple[float, float]

    @property
    def left_out_error(self) -> float:
        """Mean absolute relative error of measurements left out."""
        return float(np.abs(self.left_out).mean())

    def predict_ms(self, base_ms: FloatArray, features: FloatArray) -> FloatArray:
        """Return the times of networks with that base and those features, ms, ``(n,)``."""
        return corrected_ms(base_ms, features, weights=self.weights, least_factor=self.least_factor)


def corrected_ms(
    base_ms: FloatArray, features: FloatArray, *, weights: FloatArray, least_factor: float
) -> FloatArray:
    """Return corrected times of networks, ms, ``(n,)``.

    The base, ms, is ``(n,)``, the features are ``(n, n_features)``; see :class:`PriorFit`.
    """
    corrected: FloatArray = base_ms * weights[0] + weights[1] + row_products(features, weights[2:])
    return np.maximum(corrected, least_factor * base_ms)


def fit_on_prior(base_ms: FloatArray, features: FloatArray, times_ms: FloatArray) -> PriorFit:
    """Return the correction with the least left-out error.

    Args:
        base_ms: The base of each measured network, ms, ``(n,)``, positive.
        features: Features with mean 0 and variance 1 over the space, ``(n, n_features)``.
        times_ms: Measured times, ms, ``(n,)``, positive.
    """
    # In units in which the base is right on average, a weight of 1 means 100 % of a usual time.
    factor = float(np.exp(np.log(times_ms / base_ms).mean()))
    usual_ms = float(np.median(times_ms))
    columns = [factor * base_ms[:, None], np.full((len(base_ms), 1), usual_ms), usual_ms * features]
    design = np.concatenate(columns, axis=1) / times_ms[:, None]
    rest = 1 - factor * base_ms / times_ms  # what the base leaves to explain

    fits = []
    for ridges in itertools.product(_CONSTANT_RIDGES, _FEATURE_RIDGES):
        penalty = np.full(design.shape[1], ridges[1])
        penalty[:2] = _FACTOR_RIDGE, ridges[0]
        solved = _ridge_inverse(design, penalty)
        weights = solved @ rest
        leverage = np.einsum("nk,kn->n", design, solved)
        left_out = (design @ weights - rest) / np.maximum(1 - leverage, 1e-9)
        scaled = usual_ms * weights
        scaled[0] = factor * (1 + weights[0])
        fits.append(PriorFit(scaled, _LEAST_SHARE * factor, left_out, ridges))
    return min(fits, key=lambda fit: fit.left_out_error)


def _ridge_inverse(design: FloatArray, penalty: FloatArray) -> FloatArray:
    """Return what turns targets into ridge weights, ``(n_weights, n)``, by the smaller inverse."""
    n, n_weights = design.shape
    inverse: FloatArray
    if n > n_weights:
        inverse = np.linalg.solve(design.T @ design + np.diag(penalty), design.T).astype(np.float64)
    else:
        eased = design / penalty
        inverse = np.linalg.solve(np.eye(n) + design @ eased.T, eased).T.astype(np.float64)
    return inverse
