"""A problem whose errors count as equal where they hardly differ."""

import numpy as np

from evonasc.arrays import FloatArray, IntArray
from evonasc.errors import ConfigError
from evonasc.problems.base import DesignProblem


class CoarseErrorProblem(DesignProblem):
    """Another problem, its error compared as multiples of a resolution; columns stay exact.

    Errors that differ by less than the resolution, a fraction, are ties.

    Raises:
        ConfigError: No fraction, or the error is no objective.
    """

    def __init__(self, inner: DesignProblem, *, resolution: float) -> None:
        require_resolution(resolution, objectives=inner.objectives)
        self.inner, self.resolution = inner, resolution
        self.cut_free_columns, self.error_source = inner.cut_free_columns, inner.error_source
        self.is_foreign = inner.is_foreign
        super().__init__(
            inner.designs,
            objectives=inner.objectives,
            known_columns=inner.objectives,
            bounds=inner.column_bounds,
        )

    def columns(self, genes: IntArray) -> dict[str, FloatArray]:
        """Return the columns of the problem, exact."""
        return self.inner.columns(genes)

    def latency_ms(self, genes: IntArray) -> FloatArray:
        """Return the latencies of the problem."""
        return self.inner.latency_ms(genes)

    def compared(self, columns: dict[str, FloatArray], name: str) -> FloatArray:
        """Return a column as searches compare it: the error at its resolution."""
        values = self.inner.compared(columns, name)
        return coarse(values, resolution=self.resolution) if name == "error" else values

    def columns_to_bound(self) -> tuple[str, ...]:
        """Return those of the problem."""
        return self.inner.columns_to_bound()

    def predictor_errors(self) -> dict[str, float]:
        """Return those of the problem."""
        return self.inner.predictor_errors()

    def provenance(self) -> tuple[str, ...]:
        """Say what counts as a tie."""
        return (
            *self.inner.provenance(),
            f"error as an objective: rounded down to multiples of {self.resolution:g}, in the "
            "exact front too; differences below that count as ties. The column error is exact.",
        )


def coarse(error: FloatArray, *, resolution: float) -> FloatArray:
    """Return errors as a search sees them: rounded down to multiples of the resolution, same shape.

    A resolution of 0 leaves them as they are. What lies a billionth of the resolution below a
    multiple belongs to it: 0.3 is three times 0.1 for a reader, if not in binary.
    """
    if resolution == 0:
        return error
    rounded: FloatArray = np.floor(error / resolution + 1e-9) * resolution
    return rounded


def require_resolution(resolution: float, *, objectives: tuple[str, ...]) -> None:
    """Refuse a resolution that is no fraction, or one of an error that is no objective.

    Raises:
        ConfigError: It is.
    """
    if not 0 <= resolution < 1:
        raise ConfigError(f"error_resolution must be a fraction in [0, 1), got {resolution}.")
    if resolution > 0 and "error" not in objectives:
        raise ConfigError(
            "error_resolution must be used with the objective error, got "
            f"{', '.join(objectives)}. Leave out --error-resolution, or add error."
        )


def coarse_objectives(
    columns: dict[str, FloatArray], *, objectives: tuple[str, ...], resolution: float
) -> FloatArray:
    """Return objectives among exact columns as a search compares them, ``(n, n_obj)``."""
    return np.stack(
        [
            coarse(columns[name], resolution=resolution) if name == "error" else columns[name]
            for name in objectives
        ],
        axis=1,
    )
