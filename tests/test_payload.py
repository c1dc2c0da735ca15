import numpy as np
import pytest

from evonasc.cost.payload import PAYLOAD_WIDTHS, check_width, payload_bytes, payload_table
from evonasc.errors import ConfigError

AFTER_STAGE_1, AFTER_REDUCTION_1, AFTER_STAGE_3 = 6, 7, 18


@pytest.mark.parametrize(
    ("bits", "cut", "expected"),
    [
        # float32 of 16 x 32 x 32: no header
        (32, AFTER_STAGE_1, 4 * 16 * 32 * 32),
        (32, AFTER_REDUCTION_1, 4 * 32 * 16 * 16),
        (32, AFTER_STAGE_3, 4 * 64 * 8 * 8),
        (16, AFTER_STAGE_1, 2 * 16 * 32 * 32),
        # integers carry a scale and a zero point, four bytes each
        (8, AFTER_STAGE_1, 16 * 32 * 32 + 8),
        (4, AFTER_STAGE_1, 16 * 32 * 32 // 2 + 8),
        (2, AFTER_STAGE_3, 64 * 8 * 8 // 4 + 8),
    ],
)
def test_payload_by_hand(nasbench, bits, cut, expected):
    assert payload_table(nasbench, bits=bits)[cut] == expected


@pytest.mark.parametrize("bits", PAYLOAD_WIDTHS)
def test_raw_image_is_one_byte_a_value_and_nothing_is_sent_at_the_end(nasbench, bits):
    table = payload_table(nasbench, bits=bits)
    assert table.shape == (20,)
    assert table[0] == 3 * 32 * 32
    assert table[-1] == 0


def test_bits_that_fill_no_whole_byte_are_rounded_up(staircase):
    """At cut 4 the toy space sends three values: 3 x 2 bits are one byte, and the header."""
    space = staircase.designs.space
    assert payload_table(space, bits=2)[4] == 1 + 8
    assert payload_table(space, bits=32)[4] == 3 * 4


def test_each_design_pays_for_its_own_width_and_cut(nasbench):
    cuts, bits = np.array([18, 18, 0, 19, 7]), np.array([8, 32, 4, 32, 16])
    expected = [64 * 64 + 8, 4 * 64 * 64, 3072, 0, 2 * 32 * 16 * 16]
    assert payload_bytes(nasbench, cuts, bits).tolist() == expected
    assert payload_bytes(nasbench, cuts[:0], bits[:0]).shape == (0,)


@pytest.mark.parametrize("bits", [0, 1, 3, 64, -8])
def test_widths_that_are_not_offered_are_refused(nasbench, bits):
    with pytest.raises(ConfigError, match=f"must be one of 2, 4, 8, 16, 32, got {bits}"):
        check_width(bits)
    with pytest.raises(ConfigError, match=f"got {bits}"):
        payload_table(nasbench, bits=bits)
