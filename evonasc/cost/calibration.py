"""A machine from a few whole-network times that the user measured on it, with whatever runtime.

Few measurements cannot say what each operation costs. They can say by how much, and a little in
what, the machine differs from one that evonasc knows: the known machine's prediction is the base,
corrected by :func:`evonasc.cost.prior_fit.fit_on_prior`. Where the user names no machine to lean
on, the one with the least left-out error is taken. How good the result is, is told by leaving
measurements out of all of this, the choice of the machine included.

Idea: Lee et al. 2021, "HELP: Hardware-Adaptive Efficient Latency Prediction for NAS via
Meta-Learning", NeurIPS, arXiv 2106.08630, who lean on many known machines by a learned network
and ten measurements; what stands here is a ridge on one.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evonasc.arrays import FloatArray, IntArray
from evonasc.cost.fit_quality import rank_correlation
from evonasc.cost.machines import base_digest
from evonasc.cost.own_machine import OwnMachine, check_name, check_power, scaled_features
from evonasc.cost.prior_fit import PriorFit, fit_on_prior
from evonasc.errors import DataFileError, GenomeError, UnknownNameError
from evonasc.nasbench201.cells import cell_number
from evonasc.nasbench201.machines.known import HARDWARE, load_predictor
from evonasc.nasbench201.space import NasBench201

MIN_NETWORKS = 3
_COLUMNS = ("arch_str", "latency_ms")
_MAX_FOLDS = 30  # up to so many measurements each is left out in turn, more in so many groups
_MANY, _FEW_FOLDS = 200, 10  # beyond, a fit is slow and leaving out a tenth changes little


@dataclass(frozen=True, eq=False)
class MeasuredNetworks:
    """Networks and their times on one machine."""

    #: Canonical cells, all different, ``(n, 6)``.
    cells: IntArray
    #: Their times, ms, ``(n,)``.
    times_ms: FloatArray
    #: Networks written with edges that compute nothing, which are taken to be left out.
    n_with_dead_edges: int = 0

    def take(self, rows: IntArray) -> "MeasuredNetworks":
        """Return some of them."""
        return MeasuredNetworks(self.cells[rows], self.times_ms[rows])


@dataclass(frozen=True, eq=False)
class Leaning:
    """A machine that a fit leans on, and the fit."""

    #: Name of the known machine.
    base: str
    #: The correction of its prediction.
    fit: PriorFit

    def predict_ms(self, cells: IntArray) -> FloatArray:
        """Return the times of canonical cells, ms, ``(n,)``."""
        return self.fit.predict_ms(
            load_predictor(self.base).total_ms(cells), scaled_features(cells)
        )


def read_measured_networks(path: Path) -> MeasuredNetworks:
    """Read a CSV file with the columns ``arch_str`` and ``latency_ms``; others are ignored.

    Raises:
        DataFileError: It cannot be read, lacks a column, or a line names no network, one already
            named, or no positive time; or there are fewer than three lines.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            missing = [name for name in _COLUMNS if name not in (reader.fieldnames or ())]
            if missing:
                found = ", ".join(reader.fieldnames or ()) or "none"
                raise DataFileError(
                    f"{path} must have the columns {' and '.join(_COLUMNS)}, got {found[:200]}."
                )
            rows = [(reader.line_num, row["arch_str"], row["latency_ms"]) for row in reader]
    except OSError as error:
        raise DataFileError(f"Cannot read the measurements {path}: {error.strerror}.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataFileError(f"{path} must be a CSV file in UTF-8 ({error}).") from error
    if len(rows) < MIN_NETWORKS:
        raise DataFileError(
            f"{path} must hold at least {MIN_NETWORKS} measured networks, got {len(rows)}. "
            "Measure more; 10 to 30 are a good start."
        )
    times_ms = np.array([_time(path, line, text) for line, _, text in rows])
    written = np.concatenate([_cell(path, line, text) for line, text, _ in rows])
    cells = NasBench201().canonical(written)
    line_of: dict[int, int] = {}
    for number, (line, _, _) in zip(cell_number(cells).tolist(), rows, strict=True):
        if number in line_of:
            raise DataFileError(
                f"{path} must hold each network once, got the network of line {line_of[number]} "
                f"again in line {line}. Give the median of repeated measurements."
            )
        line_of[number] = line
    n_with_dead = int(((written != 0).sum(axis=1) != (cells != 0).sum(axis=1)).sum())
    return MeasuredNetworks(cells, times_ms, n_with_dead)


def _time(path: Path, line: int, text: str | None) -> float:
    """Return the time a field holds."""
    try:
        time = float(text or "")
    except ValueError:
        time = float("nan")
    if not 0 < time < float("inf"):
        raise DataFileError(
            f"latency_ms must be a positive number of milliseconds, got {text!r} in line {line} of "
            f"{path}."
        )
    return time


def _cell(path: Path, line: int, text: str | None) -> IntArray:
    """Return the ``(1, 6)`` cell a field names."""
    space = NasBench201()
    try:
        cell = space.from_text([(text or "").strip()])
    except GenomeError as error:
        raise DataFileError(f"Line {line} of {path} names no network: {error}") from error
    if not space.is_connected(cell)[0]:
        raise DataFileError(
            f"Line {line} of {path} names no network: no path leads through the cell {text!r}."
        )
    return cell


def lean(measured: MeasuredNetworks, candidates: Sequence[str]) -> Leaning:
    """Return the fit on the known machine that leaves the least left-out error.

    Args:
        measured: At least three networks.
        candidates: Names of :data:`evonasc.nasbench201.machines.known.HARDWARE`; of equals, the
            first is taken.
    """
    features = scaled_features(measured.cells)
    fits = [
        Leaning(
            name,
            fit_on_prior(
                load_predictor(name).total_ms(measured.cells), features, measured.times_ms
            ),
        )
        for name in candidates
    ]
    return min(fits, key=lambda leaning: leaning.fit.left_out_error)


def left_out_predictions(measured: MeasuredNetworks, candidates: Sequence[str]) -> FloatArray:
    """Return each network's time as predicted by a fit that has not seen it, ms, ``(n,)``.

    The known machine is chosen anew each time, so the choice does not flatter the result.
    """
    n = len(measured.times_ms)
    fold = np.arange(n) % (_FEW_FOLDS if n > _MANY else min(n, _MAX_FOLDS))
    predicted = np.empty(n)
    for left_out in range(fold.max() + 1):
        rest = measured.take(np.flatnonzero(fold != left_out))
        rows = fold == left_out
        predicted[rows] = lean(rest, candidates).predict_ms(measured.cells[rows])
    return predicted


def candidate_machines(like: str | None) -> list[str]:
    """Return the machines to lean on: the one named, or all that evonasc knows.

    Raises:
        UnknownNameError: No such machine.
    """
    if like is None:
        return list(HARDWARE)
    if like not in HARDWARE:
        raise UnknownNameError("hardware", like, HARDWARE)
    return [like]


def calibrate(
    measured: MeasuredNetworks,
    *,
    name: str,
    description: str,
    like: str | None = None,
    power_mw: float | None = None,
) -> OwnMachine:
    """Return the machine that was measured.

    Args:
        measured: At least three networks.
        name: Of the machine.
        description: What it is and who measured it.
        like: Known machine to lean on; by default the one with the least left-out error.
        power_mw: Power while computing, if known.

    Raises:
        ConfigError: The name or the power cannot be used.
        UnknownNameError: No machine of the name ``like``.
    """
    check_name(name, HARDWARE)
    candidates = candidate_machines(like)
    leaning = lean(measured, candidates)
    predicted_ms = left_out_predictions(measured, candidates)
    return OwnMachine(
        name=name,
        description=description,
        made_by="calibrate",
        base=leaning.base,
        base_sha256=base_digest(leaning.base),
        layer_keys=(),
        layer_ms=np.zeros(0),
        weights=leaning.fit.weights,
        least_factor=leaning.fit.least_factor,
        cells=measured.cells,
        times_ms=measured.times_ms,
        left_out_error=float(np.abs(predicted_ms / measured.times_ms - 1).mean()),
        left_out_spearman=rank_correlation(predicted_ms, measured.times_ms),
        noise=float("nan"),
        block_error=float("nan"),
        power_mw=check_power(power_mw),
    )
