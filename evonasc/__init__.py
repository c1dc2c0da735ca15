"""Evolutionary multi-objective neural architecture search for split computing."""

from pathlib import Path as _Path

__version__ = "0.1.0"

# A wheel nests problems/ and operators/ in this package; in a checkout they lie beside it.
_here = _Path(__file__).parent
if not (_here / "problems").is_dir():
    __path__.append(str(_here.parent))
