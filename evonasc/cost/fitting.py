"""Fitting the latency predictors to measurements; for developers, not needed to predict.

Two steps, both on relative errors and both for the *median* (least absolute error), because some
machines have a second usual time of one network a third away from the first, which a mean would
answer with a time nobody measures: a sum over features by iteratively reweighted least squares,
then an ensemble of small hidden layers on the logarithm of what is left, by Adam (Kingma and Ba
2015, ICLR, arXiv 1412.6980). NumPy only. One seed and one thread count give the same weights.
"""

import io
import itertools
import logging
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from evonasc.arrays import FloatArray, IntArray
from evonasc.assets import write_asset
from evonasc.cost.cell_features import executed, executed_features, operation_counts
from evonasc.cost.fit_quality import FitReport, judge, twin_errors
from evonasc.cost.hardware import (
    CLOSED_FORM_STEP_MS,
    HARDWARE,
    ClosedForm,
    Fitted,
    Hardware,
    asset_path,
    fit_report,
    load_predictor,
)
from evonasc.errors import DataFileError, UnknownNameError
from evonasc.space.nasbench201 import is_connected

logger = logging.getLogger(__name__)

# Chosen on held-out cells of all machines together; wider and deeper layers were no better.
_N_NETS, _N_HIDDEN, _N_STEPS, _BATCH = 8, 8, 6000, 128
_LEARNING_RATE, _WEIGHT_DECAY = 3e-3, 1e-3
_SMALL_ERROR = 0.01  # below this relative error the absolute loss is made square
_N_CENTRE_BINS = 24
_MIN_FOLDED = 50  # fewer folded cells give a constant


@dataclass(frozen=True, eq=False)
class Measurements:
    """Cells and measured times of one machine."""

    #: Raw cells, ``(n, 6)``.
    genes: IntArray
    #: Time for one input, ms, ``(n,)``.
    times_ms: FloatArray

    def take(self, rows: IntArray) -> "Measurements":
        """Return some of the rows."""
        return Measurements(self.genes[rows], self.times_ms[rows])


def fit_hardware(
    measurements: Path, *, names: Sequence[str], seed: int, holdout: float = 0.2
) -> list[FitReport]:
    """Fit predictors, judge each on held-out cells, refit it on all cells and ship it.

    Args:
        measurements: ``.npz`` with ``op_index`` ``(n, 6)`` and one column of ms a machine, NaN
            where nothing was measured.
        names: Machines of :data:`evonasc.cost.hardware.HARDWARE`.
        seed: Of the held-out cells and of the weights' start.
        holdout: Fraction of the measured cells on which the first fit is judged.

    Returns:
        One report a machine, in the order of the names.

    Raises:
        UnknownNameError: No such machine.
        DataFileError: The file or a column is missing, or a closed form does not hold.
    """
    for name in names:
        if name not in HARDWARE:
            raise UnknownNameError("hardware", name, HARDWARE)
    if not 0 < holdout < 1:
        raise ValueError(f"holdout must lie in (0, 1), got {holdout}.")
    return [
        _fit_and_ship(HARDWARE[name], measurements, seed=seed, holdout=holdout) for name in names
    ]


def read_measurements(path: Path, machine: Hardware) -> Measurements:
    """Return the measured cells of one machine.

    Raises:
        DataFileError: The file or a column is missing or damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            genes, times_ms = archive["op_index"], archive[machine.column]
    except KeyError as error:
        raise DataFileError(f"{path} has no column {error.args[0]!r}.") from error
    except OSError as error:
        raise DataFileError(f"Cannot read the measurements {path}: {error}.") from error
    except ValueError as error:
        raise DataFileError(f"{path} is no .npz file of plain arrays.") from error
    is_given = np.isfinite(times_ms)
    if not is_given.any():
        raise DataFileError(f"{path} holds no time in {machine.column!r}.")
    given = times_ms[is_given].astype(np.float64) / machine.divide_by
    return Measurements(genes[is_given].astype(np.int64), given)


def fit_predictor(
    machine: Hardware, measured: Measurements, *, rng: np.random.Generator
) -> ClosedForm | Fitted:
    """Return a predictor fitted to all the given measurements.

    Raises:
        DataFileError: The machine has a closed form and the times do not follow it.
    """
    if machine.kind == "closed form":
        return _fit_closed_form(machine, measured)
    features = executed_features(measured.genes)
    is_folded = executed(measured.genes).is_folded & machine.is_compiled
    shown, times_ms = features[~is_folded], measured.times_ms[~is_folded]

    sum_weights = _fit_sum(shown, times_ms)
    mean, scale = shown.mean(axis=0), np.maximum(shown.std(axis=0), 0.1)
    draft = Fitted(
        sum_weights=sum_weights,
        floor_ms=float(times_ms.min()) / 2,
        feature_mean=mean,
        feature_scale=scale,
        hidden_weights=np.zeros((shown.shape[1], 0)),
        hidden_biases=np.zeros(0),
        output_weights=np.zeros(0),
        output_bias=0.0,
        centre_log_ms=np.zeros(1),
        centre_factor=np.ones(1),
        folded_weights=np.zeros(0),
    )
    rest = np.log(times_ms / draft.base_ms(shown))
    nets = [_train(draft.standardised(shown), rest, rng=rng) for _ in range(_N_NETS)]
    # The mean of the nets is one net with all their hidden units.
    fitted = _replace(
        draft,
        hidden_weights=np.concatenate([net[0] for net in nets], axis=1),
        hidden_biases=np.concatenate([net[1] for net in nets]),
        output_weights=np.concatenate([net[2] for net in nets]) / _N_NETS,
        output_bias=float(np.mean([net[3] for net in nets])),
    )
    if machine.is_centred:
        predicted_ms = fitted.total_ms(measured.genes[~is_folded])
        log_ms, factor = _fit_centre(predicted_ms, times_ms)
        fitted = _replace(fitted, centre_log_ms=log_ms, centre_factor=factor)
    if machine.is_compiled:
        folded_ms = measured.times_ms[is_folded]
        scaled = fitted.standardised(features[is_folded])
        weights = _fit_folded(scaled, folded_ms, fallback_ms=float(times_ms.min()))
        fitted = _replace(fitted, folded_weights=weights)
    return fitted


def _fit_and_ship(machine: Hardware, measurements: Path, *, seed: int, holdout: float) -> FitReport:
    """Fit one machine, judge it, refit on all and write its weight file."""
    measured = read_measurements(measurements, machine)
    rng = np.random.default_rng(seed)
    rows = rng.permutation(len(measured.times_ms))
    n_held_out = max(1, round(holdout * len(rows)))
    held_out, rest = measured.take(rows[:n_held_out]), measured.take(rows[n_held_out:])
    # Cells without a path from input to output are no networks: fitted, but not judged.
    judged = held_out.take(np.flatnonzero(is_connected(held_out.genes)))
    report = judge(
        machine.name,
        predicted_ms=fit_predictor(machine, rest, rng=rng).total_ms(judged.genes),
        measured_ms=judged.times_ms,
        n_cells=len(rows),
        twins=twin_errors(measured.genes, measured.times_ms),
    )
    predictor = fit_predictor(machine, measured, rng=rng)

    arrays = {"report": report.as_array()}
    for field in fields(predictor):
        value = np.asarray(getattr(predictor, field.name))
        arrays[field.name] = value if value.dtype.kind == "i" else value.astype(np.float32)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type]  # no array is allow_pickle
    write_asset(
        asset_path(machine.name),
        buffer.getvalue(),
        command=(
            'python -c "from pathlib import Path; from evonasc.cost.fitting import fit_hardware; '
            f"fit_hardware(Path('{measurements.as_posix()}'), names=['{machine.name}'], seed={seed}, "
            f'holdout={holdout})"'
        ),
        note=(
            f"Latency predictor ({machine.kind}): {machine.description}. Fitted to "
            f"{report.n_cells} measured cells, column {machine.column}; figures inside are those "
            f"of the same fit without {n_held_out} held-out cells."
        ),
    )
    load_predictor.cache_clear()
    fit_report.cache_clear()
    logger.info("%s", report)
    return report


def _fit_closed_form(machine: Hardware, measured: Measurements) -> ClosedForm:
    """Return the exact weights of operation counts, or refuse."""
    counts = operation_counts(measured.genes)
    design = np.concatenate([np.ones((len(counts), 1)), counts], axis=1)
    solution = np.linalg.lstsq(design, measured.times_ms, rcond=None)[0]
    form = ClosedForm(steps=np.round(solution / CLOSED_FORM_STEP_MS).astype(np.int64))
    error_ms = float(np.abs(form.total_ms(measured.genes) - measured.times_ms).max())
    if error_ms > CLOSED_FORM_STEP_MS / 1000:
        raise DataFileError(
            f"{machine.column!r} must be linear in the operation counts, got an error of "
            f"{error_ms:.3g} ms."
        )
    return form


def _fit_sum(features: FloatArray, times_ms: FloatArray) -> FloatArray:
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


def _train(
    inputs: FloatArray, targets: FloatArray, *, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray, FloatArray, float]:
    """Return hidden weights and biases, output weights and bias of one net, trained by Adam."""
    n, n_features = inputs.shape
    batch = min(_BATCH, n)
    params = [
        rng.normal(0, n_features**-0.5, (n_features, _N_HIDDEN)),
        np.zeros(_N_HIDDEN),
        rng.normal(0, 0.1 * _N_HIDDEN**-0.5, _N_HIDDEN),
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
        slope = np.clip(error / _SMALL_ERROR, -1, 1) / batch
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


def _fit_centre(predicted_ms: FloatArray, times_ms: FloatArray) -> tuple[FloatArray, FloatArray]:
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


def _fit_folded(scaled: FloatArray, times_ms: FloatArray, *, fallback_ms: float) -> FloatArray:
    """Return weights of the log time of folded cells, the constant first."""
    weights = np.zeros(1 + scaled.shape[1])
    if len(times_ms) < _MIN_FOLDED:
        weights[0] = np.log(np.median(times_ms) if len(times_ms) else fallback_ms)
        return weights
    design = np.concatenate([np.ones((len(scaled), 1)), scaled], axis=1)
    ridge = np.diag([0.0] + [1.0] * scaled.shape[1])
    return np.linalg.solve(design.T @ design + ridge, design.T @ np.log(times_ms))


def _replace(predictor: Fitted, **changes: FloatArray | float) -> Fitted:
    """Return the predictor with some fields replaced."""
    values = {field.name: getattr(predictor, field.name) for field in fields(predictor)}
    return Fitted(**{**values, **changes})
