import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from measurements import MEASUREMENTS, needs_measurements

from evonasc.cost.fit_quality import FitReport, judge, twin_errors
from evonasc.errors import DataFileError, GenomeError, UnknownNameError
from evonasc.nasbench201.assets import ASSETS
from evonasc.nasbench201.cells import all_cells, is_connected
from evonasc.nasbench201.machines.fitting import (
    Measurements,
    fit_hardware,
    fit_predictor,
    read_measurements,
)
from evonasc.nasbench201.machines.known import (
    HARDWARE,
    ClosedForm,
    Fitted,
    asset_path,
    fit_report,
    load_predictor,
    total_ms,
)

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


def given(name: str) -> tuple[np.ndarray, np.ndarray]:
    measured = read_measurements(MEASUREMENTS, HARDWARE[name])
    return measured.genes, measured.times_ms


def test_every_machine_has_a_bar_and_its_own_name() -> None:
    assert sorted([*BARS, *CLOSED_FORMS]) == list(HARDWARE) == sorted(HARDWARE)
    assert all(machine.name == name for name, machine in HARDWARE.items())


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
    with pytest.raises(
        UnknownNameError, match=r"Unknown hardware 'raspi5'\. Did you mean 'raspi4'\?"
    ):
        total_ms("raspi5", all_cells())
    with pytest.raises(UnknownNameError, match="Unknown hardware"):
        fit_report("raspi5")
    with pytest.raises(UnknownNameError, match="Unknown hardware"):
        fit_hardware(MEASUREMENTS, names=["raspi5"], seed=0)


def test_what_is_no_cell_is_refused() -> None:
    with pytest.raises(GenomeError, match="genes must have shape"):
        total_ms("raspi4", np.zeros((3, 7), dtype=int))


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
        "import sys, numpy as np; from evonasc.nasbench201.machines.known import total_ms; "
        "total_ms('raspi4', np.zeros((1, 6), dtype=int)); "
        "print(sorted({'torch', 'sklearn', 'scipy', 'pymoo'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({}, "it lacks 'op_index'"),
        ({"op_index": np.zeros((1, 6), dtype=int)}, "it lacks 'latency_ms_fpga'"),
        (
            {"op_index": np.zeros((1, 6), dtype=int), "latency_ms_fpga": np.array([np.nan])},
            "holds no time in 'latency_ms_fpga'",
        ),
    ],
)
def test_a_measurement_file_that_lacks_something_is_refused(
    tmp_path: Path, content: dict[str, np.ndarray], message: str
) -> None:
    path = tmp_path / "measured.npz"
    np.savez(path, **content)
    with pytest.raises(DataFileError, match=message):
        read_measurements(path, HARDWARE["fpga"])


def test_a_missing_or_damaged_measurement_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataFileError, match="Cannot read the measurements"):
        read_measurements(tmp_path / "absent.npz", HARDWARE["fpga"])
    (tmp_path / "text.npz").write_text("no archive")
    with pytest.raises(DataFileError, match=r"is no \.npz file"):
        read_measurements(tmp_path / "text.npz", HARDWARE["fpga"])


def test_times_that_are_not_linear_in_the_counts_have_no_closed_form(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    path = tmp_path / "measured.npz"
    np.savez(path, op_index=all_cells(), latency_ms_fpga=rng.uniform(1, 2, 15625))
    machine = HARDWARE["fpga"]
    with pytest.raises(DataFileError, match="linear in the operation counts"):
        fit_predictor(machine, read_measurements(path, machine), rng=rng)


def test_a_closed_form_is_found_from_a_few_cells(tmp_path: Path) -> None:
    truth = ClosedForm(steps=np.array([100_000, 0, 20_000, 70_000, 30_001]))
    cells = all_cells()[::97]
    np.savez(tmp_path / "m.npz", op_index=cells, latency_ms_fpga=truth.total_ms(cells))
    measured = read_measurements(tmp_path / "m.npz", HARDWARE["fpga"])
    found = fit_predictor(HARDWARE["fpga"], measured, rng=np.random.default_rng(0))
    assert isinstance(found, ClosedForm)
    assert found.steps.tolist() == truth.steps.tolist()


@pytest.mark.slow
def test_a_fit_finds_a_sum_over_operations_and_is_deterministic() -> None:
    """A tenth of the cells measured 40 % slow must not move the prediction of the others."""
    cells = all_cells()[::10]
    rng = np.random.default_rng(0)
    truth = 3 + 5 * (cells == 3).sum(axis=1) + 1 * (cells == 2).sum(axis=1)
    measured = truth * np.where(rng.random(len(cells)) < 0.1, 1.4, 1.0)
    data = Measurements(genes=cells, times_ms=measured)
    first, second = (
        fit_predictor(HARDWARE["titan_rtx"], data, rng=np.random.default_rng(3)) for _ in range(2)
    )
    assert isinstance(first, Fitted)
    errors = np.abs(first.total_ms(cells) / truth - 1)
    assert np.median(errors) < 0.01
    np.testing.assert_array_equal(first.total_ms(cells), second.total_ms(cells))


def test_judging_by_hand() -> None:
    report = judge(
        "x",
        predicted_ms=np.array([1.05, 2.0, 4.0, 3.0]),
        measured_ms=np.array([1.0, 2.0, 3.2, 4.0]),
        n_cells=9,
        twins=np.array([0.0, 0.3]),
    )
    assert report.mape == pytest.approx((0.05 + 0 + 0.25 + 0.25) / 4)
    assert report.max_error == pytest.approx(0.25)
    assert report.within_10_percent == 0.5
    # One of six pairs is the wrong way round: (5 - 1) / 6; ranks 1 2 4 3: 1 - 6 * 2 / (4 * 15).
    assert report.kendall_tau == pytest.approx(4 / 6)
    assert report.spearman == pytest.approx(0.8)
    assert (report.twin_mape, report.twin_within_10_percent) == (0.15, 0.5)
    assert FitReport.from_array("x", report.as_array()) == report


def test_twins_are_cells_that_swap_the_inner_nodes() -> None:
    genes = np.array([[2, 3, 0, 1, 1, 4], [3, 2, 0, 1, 4, 1], [2, 3, 1, 1, 1, 4]])
    errors = twin_errors(genes, np.array([2.2, 2.0, 9.0]))
    assert len(errors) == 1
    assert errors[0] == pytest.approx(0.1)
