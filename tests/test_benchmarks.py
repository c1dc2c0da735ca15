"""The programs beside the package follow it: what each of them imports is there."""

import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROGRAMS = sorted([*(ROOT / "benchmarks").glob("*.py"), ROOT / "scripts" / "concept_figure.py"])


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_a_program_finds_all_that_it_imports(path):
    """They take minutes, so no test runs them."""
    assert callable(runpy.run_path(str(path))["main"])
