import numpy as np
import pytest

from evonasc.cost.payload import (
    PAYLOAD_WIDTHS,
    Sending,
    check_width,
    payload_bytes,
    payload_table,
)
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


def test_a_packet_holds_whole_values():
    # 1460 bytes of 4 bits are 2920 values; 13 bytes of 32 bits are 3, a quarter byte is none
    assert Sending(4).values_per_packet == 2920
    assert Sending(32, packet_bytes=13).values_per_packet == 3
    with pytest.raises(
        ConfigError, match=r"at least one value of 32 bits, got 3 bytes\. Raise mtu"
    ):
        Sending(32, packet_loss=0.1, packet_bytes=3)
    assert Sending(32, packet_bytes=3).is_harmless  # nothing is lost, so packets do not matter


def test_what_harms_is_few_bits_or_loss():
    is_harmless = [Sending(bits).is_harmless for bits in PAYLOAD_WIDTHS]
    assert dict(zip(PAYLOAD_WIDTHS, is_harmless, strict=True)) == {
        2: False,
        4: False,
        8: True,
        16: True,
        32: True,
    }
    assert not Sending(32, packet_loss=0.001).is_harmless
    with pytest.raises(ConfigError, match=r"packet_loss must lie in \[0, 1\), got 1"):
        Sending(8, packet_loss=1.0)
