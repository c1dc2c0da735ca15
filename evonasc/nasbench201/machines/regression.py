"""Regression on relative errors for times that have more than one usual value.

Cells that run the same operations were measured with a second usual time, a third to a half away
from the first, on the Raspberry Pi 4 and the Pixel 3: the clock jumps. It is the machine's state,
not the network: on the Pixel 3 cells measured one after another share it, and correcting each
prediction by the error of the two cells measured next to it would leave 1 %. A predictor cannot
know the state, and must not learn it from the order of the benchmark. A least-squares fit would
answer with a time between the two that nobody measures. So a sum over features is fitted by least
absolute relative error (iteratively reweighted least squares), then nets on the logarithm by the
same loss, with Adam (Kingma and Ba 2015, ICLR, arXiv 1412.6980). NumPy only.
"""

import itertools

import numpy as np

from evonasc.arrays import FloatArray

#: Hidden weights and biases, output weights and bias of one net.
Net = tuple[FloatArray, FloatArray, FloatArray, float]

# Chosen on held-out cells of all machines together; wider and deeper layers were no better.
N_HIDDEN = 8
_N_STEPS, _BATCH = 6000, 128
_LEARNING_RATE, _WEIGHT_DECAY = 3e-3, 1e-3
_SMALL_ERROR = 0.01  # below this relative error the absolute loss is made square
_N_CENTRE_BINS = 24
_WINDOW_FROM = 0.4  # fraction of the steps after which a net may aim at the window
_WINDOW = (float(np.log(0.9)), float(np.log(1.1)))  # within 10 %, in the logarithm


def fit_sum(features: FloatArray, times_ms: FloatArray) -> FloatArray:
    """Return the weights of least absolute relative error, the constant first."""
    design = np.concatenate([np.ones((len(features), 1)), features], axis=1) / times_ms[:, None]
    ridge = 0.1 * np.eye(design.shape[1])  # one-hot columns and counts are linearly dependent
    solution = np.zeros(design.shape[1])
    weights = np.ones(len(design))
    for _ in range(30):
        weighted = design * weights[:, None]
        solution = np.linalg.solve(weighted.T @ design + ridge, weighted.sum(axis=0))
        weights = 1 / np.maximum(np.abs(design @ solution - 1), _SMALL_ERROR)
    return solution


def train_net(
    inputs: FloatArray, targets: FloatArray, *, rng: np.random.Generator, aims_at_window: bool
) -> Net:
    """Return one net, trained by Adam.

    Args:
        inputs: Standardised features, ``(n, n_features)``.
        targets: Logarithms, ``(n,)``.
        rng: Draws the start and the batches.
        aims_at_window: Whether to train the later steps on the share of cells within 10 % instead
            of the absolute error.
    """
    n, n_features = inputs.shape
    batch = min(_BATCH, n)
    params = [
        rng.normal(0, n_features**-0.5, (n_features, N_HIDDEN)),
        np.zeros(N_HIDDEN),
        rng.normal(0, 0.1 * N_HIDDEN**-0.5, N_HIDDEN),
        np.zeros(1),
    ]
    first, second = ([np.zeros_like(param) for param in params] for _ in range(2))
    order, start = rng.permutation(n), 0
    for step in range(1, _N_STEPS + 1):
        if start + batch > n:
            order, start = rng.permutation(n), 0
        rows, start = order[start : start + batch], start + batch
        hidden = np.tanh(inputs[rows] @ params[0] + params[1])
        error = hidden @ params[2] + params[3] - targets[rows]
        slope = _slope(error, step / _N_STEPS if aims_at_window else 0.0) / batch
        back = np.outer(slope, params[2]) * (1 - hidden**2)
        gradients = [
            inputs[rows].T @ back,
            back.sum(axis=0),
            hidden.T @ slope,
            slope.sum(keepdims=True),
        ]
        rate = _LEARNING_RATE * 0.5 * (1 + np.cos(np.pi * step / _N_STEPS))
        for i, gradient in enumerate(gradients):
            first[i] += 0.1 * (gradient - first[i])
            second[i] += 0.001 * (gradient**2 - second[i])
            move = first[i] / (1 - 0.9**step) / (np.sqrt(second[i] / (1 - 0.999**step)) + 1e-8)
            decay = _WEIGHT_DECAY * params[i] if i in (0, 2) else 0.0
            params[i] = params[i] - rate * (move + decay)
    return params[0], params[1], params[2], float(params[3][0])


def _slope(error: FloatArray, done: float) -> FloatArray:
    """Return the derivative of the loss at an error in the logarithm."""
    slope: FloatArray = np.clip(error / _SMALL_ERROR, -1, 1)
    if done < _WINDOW_FROM:
        return slope
    # Two smooth steps at the errors +10 % and -10 %, ever sharper, beside a little of the
    # absolute error, which leads cells far outside the window.
    width = 0.04 * (1 - done) + 0.012
    over = _sigmoid((error - _WINDOW[1]) / width)
    under = _sigmoid(-(error - _WINDOW[0]) / width)
    return 0.15 * slope + 0.1 * (over * (1 - over) - under * (1 - under)) / width


def _sigmoid(values: FloatArray) -> FloatArray:
    """Return the logistic function, without overflow."""
    result: FloatArray = 1 / (1 + np.exp(-np.clip(values, -40, 40)))
    return result


def fit_centre(predicted_ms: FloatArray, times_ms: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return log times and factors that bring most measurements within 10 % of the prediction."""
    factors = np.arange(0.85, 1.08, 0.005)
    edges = np.quantile(predicted_ms, np.linspace(0, 1, _N_CENTRE_BINS + 1))
    log_ms, chosen = [], []
    for low, high in itertools.pairwise(edges):
        is_in = (predicted_ms >= low) & (predicted_ms <= high)
        ratio = predicted_ms[is_in] / times_ms[is_in]
        errors = np.abs(factors[:, None] * ratio - 1)
        gain = (errors <= 0.1).mean(axis=1) - 0.5 * errors.mean(axis=1)
        smooth = np.convolve(gain, np.ones(3) / 3, "valid")
        chosen.append(factors[1 + int(smooth.argmax())])
        log_ms.append(np.log(predicted_ms[is_in]).mean())
    return np.array(log_ms), np.array(chosen)
