import subprocess
import sys
import time

import numpy as np
import pytest
from measurements import MEASUREMENTS, needs_measurements

from evonasc.errors import UnknownNameError
from evonasc.nasbench201.assets import ASSETS
from evonasc.nasbench201.cells import all_cells, is_connected
from evonasc.nasbench201.machines.fitting import read_measurements
from evonasc.nasbench201.machines.known import HARDWARE
from evonasc.nasbench201.machines.predictor import asset_path, fit_report, load_predictor

#: Machine -> least share within 10 %, largest mean error, least Spearman; held-out cells.
BARS = {
    "edgegpu": (0.95, 0.03, 0.96),
    "edgetpu": (0.95, 0.03, 0.98),
    "gold_6226": (0.90, 0.03, 0.98),
    "1080ti": (0.98, 0.03, 0.98),
    "1080ti_busy": (0.95, 0.03, 0.97),
    "pixel3": (0.80, 0.10, 0.98),
    "raspi4": (0.80, 0.08, 0.98),
    "titan_rtx": (0.94, 0.03, 0.98),
    "titan_rtx_busy": (0.98, 0.03, 0.98),
}
CLOSED_FORMS = ("eyeriss", "fpga")


def total_ms(name: str, genes: np.ndarray) -> np.ndarray:
    return load_predictor(name).total_ms(genes)


def given(name: str) -> tuple[np.ndarray, np.ndarray]:
    measured = read_measurements(MEASUREMENTS, HARDWARE[name])
    return measured.genes, measured.times_ms


def test_every_machine_has_a_bar() -> None:
    assert sorted([*BARS, *CLOSED_FORMS]) == sorted(HARDWARE)


@pytest.mark.parametrize("name", HARDWARE)
def test_every_cell_takes_a_finite_positive_time_the_same_each_time(name: str) -> None:
    cells = all_cells()
    times_ms = total_ms(name, cells)
    assert times_ms.shape == (15625,)
    assert times_ms.dtype == np.float64
    assert np.isfinite(times_ms).all()
    assert (times_ms > 0).all()
    load_predictor.cache_clear()
    np.testing.assert_array_equal(total_ms(name, cells), times_ms)
    np.testing.assert_allclose(total_ms(name, cells[100:103]), times_ms[100:103], rtol=1e-12)


@pytest.mark.parametrize("name", BARS)
def test_held_out_cells_are_predicted_within_the_bars(name: str) -> None:
    within, mape, spearman = BARS[name]
    report = fit_report(name)
    assert report.within_10_percent >= within
    assert report.mape <= mape
    assert report.spearman >= spearman


@needs_measurements
@pytest.mark.parametrize("name", BARS)
def test_shipped_weights_meet_the_bars_on_all_given_cells(name: str) -> None:
    within, mape, _ = BARS[name]
    genes, times_ms = given(name)
    is_network = is_connected(genes)
    errors = np.abs(total_ms(name, genes[is_network]) / times_ms[is_network] - 1)
    assert (errors <= 0.1).mean() >= within
    assert errors.mean() <= mape


@needs_measurements
@pytest.mark.parametrize("name", CLOSED_FORMS)
def test_closed_forms_reproduce_every_row_to_the_last_digit(name: str) -> None:
    genes, times_ms = given(name)
    assert len(times_ms) == 15625
    np.testing.assert_array_equal(total_ms(name, genes), times_ms.round(5))
    np.testing.assert_allclose(total_ms(name, genes), times_ms, rtol=1e-15, atol=1e-14)


def test_closed_forms_by_hand() -> None:
    cell = np.array([[1, 2, 3, 4, 3, 0]])  # one skip, one 1x1, two 3x3, one pool
    # 1.67954 + 0.24576 + 2 * 1.47456 + 1.47456; a pool costs as much as a 3x3 convolution.
    assert total_ms("eyeriss", cell)[0] == 6.34898
    # 1.13296 + 0.5152 + 2 * 1.2576 + 0.4096
    assert total_ms("fpga", cell)[0] == 4.57296


def test_a_dead_convolution_that_is_run_costs_as_much_as_a_live_one() -> None:
    folded, dead_but_run, live = total_ms(
        "raspi4", np.array([[3, 3, 0, 1, 0, 0], [0, 3, 0, 1, 0, 0], [0, 0, 0, 3, 0, 0]])
    )
    assert folded < 5
    assert dead_but_run == pytest.approx(live, rel=0.2)


def test_a_busy_server_is_faster_per_input() -> None:
    cells = all_cells()
    assert (total_ms("titan_rtx_busy", cells) < total_ms("titan_rtx", cells)).all()


def test_an_unknown_machine_names_the_close_match() -> None:
    for ask in (load_predictor, fit_report):
        with pytest.raises(
            UnknownNameError, match=r"Unknown hardware 'raspi5'\. Did you mean 'raspi4'\?"
        ):
            ask("raspi5")


def test_predicting_all_cells_takes_less_than_a_tenth_of_a_second() -> None:
    cells = all_cells()
    total_ms("raspi4", cells)
    durations = []
    for _ in range(5):
        start = time.perf_counter()
        total_ms("raspi4", cells)
        durations.append(time.perf_counter() - start)
    assert min(durations) < 0.1


@pytest.mark.parametrize("name", HARDWARE)
def test_weights_are_small_and_no_copy_of_the_measurements(name: str) -> None:
    assert len(ASSETS.read(asset_path(name))) < 100_000


def test_predicting_imports_numpy_only() -> None:
    code = (
        "import sys, numpy as np; "
        "from evonasc.nasbench201.machines.predictor import load_predictor; "
        "load_predictor('raspi4').total_ms(np.zeros((1, 6), dtype=int)); "
        "print(sorted({'torch', 'sklearn', 'scipy', 'pymoo'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
