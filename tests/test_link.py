import numpy as np
import pytest

from evonasc.cost.link import fixed_link
from evonasc.cost.scenario import Scenario


def one(payload, **values):
    return float(fixed_link(Scenario(**values)).send_ms(np.array([float(payload)]))[0])


def test_a_payload_of_one_packet_by_hand():
    # 1000 bytes and 40 of headers, 8320 bits, at 10 Mbit/s = 10,000 bits a ms
    assert one(1000) == pytest.approx(0.832)


@pytest.mark.parametrize(
    ("payload", "packets"), [(1, 1), (1460, 1), (1461, 2), (2920, 2), (2921, 3), (16392, 12)]
)
def test_a_packet_holds_the_mtu_less_its_headers(payload, packets):
    # 1500 - 40 = 1460 bytes of payload a packet
    assert one(payload) == pytest.approx((payload + packets * 40) * 8 / 10_000)


def test_other_packets_by_hand():
    # 576 - 76 = 500 bytes a packet: 3 packets for 1200 bytes
    sent = one(1200, mtu_bytes=576, packet_header_bytes=76, uplink_mbps=2.0)
    assert sent == pytest.approx((1200 + 3 * 76) * 8 / 2000)


def test_without_headers_it_is_the_payload_over_the_rate():
    assert one(1e6, packet_header_bytes=0, uplink_mbps=8.0) == pytest.approx(1000.0)


def test_lost_packets_are_sent_again():
    # a quarter is lost: 1 + 1/4 + 1/16 + ... = 4/3 transmissions each
    assert one(1000, packet_loss=0.25) == pytest.approx(0.832 * 4 / 3)


def test_the_delay_passes_once_and_is_not_sent_again():
    sent = one(50_000, packet_loss=0.5) - one(50_000)
    with_delay = one(50_000, packet_loss=0.5, one_way_delay_ms=7.0) - one(50_000)
    assert with_delay == pytest.approx(sent + 7.0)


def test_nothing_to_send_takes_no_time():
    assert one(0, one_way_delay_ms=20.0, packet_loss=0.9) == 0.0


def test_shape_is_kept():
    payload = np.array([[0.0, 1000.0], [1000.0, 0.0]])
    expected = [[0.0, 0.832], [0.832, 0.0]]
    np.testing.assert_allclose(fixed_link(Scenario()).send_ms(payload), expected)


def test_more_takes_longer_and_a_faster_link_less():
    payload = np.sort(np.random.default_rng(0).integers(1, 10**6, 500)).astype(float)
    slow, fast = (fixed_link(Scenario(uplink_mbps=mbps)).send_ms(payload) for mbps in (10.0, 20.0))
    assert (np.diff(slow) >= 0).all()
    np.testing.assert_allclose(slow, 2 * fast)


@pytest.mark.parametrize("loss", [0.05, 0.3, 0.8])
def test_the_expected_time_is_the_mean_of_counted_transmissions(loss, rng):
    """Against 4000 simulated inputs of twenty full packets, within five standard errors."""
    transmissions = rng.geometric(1 - loss, size=(4000, 20)).sum(axis=1)
    simulated = transmissions * 1500 * 8 / 10_000
    tolerance = 5 * simulated.std() / 4000**0.5
    assert abs(simulated.mean() - one(20 * 1460, packet_loss=loss)) < tolerance


def test_packets_that_are_not_sent_again_are_sent_once():
    for loss in (0.0, 0.25, 0.9):
        assert one(1000, packet_loss=loss, retransmit=False) == pytest.approx(0.832)
