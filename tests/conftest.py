"""Fixtures that more than one file uses."""

import os
from pathlib import Path

import numpy as np
import pytest

from evonasc.nasbench201 import BENCHMARK
from evonasc.nasbench201.cells import N_CELLS, cell_number
from evonasc.problems import Staircase


class TableErrors:
    """Error source that looks a made-up error up by the cell as it is handed over."""

    provenance = "made up for tests"

    def __init__(self) -> None:
        self.table = np.random.default_rng(201).uniform(0.05, 0.9, N_CELLS)

    def error(self, genes, *, designs):
        return self.table[cell_number(designs.operations(genes))]


@pytest.fixture(scope="session", autouse=True)
def _cache(tmp_path_factory):
    """Keep exact fronts in a folder of the test run, not in the user's home."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EVONASC_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture(scope="session")
def nas201():
    """Return the benchmark: its space, machines and error sources."""
    return BENCHMARK


@pytest.fixture(scope="session")
def nasbench(nas201):
    """Return its search space."""
    return nas201.make_space()


@pytest.fixture(scope="session")
def table_errors():
    return TableErrors()


@pytest.fixture
def staircase():
    return Staircase()


@pytest.fixture(scope="session")
def shared_data():
    """Folder of the measurements: ``$EVONASC_SHARED/data``, or beside the checkout."""
    default = Path(__file__).parents[2] / "shared"
    folder = Path(os.environ.get("EVONASC_SHARED", default)) / "data"
    if not folder.is_dir():
        pytest.skip(f"measurements not found at {folder}; set EVONASC_SHARED")
    return folder


@pytest.fixture(scope="session")
def benchmark(shared_data):
    """Return the published table of all cells: strings, genes, MACs, parameters."""
    wanted = ("arch_str", "op_index", "flops_m", "params_m")
    with np.load(shared_data / "nasbench201.npz", allow_pickle=False) as archive:
        return {name: archive[name] for name in wanted}


@pytest.fixture(scope="session")
def small_run(tmp_path_factory):
    """Return the folder of a finished run of 300 designs; tests that write, copy it."""
    from evonasc.cli import main

    folder = tmp_path_factory.mktemp("runs") / "small"
    command = ["run", "--budget", "300", "--no-plot", "--quiet", "--out", str(folder)]
    assert main(command) == 0
    return folder
