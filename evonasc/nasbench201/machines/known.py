"""Machines, and how long each takes for a whole network, predicted from the genes of its cell.

Simulated accelerators follow a closed form that reproduces every published row. The others are
fitted by :mod:`evonasc.nasbench201.machines.fitting`: a sum over the features of
:mod:`evonasc.nasbench201.machines.cell_features`, corrected by one small hidden layer. Times are
those of the CIFAR-10 network of NAS-Bench-201, whole network, milliseconds an input.

References: Li et al. 2021, "HW-NAS-Bench: Hardware-Aware Neural Architecture Search Benchmark",
ICLR, arXiv 2103.10584; Lee et al. 2021, "HELP: Hardware-Adaptive Efficient Latency Prediction for
NAS via Meta-Learning", NeurIPS, arXiv 2106.08630.
"""

import io
import zipfile
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from evonasc.arrays import BoolArray, FloatArray, IntArray, row_products
from evonasc.cost.fit_quality import FitReport
from evonasc.errors import AssetError, UnknownNameError
from evonasc.nasbench201.assets import ASSETS
from evonasc.nasbench201.machines.cell_features import (
    check_cells,
    executed,
    executed_features,
    folded_features,
    operation_counts,
)

#: Closed forms are whole numbers of this many ms.
CLOSED_FORM_STEP_MS = 1e-5


@dataclass(frozen=True)
class Hardware:
    """One machine."""

    #: Name on the command line and in scenarios.
    name: str
    #: For people: the machine, who measured it, and with what.
    description: str
    #: Column of the measurements.
    column: str
    #: ``closed form`` (simulated, exact) or ``fitted`` (measured, with an error); ``profiled``,
    #: ``calibrated`` or ``declared`` for a machine of the user.
    kind: Literal["calibrated", "closed form", "declared", "fitted", "profiled"]
    #: The measured time is that of this many inputs; shown per input.
    divide_by: int = 1
    #: Inputs computed at once.
    batch: int = 1
    #: Whether dead operations are removed before running (TFLite, TensorRT); PyTorch runs them.
    is_compiled: bool = False
    #: What is predicted. ``median``: the usual time. Where the clock jumps and one network has
    #: several usual times, the time that has most measurements within 10 %: ``centre`` (the usual
    #: time, shifted by network size) or ``window`` (trained for it, then shifted).
    aim: Literal["centre", "median", "window"] = "median"
    #: Power while computing, mW; None if unknown.
    typical_power_mw: float | None = None


#: Every machine, by name.
HARDWARE: dict[str, Hardware] = {
    machine.name: machine
    for machine in (
        Hardware(
            name="1080ti",
            description="NVIDIA GTX 1080 Ti (HELP, PyTorch, batch 1)",
            column="latency_ms_1080ti_1",
            kind="fitted",
        ),
        Hardware(
            name="1080ti_busy",
            description="NVIDIA GTX 1080 Ti (HELP, PyTorch, time per input of a batch of 32)",
            column="latency_ms_1080ti_32",
            kind="fitted",
            divide_by=32,
            batch=32,
        ),
        Hardware(
            name="edgegpu",
            description="NVIDIA Jetson TX2 GPU (HW-NAS-Bench, TensorRT, batch 1)",
            column="latency_ms_edgegpu",
            kind="fitted",
            is_compiled=True,
            typical_power_mw=10_000.0,  # assumed: between the board's two power modes
        ),
        Hardware(
            name="edgetpu",
            description="Google Edge TPU (HW-NAS-Bench, TFLite, batch 1)",
            column="latency_ms_edgetpu",
            kind="fitted",
            is_compiled=True,
            typical_power_mw=2_000.0,  # assumed: 4 TOPS at 2 TOPS/W
        ),
        Hardware(
            name="eyeriss",
            description="Eyeriss accelerator, simulated (HW-NAS-Bench, batch 1)",
            column="latency_ms_eyeriss",
            kind="closed form",
            typical_power_mw=198.0,  # HW-NAS-Bench: mean energy over mean latency
        ),
        Hardware(
            name="fpga",
            description="FPGA accelerator, simulated (HW-NAS-Bench, batch 1)",
            column="latency_ms_fpga",
            kind="closed form",
            typical_power_mw=7_000.0,  # HW-NAS-Bench: energy is 7 mJ a ms
        ),
        Hardware(
            name="gold_6226",
            description="Intel Xeon Gold 6226 (HELP, PyTorch, batch 1)",
            column="latency_ms_gold_6226",
            kind="fitted",
        ),
        Hardware(
            name="pixel3",
            description="Google Pixel 3 (HW-NAS-Bench, TFLite, batch 1)",
            column="latency_ms_pixel3",
            kind="fitted",
            is_compiled=True,
            aim="centre",
            typical_power_mw=2_500.0,  # assumed: one big core
        ),
        Hardware(
            name="raspi4",
            description="Raspberry Pi 4 (HW-NAS-Bench, TFLite, batch 1)",
            column="latency_ms_raspi4",
            kind="fitted",
            is_compiled=True,
            aim="window",
            typical_power_mw=6_400.0,  # assumed: all cores busy
        ),
        Hardware(
            name="titan_rtx",
            description="NVIDIA Titan RTX (HELP, PyTorch, batch 1)",
            column="latency_ms_titan_rtx_1",
            kind="fitted",
        ),
        Hardware(
            name="titan_rtx_busy",
            description="NVIDIA Titan RTX (HELP, PyTorch, time per input of a batch of 32)",
            column="latency_ms_titan_rtx_32",
            kind="fitted",
            divide_by=32,
            batch=32,
        ),
    )
}


@dataclass(frozen=True, eq=False)
class ClosedForm:
    """A time linear in the counts of operations, dead ones included."""

    #: Fixed part, then one skip, 1x1, 3x3 and pool, in ``CLOSED_FORM_STEP_MS``, ``(5,)``.
    steps: IntArray

    def total_ms(self, genes: IntArray) -> FloatArray:
        """Return whole-network times, ms, ``(n,)``; correctly rounded."""
        total: IntArray = self.steps[0] + operation_counts(genes) @ self.steps[1:]
        return total.astype(np.float64) / round(1 / CLOSED_FORM_STEP_MS)


@dataclass(frozen=True, eq=False)
class Fitted:
    """Sum over features times the exponential of one hidden layer times the centre factor."""

    #: Weight of each feature in the sum, the constant first, ms, ``(1 + n_features,)``.
    sum_weights: FloatArray
    #: The sum is at least this, ms.
    floor_ms: float
    #: What the hidden layer sees: ``(features - feature_mean) / feature_scale``.
    feature_mean: FloatArray
    feature_scale: FloatArray
    #: Hidden layer, ``(n_features, n_hidden)``, ``(n_hidden,)``, ``(n_hidden,)`` and a constant.
    hidden_weights: FloatArray
    hidden_biases: FloatArray
    output_weights: FloatArray
    output_bias: float
    #: Factor on the result, piecewise linear in its logarithm; ones where nothing is centred.
    centre_log_ms: FloatArray
    centre_factor: FloatArray
    #: Time of a folded cell, a sum over its own features, the constant first, ms, ``(12,)``;
    #: empty for a machine that folds nothing.
    folded_weights: FloatArray
    #: A folded cell takes at least this, ms.
    folded_floor_ms: float

    def total_ms(self, genes: IntArray) -> FloatArray:
        """Return whole-network times, ms, ``(n,)``."""
        features = executed_features(genes)
        base_ms = self.base_ms(features)
        scaled = self.standardised(features)
        hidden = np.tanh(row_products(scaled, self.hidden_weights) + self.hidden_biases)
        usual_ms = base_ms * np.exp(row_products(hidden, self.output_weights) + self.output_bias)
        centre = np.interp(np.log(usual_ms), self.centre_log_ms, self.centre_factor)
        result: FloatArray = usual_ms * centre
        if self.folded_weights.size:
            is_folded: BoolArray = executed(genes).is_folded
            features = folded_features(genes[is_folded])
            folded_ms = self.folded_weights[0] + row_products(features, self.folded_weights[1:])
            result[is_folded] = np.maximum(folded_ms, self.folded_floor_ms)
        return result

    def base_ms(self, features: FloatArray) -> FloatArray:
        """Return the sum over features, ms, ``(n,)``."""
        base: FloatArray = self.sum_weights[0] + row_products(features, self.sum_weights[1:])
        return np.maximum(base, self.floor_ms)

    def standardised(self, features: FloatArray) -> FloatArray:
        """Return the features as the hidden layer sees them, ``(n, n_features)``."""
        return (features - self.feature_mean) / self.feature_scale


def total_ms(name: str, genes: IntArray) -> FloatArray:
    """Return the time of the whole CIFAR-10 network for one input.

    Args:
        name: A machine of :data:`HARDWARE`.
        genes: Raw cells as written, ``(n, 6)``: some machines run dead operations.

    Returns:
        Predicted times, ms, ``(n,)``; finite and positive. For a busy machine, the time of a batch
        divided by its size.

    Raises:
        UnknownNameError: No such machine.
        GenomeError: Genes of a wrong shape or outside [0, 4].

    Example:
        >>> float(total_ms("fpga", np.array([[0, 0, 0, 3, 0, 0]]))[0])  # 1.13296 + 1.2576
        2.39056
    """
    return load_predictor(name).total_ms(check_cells(genes))


@lru_cache
def load_predictor(name: str) -> ClosedForm | Fitted:
    """Return the predictor of a machine, read once.

    Raises:
        UnknownNameError: No such machine.
        AssetError: The shipped file is missing or damaged.
    """
    arrays = _read(name)
    if HARDWARE[name].kind == "closed form":
        return ClosedForm(steps=arrays["steps"].astype(np.int64))
    return Fitted(
        **{field: arrays[field].astype(np.float64) for field in Fitted.__annotations__}  # type: ignore[arg-type]  # 0-d arrays serve as floats
    )


@lru_cache
def fit_report(name: str) -> FitReport:
    """Return how well the predictor of a machine did on measurements it had not seen.

    Raises:
        UnknownNameError: No such machine.
        AssetError: The shipped file is missing or damaged.
    """
    return FitReport.from_array(name, _read(name)["report"].astype(np.float64))


def asset_path(name: str) -> str:
    """Return where the weights of a machine lie within :mod:`evonasc.nasbench201.assets`."""
    return f"hardware/{name}.npz"


def _read(name: str) -> dict[str, IntArray | FloatArray]:
    """Return the arrays of a weight file."""
    if name not in HARDWARE:
        raise UnknownNameError("hardware", name, HARDWARE)
    try:
        with np.load(io.BytesIO(ASSETS.read(asset_path(name))), allow_pickle=False) as archive:
            return dict(archive)
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise AssetError(f"The shipped file {asset_path(name)!r} is no weight file.") from error
