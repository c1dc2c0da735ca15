"""What lies in the folder where evonasc is started does not run, and changes no figure."""

import os
import subprocess
import sys

import pytest

#: Modules that evonasc, or a worker of it, imports.
SHADOWED = ("rich", "numpy", "joblib", "pymoo", "evil")


@pytest.fixture
def foreign(tmp_path):
    """A folder with modules of well-known names, an entry point and a matplotlibrc."""
    for name in SHADOWED:
        (tmp_path / f"{name}.py").write_text(f"print('RUN {name}')\nmake = None\n")
    metadata = tmp_path / "evil-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: evil\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[evonasc.problems]\nevil = evil:make\n")
    (tmp_path / "matplotlibrc").write_text("text.usetex: True\nsavefig.dpi: 10\n")
    return tmp_path


def started(folder, *words):
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONSAFEPATH"}
    command = [sys.executable, "-m", "evonasc", *words]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.slow
def test_no_module_of_the_folder_runs(foreign):
    code, text = started(foreign, "list", "problems")
    assert code == 0
    assert "RUN" not in text
    assert "evil" not in text
    code, text = started(foreign, "run", "--problem", "evil")
    assert code == 2
    assert "RUN" not in text


@pytest.mark.slow
def test_no_module_of_the_folder_runs_in_workers_and_no_matplotlibrc_is_read(foreign):
    words = ["compare", "--problem", "toy", "--algos", "random", "--seeds", "2", "--jobs", "2"]
    code, text = started(foreign, *words, "--budget", "50", "--out", "cmp")
    assert code == 0, text
    assert "RUN" not in text
    assert list((foreign / "cmp").glob("*.png"))


@pytest.mark.slow
def test_code_that_is_named_is_found_in_the_folder_but_shadows_nothing(foreign):
    (foreign / "mine.py").write_text(
        "from evonasc.problems.toy import Staircase\n\n\ndef make():\n    return Staircase()\n"
    )
    code, text = started(foreign, "run", "--problem", "mine:make", "--budget", "50", "--no-plot")
    assert code == 0, text
    assert "RUN" not in text
