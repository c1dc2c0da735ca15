"""How good a latency predictor is, and how good it can be: errors, ranks, and measurement noise."""

from dataclasses import astuple, dataclass, fields
from typing import Self

import numpy as np

from evonasc.arrays import FloatArray


@dataclass(frozen=True)
class FitReport:
    """How far predictions were from measurements of networks the fit had not seen."""

    #: Machine.
    name: str
    #: Measured networks, those without a path from input to output included.
    n_networks: int
    #: Connected networks held out, on which the figures below stand.
    n_held_out: int
    #: Mean of ``|predicted / measured - 1|``.
    mape: float
    #: Median of the same.
    median_error: float
    #: Largest of the same.
    max_error: float
    #: Fraction of networks for which it is at most 0.1.
    within_10_percent: float
    #: Rank correlations of predicted and measured times.
    spearman: float
    kendall_tau: float
    #: Mean ``|a / b - 1|`` of two measurements of one network, written in two ways: the noise of
    #: the measurements. NaN where no such pair was measured.
    twin_mape: float
    #: Fraction of such pairs within 10 % of each other.
    twin_within_10_percent: float

    def as_array(self) -> FloatArray:
        """Return every field but the name, for a weight file, ``(11,)``."""
        return np.array(astuple(self)[1:], dtype=np.float64)

    @classmethod
    def from_array(cls, name: str, values: FloatArray) -> Self:
        """Return the report that :meth:`as_array` wrote."""
        names = [field.name for field in fields(cls)][1:]
        figures = dict(zip(names, values.tolist(), strict=True))
        counts = {field: round(figures.pop(field)) for field in ("n_networks", "n_held_out")}
        return cls(name=name, **counts, **figures)


def judge(
    name: str,
    *,
    predicted_ms: FloatArray,
    measured_ms: FloatArray,
    n_networks: int,
    twins: FloatArray,
) -> FitReport:
    """Return the figures of a predictor on networks it has not seen.

    Args:
        name: Machine.
        predicted_ms: Predictions for the held-out networks, ``(n,)``.
        measured_ms: Their measurements, ``(n,)``.
        n_networks: All measured networks, also those fitted to.
        twins: ``|a / b - 1|`` of pairs of measurements of one network.
    """
    # Published sums of simulated times are off in the last bit: no error, no difference in rank.
    predicted, measured = predicted_ms.round(9), measured_ms.round(9)
    errors = np.abs(predicted / measured - 1)
    return FitReport(
        name=name,
        n_networks=n_networks,
        n_held_out=len(errors),
        mape=float(errors.mean()),
        median_error=float(np.median(errors)),
        max_error=float(errors.max()),
        within_10_percent=float((errors <= 0.1).mean()),
        spearman=rank_correlation(predicted, measured),
        kendall_tau=_kendall_tau(predicted, measured),
        twin_mape=float(twins.mean()) if twins.size else float("nan"),
        twin_within_10_percent=float((twins <= 0.1).mean()) if twins.size else float("nan"),
    )


def rank_correlation(a: FloatArray, b: FloatArray) -> float:
    """Return Spearman's rank correlation of two ``(n,)`` arrays; NaN where one is constant."""
    ranks = _ranks(a), _ranks(b)
    if min(ranking.std() for ranking in ranks) == 0:
        return float("nan")
    return round(float(np.corrcoef(*ranks)[0, 1]), 12)


def _ranks(values: FloatArray) -> FloatArray:
    """Return ranks, ties sharing their mean."""
    _, where, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks: FloatArray = (last - (counts - 1) / 2)[where]
    return ranks


def _kendall_tau(a: FloatArray, b: FloatArray) -> float:
    """Return Kendall's tau-b."""
    first = np.sign(a[:, None] - a).astype(np.int8)
    second = np.sign(b[:, None] - b).astype(np.int8)
    agreement = int((first * second).sum(dtype=np.int64))
    untied = float((first != 0).sum()) * float((second != 0).sum())
    return agreement / float(np.sqrt(untied))
