"""Fitting the latency predictors to measurements; for developers, not needed to predict.

A sum over features, then an ensemble of small hidden layers on the logarithm of what is left, by
:mod:`evonasc.nasbench201.machines.regression`. One seed and one thread give the same weights again.
"""

import io
import logging
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from evonasc.arrays import FloatArray, IntArray
from evonasc.cost.fit_quality import FitReport, judge, twin_errors
from evonasc.errors import DataFileError, UnknownNameError
from evonasc.limits import require_seed
from evonasc.nasbench201.assets import ASSETS
from evonasc.nasbench201.cells import is_connected
from evonasc.nasbench201.machines.cell_features import (
    executed,
    executed_features,
    folded_features,
    operation_counts,
)
from evonasc.nasbench201.machines.known import (
    CLOSED_FORM_STEP_MS,
    HARDWARE,
    ClosedForm,
    Fitted,
    Hardware,
    asset_path,
    fit_report,
    load_predictor,
)
from evonasc.nasbench201.machines.regression import fit_centre, fit_sum, train_net
from evonasc.parsing import npz_arrays

logger = logging.getLogger(__name__)

_N_NETS = 8
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
        names: Machines of :data:`evonasc.nasbench201.machines.known.HARDWARE`.
        seed: Of the held-out cells and of the weights' start.
        holdout: Fraction of the measured cells on which the first fit is judged.

    Returns:
        One report a machine, in the order of the names.

    Raises:
        UnknownNameError: No such machine.
        ConfigError: A seed out of range.
        DataFileError: The file or a column is missing, or a closed form does not hold.
    """
    for name in names:
        if name not in HARDWARE:
            raise UnknownNameError("hardware", name, HARDWARE)
    require_seed(seed)
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
        archive = npz_arrays(path.read_bytes(), ("op_index", machine.column))
    except OSError as error:
        raise DataFileError(f"Cannot read the measurements {path}: {error.strerror}.") from error
    except ValueError as error:
        raise DataFileError(f"{path} is no .npz file of measured networks ({error}).") from error
    genes, times_ms = archive["op_index"], archive[machine.column]
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

    sum_weights = fit_sum(shown, times_ms)
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
        folded_floor_ms=0.0,
    )
    rest = np.log(times_ms / draft.base_ms(shown))
    inputs, aims_at_window = draft.standardised(shown), machine.aim == "window"
    nets = [train_net(inputs, rest, rng=rng, aims_at_window=aims_at_window) for _ in range(_N_NETS)]
    # The mean of the nets is one net with all their hidden units.
    fitted = _replace(
        draft,
        hidden_weights=np.concatenate([net[0] for net in nets], axis=1),
        hidden_biases=np.concatenate([net[1] for net in nets]),
        output_weights=np.concatenate([net[2] for net in nets]) / _N_NETS,
        output_bias=float(np.mean([net[3] for net in nets])),
    )
    if machine.aim != "median":
        predicted_ms = fitted.total_ms(measured.genes[~is_folded])
        log_ms, factor = fit_centre(predicted_ms, times_ms)
        fitted = _replace(fitted, centre_log_ms=log_ms, centre_factor=factor)
    if machine.is_compiled:
        folded = measured.take(np.flatnonzero(is_folded))
        weights, floor_ms = _fit_folded(folded, fallback_ms=float(times_ms.min()))
        fitted = _replace(fitted, folded_weights=weights, folded_floor_ms=floor_ms)
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
    ASSETS.write(
        asset_path(machine.name),
        buffer.getvalue(),
        command=(
            f"python -m evonasc hardware fit --data-root DATA --names {machine.name} --seed {seed}"
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


def _fit_folded(folded: Measurements, *, fallback_ms: float) -> tuple[FloatArray, float]:
    """Return the weights of folded cells, the constant first, and the least time, ms."""
    features = folded_features(folded.genes)
    if len(features) < _MIN_FOLDED:
        usual_ms = float(np.median(folded.times_ms)) if len(features) else fallback_ms
        return np.array([usual_ms] + [0.0] * features.shape[1]), usual_ms
    return fit_sum(features, folded.times_ms), float(folded.times_ms.min())


def _replace(predictor: Fitted, **changes: FloatArray | float) -> Fitted:
    """Return the predictor with some fields replaced."""
    values = {field.name: getattr(predictor, field.name) for field in fields(predictor)}
    return Fitted(**{**values, **changes})
