"""Fitting the latency predictors to measurements; for developers, not needed to predict.

A sum over features, then an ensemble of small hidden layers on the logarithm of what is left, by
:mod:`evonasc.nasbench201.machines.regression`. One seed and one thread give the same weights again.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np

from evonasc.arrays import FloatArray, IntArray
from evonasc.cost.fit_quality import FitReport, judge
from evonasc.errors import DataFileError, UnknownNameError
from evonasc.inputs import file_bytes
from evonasc.limits import require_seed
from evonasc.nasbench201.assets import ASSETS
from evonasc.nasbench201.cells import NONE, cell_number, is_connected
from evonasc.nasbench201.machines.cell_features import (
    executed,
    executed_features,
    folded_features,
    operation_counts,
)
from evonasc.nasbench201.machines.known import HARDWARE, KnownHardware
from evonasc.nasbench201.machines.predictor import (
    CLOSED_FORM_STEP_MS,
    ClosedForm,
    Fitted,
    asset_path,
    fit_report,
    load_predictor,
)
from evonasc.nasbench201.machines.regression import fit_centre, fit_sum, train_net
from evonasc.nasbench201.machines.roofline_fitting import fit_rooflines
from evonasc.parsing import npz_arrays, npz_bytes

logger = logging.getLogger(__name__)

_N_NETS = 8
_HELD_OUT = 0.2  # of the measured cells, on which the first fit is judged
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


def fit_machines(
    folder: Path, names: Sequence[str] | None, seed: int
) -> tuple[list[FitReport], list[str]]:
    """Fit and ship predictors and rooflines; see :class:`evonasc.benchmark.Benchmark`.

    The folder holds ``nasbench201.npz`` and ``fbnet_lut_cifar100.json``; no names: all machines.

    Raises:
        UnknownNameError: No such machine.
        DataFileError: A file is missing or damaged.
    """
    chosen = list(HARDWARE) if names is None else names
    reports = fit_hardware(folder / "nasbench201.npz", names=chosen, seed=seed)
    rooflines = fit_rooflines(folder / "fbnet_lut_cifar100.json")
    notes = [
        f"roofline {name}: mean error {roofline.fit_error:.1%} on FBNet blocks"
        for name, roofline in rooflines.items()
    ]
    return reports, notes


def fit_hardware(measurements: Path, *, names: Sequence[str], seed: int) -> list[FitReport]:
    """Fit predictors, judge each on held-out cells, refit it on all cells and ship it.

    Args:
        measurements: ``.npz`` with ``op_index`` ``(n, 6)`` and one column of ms a machine, NaN
            where nothing was measured.
        names: Machines of :data:`evonasc.nasbench201.machines.known.HARDWARE`.
        seed: Of the held-out cells and of the weights' start.

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
    return [_fit_and_ship(HARDWARE[name], measurements, seed=seed) for name in names]


def read_measurements(path: Path, machine: KnownHardware) -> Measurements:
    """Return the measured cells of one machine.

    Raises:
        DataFileError: The file or a column is missing or damaged.
    """
    data = file_bytes(path, kind="measurements")
    try:
        archive = npz_arrays(data, ("op_index", machine.column))
    except ValueError as error:
        raise DataFileError(f"{path} is no .npz file of measured networks ({error}).") from error
    genes, times_ms = archive["op_index"], archive[machine.column]
    is_given = np.isfinite(times_ms)
    if not is_given.any():
        raise DataFileError(f"{path} holds no time in {machine.column!r}.")
    given = times_ms[is_given].astype(np.float64) / machine.batch
    return Measurements(genes[is_given].astype(np.int64), given)


def fit_predictor(
    machine: KnownHardware, measured: Measurements, *, rng: np.random.Generator
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
    fitted = replace(
        draft,
        hidden_weights=np.concatenate([net[0] for net in nets], axis=1),
        hidden_biases=np.concatenate([net[1] for net in nets]),
        output_weights=np.concatenate([net[2] for net in nets]) / _N_NETS,
        output_bias=float(np.mean([net[3] for net in nets])),
    )
    if machine.aim != "median":
        predicted_ms = fitted.total_ms(measured.genes[~is_folded])
        log_ms, factor = fit_centre(predicted_ms, times_ms)
        fitted = replace(fitted, centre_log_ms=log_ms, centre_factor=factor)
    if machine.is_compiled:
        folded = measured.take(np.flatnonzero(is_folded))
        weights, floor_ms = _fit_folded(folded, fallback_ms=float(times_ms.min()))
        fitted = replace(fitted, folded_weights=weights, folded_floor_ms=floor_ms)
    return fitted


def _fit_and_ship(machine: KnownHardware, measurements: Path, *, seed: int) -> FitReport:
    """Fit one machine, judge it, refit on all and write its weight file."""
    measured = read_measurements(measurements, machine)
    rng = np.random.default_rng(seed)
    rows = rng.permutation(len(measured.times_ms))
    n_held_out = max(1, round(_HELD_OUT * len(rows)))
    held_out, rest = measured.take(rows[:n_held_out]), measured.take(rows[n_held_out:])
    # Cells without a path from input to output are no networks: fitted, but not judged.
    judged = held_out.take(np.flatnonzero(is_connected(held_out.genes)))
    report = judge(
        machine.name,
        predicted_ms=fit_predictor(machine, rest, rng=rng).total_ms(judged.genes),
        measured_ms=judged.times_ms,
        n_networks=len(rows),
        twins=twin_errors(measured.genes, measured.times_ms),
    )
    predictor = fit_predictor(machine, measured, rng=rng)

    arrays = {"report": report.as_array()}
    for field in fields(predictor):
        value = np.asarray(getattr(predictor, field.name))
        arrays[field.name] = value if value.dtype.kind == "i" else value.astype(np.float32)
    ASSETS.write(
        asset_path(machine.name),
        npz_bytes(**arrays),
        command=(
            f"python -m evonasc hardware fit --data-root DATA --names {machine.name} --seed {seed}"
        ),
        note=(
            f"Latency predictor ({machine.kind}): {machine.description}. Fitted to "
            f"{report.n_networks} measured cells, column {machine.column}; figures inside are "
            f"those of the same fit without {n_held_out} held-out cells."
        ),
    )
    load_predictor.cache_clear()
    fit_report.cache_clear()
    logger.info("%s", report)
    return report


def _fit_closed_form(machine: KnownHardware, measured: Measurements) -> ClosedForm:
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


def twin_errors(genes: IntArray, times_ms: FloatArray) -> FloatArray:
    """Return ``|a / b - 1|`` of measured cells that differ only in the names of nodes 1 and 2.

    They are one network, written and measured twice.

    Returns:
        One value a pair of cells in which both nodes are used and edge 12 is none.
    """
    time_of = dict(zip(cell_number(genes).tolist(), times_ms.tolist(), strict=True))
    is_swappable = (genes[:, 2] == NONE) & (genes[:, [0, 1, 4, 5]] != NONE).all(axis=1)
    swappable = genes[is_swappable]
    twins = cell_number(swappable[:, [1, 0, 2, 3, 5, 4]]).tolist()
    pairs = [
        abs(time_of[cell] / time_of[twin] - 1)
        for cell, twin in zip(cell_number(swappable).tolist(), twins, strict=True)
        if cell < twin and twin in time_of
    ]
    return np.array(pairs)
