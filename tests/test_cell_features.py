import numpy as np
import pytest
from measurements import MEASUREMENTS, needs_measurements

from evonasc.errors import GenomeError
from evonasc.nasbench201.cells import all_cells, is_connected
from evonasc.nasbench201.machines.cell_features import (
    check_cells,
    executed,
    executed_features,
    operation_counts,
)


def cell(text: str) -> np.ndarray:
    """Genes in edge order 01 02 12 03 13 23; 0 none 1 skip 2 conv1x1 3 conv3x3 4 pool."""
    return np.array([[int(digit) for digit in text]])


def run(text: str) -> str:
    return "".join(map(str, executed(cell(text)).operations[0]))


@pytest.mark.parametrize(
    ("written", "is_run"),
    [
        # Only what leads to the output is run, as long as no convolution meets a 0.
        ("000100", "000100"),
        ("000300", "000300"),
        ("333333", "333333"),
        ("111100", "000100"),
        ("044100", "000100"),
        # A dead node 2 that is one convolution and no sum: run with zero weights.
        ("030100", "030100"),
        ("003100", "003100"),  # of the all-zero node 1
        ("031100", "030100"),  # the skip passes an all-zero node on: still no sum
        ("130100", "030100"),
        ("103100", "103100"),
        ("303100", "303100"),  # with all that feeds it
        ("403100", "403100"),
        ("430100", "030100"),  # 0 * pool is a constant
        # A dead node 2 that is a sum or a pool: constant 0, nothing is run.
        ("131100", "000100"),
        ("013100", "000100"),
        ("033100", "000100"),
        ("113100", "000100"),
        ("333100", "000100"),
        ("304100", "000100"),
        # Node 1 meets a 0 on both sides (12 and 13 none).
        ("300100", "300100"),
        ("301100", "300100"),  # the skip to a dead node 2 is none of the operations run
        ("310100", "000100"),
        ("230100", "000100"),
        ("330100", "000100"),
        # The same with a living node 2: run with zero weights.
        ("310001", "310001"),
        ("330001", "330001"),
        ("400001", "000001"),
        # Node 1 lives: the product on edge 12 is a constant, node 2 one convolution.
        ("330010", "330010"),
        ("331010", "300010"),
        ("030010", "030010"),
    ],
)
def test_only_this_is_run(written: str, is_run: str) -> None:
    assert run(written) == is_run


@pytest.mark.parametrize("text", ["000000", "110000", "013010", "000003", "330000", "331000"])
def test_cells_without_a_term_from_the_input_are_folded(text: str) -> None:
    assert executed(cell(text)).is_folded[0]


@pytest.mark.parametrize("text", ["030000", "303000", "301000", "000100"])
def test_a_convolution_with_zero_weights_keeps_a_cell_from_being_folded(text: str) -> None:
    assert not executed(cell(text)).is_folded[0]


def test_live_operations_are_always_run_and_connected_cells_never_folded() -> None:
    cells = all_cells()
    execution = executed(cells)
    lives1 = (cells[:, 4] > 0) | ((cells[:, 2] > 0) & (cells[:, 5] > 0))
    live = np.stack([lives1, cells[:, 5] > 0, cells[:, 5] > 0, *[cells[:, 0] >= 0] * 3], axis=1)
    assert (execution.operations[live] == cells[live]).all()
    assert not (execution.is_folded & is_connected(cells)).any()


def test_nothing_is_run_that_was_not_written() -> None:
    cells = all_cells()
    operations = executed(cells).operations
    assert ((operations == cells) | (operations == 0)).all()


def test_counts_are_skip_conv1x1_conv3x3_pool() -> None:
    assert operation_counts(cell("012334")).tolist() == [[1, 1, 2, 1]]


def test_features_are_finite_one_row_a_cell_and_leave_the_genes_alone() -> None:
    cells = all_cells()
    before = cells.copy()
    features = executed_features(cells)
    assert features.shape == (15625, 74)
    assert np.isfinite(features).all()
    np.testing.assert_array_equal(cells, before)
    np.testing.assert_array_equal(executed_features(cells[7:9]), features[7:9])


def test_one_convolution_to_the_output_has_one_sum_term_and_depth_one() -> None:
    structure = executed_features(cell("000300"))[0, -15:]
    # Node 1 zero; the input is activated once; output of one term, no addition; one use of the
    # input; depth 1; one operation; 1 * 1 and 0 * 1.
    assert structure.tolist() == [1, 1, 0, 0, 1, 0, 0, 1, 0, 1, 0, 1, 1, 1, 0]


@pytest.mark.parametrize(
    ("genes", "message"),
    [
        (np.zeros(6, dtype=int), r"shape \(n, 6\), got \(6,\)"),
        (np.zeros((2, 5), dtype=int), r"shape \(n, 6\), got \(2, 5\)"),
        (np.zeros((1, 6)), "integers, got float64"),
        (np.full((1, 6), 5), r"lie in \[0, 4\], got \[5, 5\]"),
        (np.full((1, 6), -1), r"lie in \[0, 4\], got \[-1, -1\]"),
    ],
)
def test_what_is_no_cell_is_refused(genes: np.ndarray, message: str) -> None:
    with pytest.raises(GenomeError, match=message):
        check_cells(genes)


def test_no_cells_are_fine() -> None:
    assert executed_features(np.zeros((0, 6), dtype=int)).shape == (0, 74)


@needs_measurements
@pytest.mark.parametrize(("machine", "median_error"), [("raspi4", 0.03), ("pixel3", 0.01)])
def test_cells_that_run_the_same_take_the_same_time(machine: str, median_error: float) -> None:
    """The evidence for the rule: dead genes change what is written, not what it costs."""
    with np.load(MEASUREMENTS, allow_pickle=False) as archive:
        genes, times_ms = archive["op_index"], archive[f"latency_ms_{machine}"]
    execution = executed(genes)
    is_used = np.isfinite(times_ms) & ~execution.is_folded
    key = np.concatenate([execution.operations, execution.zeroed], axis=1)[is_used]
    times_ms = times_ms[is_used]
    _, group, size = np.unique(key, axis=0, return_inverse=True, return_counts=True)
    errors = [
        np.abs(times_ms[group == g] / np.median(times_ms[group == g]) - 1)
        for g in np.flatnonzero(size >= 3)
    ]
    assert sum(map(len, errors)) > 2000
    assert np.median(np.concatenate(errors)) < median_error


@needs_measurements
def test_folded_cells_are_the_ones_that_cost_next_to_nothing() -> None:
    with np.load(MEASUREMENTS, allow_pickle=False) as archive:
        genes, times_ms = archive["op_index"], archive["latency_ms_raspi4"]
    is_folded = executed(genes).is_folded
    assert np.nanmin(times_ms[~is_folded]) > 2.2
    assert np.nanmax(times_ms[is_folded]) < 4.5
    assert np.nanquantile(times_ms[is_folded], 0.5) < 0.5
