from pathlib import Path

import numpy as np
import pytest

from evonasc.errors import DataFileError, UnknownNameError
from evonasc.nasbench201.cells import all_cells
from evonasc.nasbench201.machines.fitting import (
    Measurements,
    fit_hardware,
    fit_predictor,
    read_measurements,
    twin_errors,
)
from evonasc.nasbench201.machines.known import HARDWARE
from evonasc.nasbench201.machines.predictor import ClosedForm, Fitted


def test_an_unknown_machine_names_the_close_match(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match=r"'raspi5'\. Did you mean 'raspi4'\?"):
        fit_hardware(tmp_path / "unread.npz", names=["raspi5"], seed=0)


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


def test_twins_are_cells_that_swap_the_inner_nodes() -> None:
    genes = np.array([[2, 3, 0, 1, 1, 4], [3, 2, 0, 1, 4, 1], [2, 3, 1, 1, 1, 4]])
    errors = twin_errors(genes, np.array([2.2, 2.0, 9.0]))
    assert len(errors) == 1
    assert errors[0] == pytest.approx(0.1)
