"""How long each known machine takes for a whole network, predicted from the genes of its cell.

Simulated accelerators follow a closed form that reproduces every published row. The others are
fitted by :mod:`evonasc.nasbench201.machines.fitting`: a sum over the features of
:mod:`evonasc.nasbench201.machines.cell_features`, corrected by one small hidden layer. Times are
those of the CIFAR-10 network of NAS-Bench-201, whole network, milliseconds an input.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from evonasc.arrays import BoolArray, FloatArray, IntArray, row_products
from evonasc.cost.fit_quality import FitReport
from evonasc.errors import AssetError, UnknownNameError
from evonasc.nasbench201.assets import ASSETS
from evonasc.nasbench201.machines.cell_features import (
    executed,
    executed_features,
    folded_features,
    operation_counts,
)
from evonasc.nasbench201.machines.known import HARDWARE
from evonasc.parsing import npz_arrays

#: Closed forms are whole numbers of this many ms.
CLOSED_FORM_STEP_MS = 1e-5


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
        return npz_arrays(ASSETS.read(asset_path(name)))
    except ValueError as error:
        raise AssetError(f"The shipped file {asset_path(name)!r} is no weight file.") from error
