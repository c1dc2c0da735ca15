"""From a run's error to the error that networks trained alone would have, from a handful trained.

A supernet's error orders networks; its level is not that of networks trained alone. Someone who
trained a few of them knows the level there, and a rising line through these few on the logit scale,
``logit(trained) = a + b logit(error)`` with ``b > 0``, carries it to all others. It has two
parameters, since a handful of points bears no more, keeps errors in (0, 1), and goes on beyond the
points. As it rises, the order of networks stays the one that was searched.

The error bar is that of the jackknife+ (Barber, Candes, Ramdas and Tibshirani 2021, "Predictive
inference with the jackknife+", Annals of Statistics 49(1), eq. 1.3): every network is left out
once, and what the line through the others misses it by is added to what those lines say. The bars
are therefore wide where the lines part, far from the trained networks. They aim at two thirds of
new networks.
"""

import hashlib
import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy  # its `special` takes a quarter of a second and is loaded when it is used

from evonasc.arrays import FloatArray, IntArray
from evonasc.benchmark import ErrorSource
from evonasc.errors import DataFileError, GenomeError
from evonasc.files import write_output
from evonasc.inputs import json_object
from evonasc.space import DesignSpace, SearchSpace, any_cut
from evonasc.supernet.csv_rows import connected_network, fraction, read_rows

#: Fewest networks that tell a line and leave one over to test it.
FEWEST_PAIRS = 3
#: Errors nearer to 0 or 1 than this are read as if they were this near: no test set of the usual
#: size resolves more, and their logits run to infinity.
NEAREST = 1e-3
#: Share of new networks that the error bar may miss.
MISSED_SHARE = 1 / 3
_FORMAT = 1


@dataclass(frozen=True)
class TrainedPairs:
    """Networks with the error a run gives them and the error they have when trained alone."""

    #: ``(n, n_operation_genes)`` canonical connected networks, each once.
    networks: IntArray
    #: ``(n,)`` errors of the run, fractions.
    error: FloatArray
    #: ``(n,)`` errors of the trained networks, fractions.
    trained_error: FloatArray
    #: The networks are of this space.
    space: SearchSpace


class TrainedCalibration:
    """The rising line on the logit scale and its error bar.

    Raises:
        DataFileError: Fewer than three different errors of the run; or the trained errors do not
            rise with the run's.
    """

    def __init__(self, pairs: TrainedPairs) -> None:
        n_different = len(np.unique(_logit(pairs.error)))
        if n_different < FEWEST_PAIRS:
            raise DataFileError(
                f"A calibration needs networks of at least {FEWEST_PAIRS} different errors in the "
                f"run, got {n_different}. Train networks that differ more."
            )
        self.pairs = pairs
        x, y = _logit(pairs.error), _logit(pairs.trained_error)
        #: Intercept and slope of the line.
        self.intercept, self.slope = _line(x, y)
        if self.slope <= 0:
            raise DataFileError(
                "The trained errors must rise with the run's error, got a slope of "
                f"{self.slope:.3g}: these networks do not confirm its order. Add networks that "
                "differ more, or search on another --accuracy."
            )
        kept = ~np.eye(len(x), dtype=bool)
        lines = np.array([_line(x[rows], y[rows]) for rows in kept])
        lines[:, 0] += np.minimum(lines[:, 1], 0) * np.array([x[rows].mean() for rows in kept])
        lines[:, 1] = np.maximum(lines[:, 1], 0)  # the best line that does not fall is level
        self._lines = lines
        self._missed = np.abs(y - (lines[:, 0] + lines[:, 1] * x))
        #: ``(n,)`` trained error of each network by the line through the others, fractions.
        self.left_out: FloatArray = scipy.special.expit(lines[:, 0] + lines[:, 1] * x)
        #: Root mean square of what that misses, fraction.
        self.left_out_error = math.sqrt(np.mean((self.left_out - pairs.trained_error) ** 2))
        self.provenance = (
            f"error_calibrated: the error of networks trained alone, from {len(x)} that the user "
            f"trained; +- {self.left_out_error:.4f} on those left out in turn, the bar aims at two "
            "thirds of new networks (jackknife+). The order is that of the error."
        )

    def __call__(self, error: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return the trained error of a run's, and its lower and upper bound, fractions ``(n,)``.

        None of the three falls where the error rises.
        """
        x = _logit(error)
        middle = self.intercept + self.slope * x
        lines = self._lines[:, :1] + self._lines[:, 1:] * x  # (n_pairs, n)
        n_pairs = len(lines)
        rank = math.ceil((1 - MISSED_SHARE) * (n_pairs + 1) - 1e-9)
        low = np.sort(lines - self._missed[:, None], axis=0)[n_pairs - rank]
        high = np.sort(lines + self._missed[:, None], axis=0)[rank - 1]
        # The jackknife+ promises a share of networks, not that the line itself lies inside.
        return (
            scipy.special.expit(middle),
            scipy.special.expit(np.minimum(low, middle)),
            scipy.special.expit(np.maximum(high, middle)),
        )


def read_pairs(path: Path, source: ErrorSource, space: SearchSpace) -> TrainedPairs:
    """Read the user's trained networks: a CSV file with the space's ``text_column`` and ``error``.

    The source is what a run gives them as their error, at no cost.

    Raises:
        DataFileError: Unreadable, other columns, a row that is no network with a path or no
            fraction, a network twice (also by another spelling), or fewer than three.
    """
    lines: dict[int, int] = {}
    networks, trained = [], []
    columns = (space.text_column, "error")
    for line, (text, error_text) in read_rows(path, columns, kind="table of trained networks"):
        where = f"{path}, line {line}"
        network = connected_network(text, space, where=where)
        (number,) = space.numbers(network).tolist()
        if number in lines:
            raise DataFileError(
                f"{where}: a network must be given once, got that of line {lines[number]} again. "
                "Give the mean of its trainings."
            )
        lines[number] = line
        networks.append(network[0])
        trained.append(fraction(error_text, where=where))
    if len(networks) < FEWEST_PAIRS:
        raise DataFileError(
            f"{path} must have at least {FEWEST_PAIRS} trained networks, got {len(networks)}."
        )
    rows = np.array(networks)
    return TrainedPairs(rows, errors_of(source, rows, space), np.array(trained), space)


def errors_of(source: ErrorSource, networks: IntArray, space: SearchSpace) -> FloatArray:
    """Return what a source says of canonical connected networks, ``(n,)``."""
    designs = DesignSpace(space, (8,), any_cut(space.n_blocks))
    return source.error(designs.completed(networks), designs=designs)


def source_digest(source: ErrorSource, pairs: TrainedPairs) -> str:
    """Return the SHA-256 of the errors of all networks, to nine digits.

    Nine, so that another processor's last bit does not make another source of it. Where networks
    are too many to list, those of the pairs stand for all.
    """
    listed = pairs.space.networks()
    networks = pairs.networks if listed is None else listed
    errors = np.round(errors_of(source, networks, pairs.space), 9)
    return hashlib.sha256(np.ascontiguousarray(errors).tobytes()).hexdigest()


def write_calibration(path: Path, calibration: TrainedCalibration, source: ErrorSource) -> None:
    """Write a calibration as JSON: the networks, from which it is fitted again when read.

    Raises:
        ConfigError: It cannot be written.
    """
    pairs = calibration.pairs
    names = (pairs.space.text_column, "error", "trained_error")
    texts = pairs.space.to_text(pairs.networks)
    columns = (texts, pairs.error.tolist(), pairs.trained_error.tolist())
    document = {
        "format": _FORMAT,
        "source": source.provenance,
        "errors_sha256": source_digest(source, pairs),
        "intercept": calibration.intercept,
        "slope": calibration.slope,
        "left_out_error": calibration.left_out_error,
        "pairs": [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)],
    }
    write_output(path, (json.dumps(document, indent=2, allow_nan=False) + "\n").encode())


def read_calibration(path: Path, source: ErrorSource, space: SearchSpace) -> TrainedCalibration:
    """Read a calibration that belongs to a source of the error, for networks of a space.

    Raises:
        DataFileError: Missing or damaged, or of another source.
    """
    remedy = "Make one with: evonasc supernet calibrate"
    values = json_object(path, kind="calibration", remedy=remedy)
    try:
        if values["format"] != _FORMAT:
            raise ValueError(f"its format must be {_FORMAT}")
        digest, was, rows = str(values["errors_sha256"]), str(values["source"]), values["pairs"]
        texts = [str(row[space.text_column]) for row in rows]
        networks = space.canonical(space.from_text(texts))
        error, trained = (
            np.array([fraction(str(row[name]), where=name) for row in rows])
            for name in ("error", "trained_error")
        )
        calibration = TrainedCalibration(TrainedPairs(networks, error, trained, space))
    except (ValueError, KeyError, TypeError, GenomeError) as problem:
        raise DataFileError(
            f"{path} is no calibration of evonasc ({problem}). Make one with: evonasc supernet "
            "calibrate"
        ) from problem
    if digest != source_digest(source, calibration.pairs):
        raise DataFileError(
            f"{path} must be a calibration of this run's error, got one of another: {was} "
            "Calibrate again with this run's --accuracy, --scores or --accuracy-table."
        )
    return calibration


def _logit(error: FloatArray) -> FloatArray:
    """Return the logit of errors, none nearer to 0 or 1 than ``NEAREST``."""
    values: FloatArray = scipy.special.logit(np.clip(error, NEAREST, 1 - NEAREST))
    return values


def _line(x: FloatArray, y: FloatArray) -> tuple[float, float]:
    """Return intercept and slope of the least-squares line."""
    distance = x - x.mean()
    slope = float(distance @ (y - y.mean()) / (distance @ distance))
    return float(y.mean()) - slope * float(x.mean()), slope
