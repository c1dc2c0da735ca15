"""Every notebook runs from top to bottom, small, and was kept with its outputs."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))


def code_cells(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(path, tmp_path):
    """As a script in a fresh process; a notebook's last expressions are simply not shown."""
    script = tmp_path / "notebook.py"
    script.write_text("\n".join("".join(cell["source"]) for cell in code_cells(path)), "utf-8")
    environment = {
        **os.environ,
        "EVONASC_SMOKE": "1",
        "PYTHONPATH": str(path.parents[1]),
        "MPLBACKEND": "Agg",
    }
    subprocess.run([sys.executable, script], check=True, env=environment, cwd=path.parent)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_keeps_the_outputs_of_one_run_in_order(path):
    cells = code_cells(path)
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    assert any(cell["outputs"] for cell in cells)
    text = path.read_text(encoding="utf-8")
    assert '"output_type": "error"' not in text


def test_there_are_notebooks():
    assert NOTEBOOKS
