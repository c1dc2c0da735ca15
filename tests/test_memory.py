import numpy as np
import pytest

from evonasc.cost.costs import head_memory_table
from evonasc.nasbench201.cells import CONV3X3, SKIP, all_cells, is_connected

BARE, CONV = (0, 0, 0, SKIP, 0, 0), (0, 0, 0, CONV3X3, 0, 0)
STEM_WEIGHTS = 3 * 3 * 3 * 16 + 2 * 16
STEM_PEAK = (3 + 16) * 32 * 32
CONV_WEIGHTS = 3 * 3 * 16 * 16 + 2 * 16
#: 3x3 stride 2, 3x3, projection; normalisation of the first two.
REDUCTION_WEIGHTS = 9 * 16 * 32 + 9 * 32 * 32 + 16 * 32 + 2 * (2 * 32)


def table(nasbench, *cells):
    return head_memory_table(nasbench, np.array(cells))


def test_without_a_head_only_the_input_is_held(nasbench):
    assert table(nasbench, BARE, CONV)[:, 0].tolist() == [4 * 3 * 32 * 32] * 2


def test_memory_of_a_convolution_cell_by_hand(nasbench):
    values = table(nasbench, CONV)[0]
    assert values[1] == 4 * (STEM_WEIGHTS + STEM_PEAK)
    # input and output of the convolution, 16 x 32 x 32 each, are more than the stem needs
    cell_peak = 2 * 16 * 32 * 32
    assert values[2] == 4 * (STEM_WEIGHTS + CONV_WEIGHTS + cell_peak)
    assert values[6] == 4 * (STEM_WEIGHTS + 5 * CONV_WEIGHTS + cell_peak)
    # the reduction needs as much as the cell: its input and two tensors of half the size
    assert values[7] == 4 * (STEM_WEIGHTS + 5 * CONV_WEIGHTS + REDUCTION_WEIGHTS + cell_peak)


def test_cells_that_compute_nothing_add_nothing(nasbench):
    values = table(nasbench, BARE)[0]
    assert set(values[1:7]) == {4 * (STEM_WEIGHTS + STEM_PEAK)}
    # the reduction holds 2 * 16384 elements, more than the stem's 19456
    assert values[7] == 4 * (STEM_WEIGHTS + REDUCTION_WEIGHTS + 2 * 16 * 32 * 32)


def test_a_longer_head_never_needs_less(nasbench):
    cells = all_cells()[is_connected(all_cells())]
    values = head_memory_table(nasbench, nasbench.canonical(cells))
    assert values.shape == (15284, 20)
    assert (np.diff(values, axis=1) >= 0).all()


def test_all_weights_are_held_at_the_end(nasbench):
    values = table(nasbench, CONV)
    weights = nasbench.block_params(np.array([CONV])).sum()
    # the largest tensors stand at the beginning and count once
    assert values[0, -1] == pytest.approx(4 * (weights + 2 * 16 * 32 * 32))
