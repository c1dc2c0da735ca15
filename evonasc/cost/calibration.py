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

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evonasc.arrays import FloatArray, IntArray
from evonasc.cost.fit_quality import rank_correlation
from evonasc.cost.machine import Machine
from evonasc.cost.machine_record import MachineRecord, check_name, check_power
from evonasc.cost.prior_fit import PriorFit, fit_on_prior
from evonasc.cost.time_features import FeatureScale
from evonasc.csv_file import number, read_csv
from evonasc.errors import ConfigError, DataFileError, GenomeError, UnknownNameError
from evonasc.space import SearchSpace

MIN_NETWORKS = 3
#: Groups of equal networks that a message names.
_MOST_TWINS = 20
#: Times of one inference that can be meant: a nanosecond to eleven days.
_LEAST_MS, _MOST_MS = 1e-6, 1e9
_MAX_FOLDS = 30  # up to so many measurements each is left out in turn, more in so many groups
_MANY, _FEW_FOLDS = 200, 10  # beyond, a fit is slow and leaving out a tenth changes little


@dataclass(frozen=True, eq=False)
class MeasuredNetworks:
    """Networks and their times on one machine."""

    #: Canonical networks, all different, ``(n, n_operation_genes)``.
    networks: IntArray
    #: Their times, ms, ``(n,)``.
    times_ms: FloatArray
    #: Networks written in another way than the canonical one, which they are taken to be.
    n_rewritten: int = 0

    def take(self, rows: IntArray) -> "MeasuredNetworks":
        """Return some of them."""
        return MeasuredNetworks(self.networks[rows], self.times_ms[rows])


class Calibrator:
    """Fits a machine to measurements by leaning on known ones.

    Of equally good machines the first is taken.
    """

    def __init__(self, space: SearchSpace, known: Mapping[str, Machine]) -> None:
        self._known, self._scale = known, FeatureScale.of(space)

    def lean(self, measured: MeasuredNetworks) -> tuple[str, PriorFit]:
        """Return the known machine that leaves the least left-out error, and the fit on it."""
        return next(iter(self.fits(measured).items()))

    def fits(self, measured: MeasuredNetworks) -> dict[str, PriorFit]:
        """Return the fit on every known machine, by rising left-out error."""
        features, times_ms = self._scale(measured.networks), measured.times_ms
        fits = {
            name: fit_on_prior(machine.total_ms(measured.networks), features, times_ms)
            for name, machine in self._known.items()
        }
        return dict(sorted(fits.items(), key=lambda item: item[1].left_out_error))

    def predict_ms(self, base: str, fit: PriorFit, networks: IntArray) -> FloatArray:
        """Return the times of canonical networks by a fit on a known machine, ms, ``(n,)``."""
        return fit.predict_ms(self._known[base].total_ms(networks), self._scale(networks))

    def left_out_predictions(self, measured: MeasuredNetworks) -> FloatArray:
        """Return each network's time as predicted by a fit that has not seen it, ms, ``(n,)``.

        The known machine is chosen anew each time, so the choice does not flatter the result.
        """
        n = len(measured.times_ms)
        fold = np.arange(n) % (_FEW_FOLDS if n > _MANY else min(n, _MAX_FOLDS))
        predicted = np.empty(n)
        for left_out in range(fold.max() + 1):
            base, fit = self.lean(measured.take(np.flatnonzero(fold != left_out)))
            rows = fold == left_out
            predicted[rows] = self.predict_ms(base, fit, measured.networks[rows])
        return predicted


def read_measured_networks(path: Path, space: SearchSpace) -> MeasuredNetworks:
    """Read a CSV file with the columns of networks' texts and ``latency_ms``; others are ignored.

    Args:
        path: The file.
        space: Its networks; ``space.text_column`` names their column.

    Raises:
        DataFileError: It cannot be read, lacks a column, or a line names no network, one already
            named, or no positive time; or there are fewer than three lines.
    """
    columns = (space.text_column, "latency_ms")
    table = read_csv(path, columns, kind="measurements")
    rows = list(zip(table.lines, *map(table.column, columns), strict=True))
    if len(rows) < MIN_NETWORKS:
        raise DataFileError(
            f"{path} must hold at least {MIN_NETWORKS} measured networks, got {len(rows)}. "
            "Measure more; 10 to 30 are a good start."
        )
    times_ms = np.array([_time(path, line, text) for line, _, text in rows])
    written = np.concatenate([_network(path, line, text, space) for line, text, _ in rows])
    networks = space.canonical(written)
    lines: dict[int, list[int]] = {}
    for network, (line, _, _) in zip(space.numbers(networks).tolist(), rows, strict=True):
        lines.setdefault(network, []).append(line)
    twins = [", ".join(map(str, found)) for found in lines.values() if len(found) > 1]
    if twins:
        raise DataFileError(
            f"{path} must hold each network once, but these lines build the same: "
            f"{'; '.join(twins[:_MOST_TWINS])}{' ...' if len(twins) > _MOST_TWINS else ''}. Give "
            "one row with the median of their times; evonasc hardware plan draws networks that "
            "differ."
        )
    n_rewritten = int((written != networks).any(axis=1).sum())
    return MeasuredNetworks(networks, times_ms, n_rewritten)


def _time(path: Path, line: int, text: str) -> float:
    """Return the time a field holds."""
    return number(
        text,
        name="latency_ms",
        where=f"{path}, line {line}",
        least=_LEAST_MS,
        most=_MOST_MS,
        wanted=f"a positive number of milliseconds, {_LEAST_MS:g} to {_MOST_MS:g}",
    )


def _network(path: Path, line: int, text: str | None, space: SearchSpace) -> IntArray:
    """Return the ``(1, n_operation_genes)`` network a field names."""
    try:
        network = space.from_text([(text or "").strip()])
    except GenomeError as error:
        raise DataFileError(f"Line {line} of {path} names no network: {error}") from error
    if not space.is_connected(network)[0]:
        raise DataFileError(
            f"Line {line} of {path} names no network: no path leads through the "
            f"{space.network_word} {text!r}."
        )
    return network


def calibrate(
    measured: MeasuredNetworks,
    *,
    space: SearchSpace,
    known: Mapping[str, Machine],
    name: str,
    description: str,
    like: str | None = None,
    power_mw: float | None = None,
    idle_power_mw: float | None = None,
) -> MachineRecord:
    """Return the machine that was measured on at least three networks.

    It leans on the known machine ``like``, by default on the one with the least left-out error.

    Raises:
        ConfigError: The name or a power cannot be used, or no machine is known to lean on.
        UnknownNameError: No machine of the name ``like``.
    """
    check_name(name, known)
    if like is not None and like not in known:
        raise UnknownNameError("hardware", like, known)
    if not known:
        raise ConfigError(
            f"A calibration leans on a machine with known times, got none for the networks of "
            f"{space.name!r}. Use evonasc hardware profile, or declare the machine in a .toml file."
        )
    calibrator = Calibrator(space, known if like is None else {like: known[like]})
    base, fit = calibrator.lean(measured)
    predicted_ms = calibrator.left_out_predictions(measured)
    return MachineRecord(
        name=name,
        description=description,
        made_by="calibrate",
        space=space.name,
        base=base,
        base_sha256=known[base].digest,
        weights=fit.weights,
        least_factor=fit.least_factor,
        networks=measured.networks,
        times_ms=measured.times_ms,
        left_out_error=float(np.abs(predicted_ms / measured.times_ms - 1).mean()),
        left_out_spearman=rank_correlation(predicted_ms, measured.times_ms),
        power_mw=check_power(power_mw),
        idle_power_mw=check_power(idle_power_mw, of="idle_power_mw"),
    )
