"""Where the benchmark's measurements are, for tests that are marked rather than given a fixture."""

import os
from pathlib import Path

import pytest

_SHARED = Path(os.environ.get("EVONASC_SHARED", Path(__file__).parents[2] / "shared"))
MEASUREMENTS = _SHARED / "data" / "nasbench201.npz"
needs_measurements = pytest.mark.skipif(
    not MEASUREMENTS.exists(), reason=f"measurements not found at {MEASUREMENTS}"
)
