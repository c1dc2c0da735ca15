"""Where developers keep the original measurements, which are never part of the project."""

import os
from pathlib import Path


def shared_data() -> Path:
    """Return ``$EVONASC_SHARED/data``, or ``../shared/data``; it need not exist."""
    return Path(os.environ.get("EVONASC_SHARED", "../shared")) / "data"
