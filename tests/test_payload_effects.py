import numpy as np
import pytest
import torch

from evonasc.cost.payload import Sending
from evonasc.cost.scenario import Scenario
from evonasc.data.images import Images
from evonasc.nasbench201.cells import canonical_connected_cells
from evonasc.nasbench201.network import SupernetConfig, initialise
from evonasc.nasbench201.space import NasBench201
from evonasc.space import DesignSpace
from evonasc.supernet.payload_effects import (
    PayloadIncrease,
    arriving_values,
    loss_pattern,
    quantise,
    score_sendings,
    send,
)
from evonasc.supernet.scoring import score_networks

CELL = canonical_connected_cells()[4000].tolist()


@pytest.fixture(scope="module")
def supernet():
    return initialise(SupernetConfig(channels=4, cells_per_stage=1, n_classes=10), seed=0)


@pytest.fixture(scope="module")
def images():
    rng = np.random.default_rng(0)
    pixels = rng.integers(256, size=(40, 3, 16, 16)).astype(np.uint8)
    return Images(pixels, rng.integers(10, size=40))


def tensor(seed=0, n=3):
    return torch.randn(n, 4, 6, 5, generator=torch.Generator().manual_seed(seed))


# Quantisation


def test_two_bits_by_hand():
    """Range -1 to 2 has the levels -1, 0, 1, 2; halves of the second image's range are its own."""
    x = torch.tensor([[-1.0, 2.0, 0.4, 0.6], [0.0, 3.0, 1.4, 1.6]]).view(2, 1, 2, 2)
    expected = [[-1.0, 2.0, 0.0, 1.0], [0.0, 3.0, 1.0, 2.0]]
    assert quantise(x, bits=2).view(2, 4).tolist() == expected


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_an_image_keeps_its_range_and_has_no_more_levels_than_its_bits(bits):
    x = tensor()
    sent = quantise(x, bits=bits)
    torch.testing.assert_close(sent.amin(dim=(1, 2, 3)), x.amin(dim=(1, 2, 3)))
    torch.testing.assert_close(sent.amax(dim=(1, 2, 3)), x.amax(dim=(1, 2, 3)))
    assert all(len(image.unique()) <= 2**bits for image in sent)
    step = (x.amax(dim=(1, 2, 3)) - x.amin(dim=(1, 2, 3))) / (2**bits - 1)
    assert ((sent - x).abs().amax(dim=(1, 2, 3)) <= step / 2 * 1.0001).all()


def test_wide_values_and_constant_tensors_are_kept():
    assert quantise(tensor(), bits=16).equal(tensor())
    assert quantise(tensor(), bits=32).equal(tensor())
    constant = torch.full((2, 1, 3, 3), -1.7)
    torch.testing.assert_close(quantise(constant, bits=2), constant)


def test_the_dtype_of_the_tensor_is_kept():
    assert quantise(tensor().bfloat16(), bits=4).dtype == torch.bfloat16


# Packets


def test_a_lost_packet_is_a_run_of_values_in_row_major_order():
    """10 bytes hold 20 values of 4 bits: 120 values are 6 packets, and here the third goes."""
    sending = Sending(4, packet_loss=0.5, packet_bytes=10)
    pattern = torch.tensor([[0.9, 0.9, 0.1, 0.9, 0.9, 0.9]])
    kept = arriving_values(120, sending, pattern=pattern)[0]
    assert kept.nonzero().flatten().tolist() == [*range(40), *range(60, 120)]


def test_the_last_packet_may_be_short():
    kept = arriving_values(25, Sending(8, 0.5, 10), pattern=torch.tensor([[0.9, 0.9, 0.0]]))[0]
    assert kept.tolist() == [True] * 20 + [False] * 5


def test_what_is_lost_is_zero_and_what_arrives_is_as_quantised():
    x, sending = tensor(n=50), Sending(4, packet_loss=0.3, packet_bytes=10)
    got, quantised_only = send(x, sending, seed=1), quantise(x, bits=4)
    is_lost = (got == 0) & (quantised_only != 0)
    assert got[~is_lost].equal(quantised_only[~is_lost])
    # 50 images of 6 packets: the share lost is 0.3 within four standard errors
    assert abs(float(is_lost.float().mean()) - 0.3) < 4 * (0.3 * 0.7 / 300) ** 0.5


def test_every_image_loses_its_own_packets_the_same_each_time():
    x, sending = tensor(n=8), Sending(32, packet_loss=0.5, packet_bytes=40)
    state = torch.get_rng_state()
    first, again = (send(x, sending, seed=3) for _ in range(2))
    assert first.equal(again)
    assert not first.equal(send(x, sending, seed=4))
    assert len({tuple((image == 0).flatten().tolist()) for image in first}) > 4
    assert torch.get_rng_state().equal(state)


def test_a_higher_loss_loses_the_same_packets_and_more():
    pattern = loss_pattern(20, 120, Sending(8, 0.1, 10), seed=0)
    few, many = (arriving_values(120, Sending(8, loss, 10), pattern=pattern) for loss in (0.1, 0.4))
    assert (few | ~many).all()
    assert few.sum() > many.sum()


def test_the_raw_input_is_not_quantised_and_its_packets_hold_bytes():
    x = tensor(n=20)
    assert send(x, Sending(2), seed=0, is_raw=True).equal(x)
    wide, narrow = (send(x, Sending(b, 0.4, 10), seed=0, is_raw=True) for b in (2, 32))
    assert wide.equal(narrow)
    assert not wide.equal(x)


# Scores


def test_undisturbed_it_is_the_score_of_the_network(supernet, images):
    nothing = [(cut, Sending(32)) for cut in range(8)]
    loss, error = score_sendings(supernet, CELL, images, nothing)
    whole_loss, n_right = score_networks(supernet, np.array([CELL]), images)
    np.testing.assert_allclose(loss, np.full(9, whole_loss[0]), rtol=1e-6)
    np.testing.assert_allclose(error, np.full(9, 1 - n_right[0] / 40))


def test_a_disturbed_score_is_that_of_a_pass_by_hand(supernet, images):
    loss, error = score_sendings(supernet, CELL, images, [(3, Sending(2))], is_bf16=False)
    with torch.inference_mode():
        pixels = (torch.from_numpy(images.pixels).float() - 121) / 64
        x = supernet(pixels, CELL, stop=3)
        least, most = x.amin(dim=(1, 2, 3), keepdim=True), x.amax(dim=(1, 2, 3), keepdim=True)
        x = least + torch.round((x - least) / (most - least) * 3) * (most - least) / 3
        logits = supernet(x, CELL, start=3).double().numpy()
    truth = logits[np.arange(40), images.labels]
    assert loss[1] == pytest.approx((np.log(np.exp(logits).sum(axis=1)) - truth).mean(), rel=1e-4)
    assert error[1] == np.mean(logits.argmax(axis=1) != images.labels)
    assert loss[1] != pytest.approx(loss[0], rel=1e-4)


def test_the_ways_of_sending_do_not_touch_each_other(supernet, images):
    ways = [(1, Sending(2)), (4, Sending(8, 0.2, 40)), (1, Sending(4)), (0, Sending(8, 0.2, 40))]
    together = score_sendings(supernet, CELL, images, ways)[0]
    alone = [score_sendings(supernet, CELL, images, [way])[0][1] for way in ways]
    np.testing.assert_array_equal(together[1:], alone)
    assert len(set(together.tolist())) == 5


def test_patterns_are_averaged(supernet, images):
    way = [(2, Sending(8, 0.3, 40))]
    one, four = (score_sendings(supernet, CELL, images, way, n_patterns=n)[0] for n in (1, 4))
    assert one[0] == four[0]
    assert one[1] != four[1]


# Live


@pytest.fixture
def designs():
    everywhere = lambda cells, bits: np.ones((*bits.shape, 20), bool)  # noqa: E731
    return DesignSpace(NasBench201(), (2, 8), everywhere)


def test_live_increases_are_differences_of_scores_at_the_cut(supernet, images, designs):
    genes = np.array([[*CELL, 7, 0], [*CELL, 7, 1], [*CELL, 19, 0], [*CELL, 12, 0], [*CELL, 7, 0]])
    found = PayloadIncrease(supernet, images)(genes, designs=designs, scenario=Scenario())
    # of 19 blocks the cuts 7 and 12 are the supernet's 3 (reduction) and 4 (after a cell)
    error = score_sendings(supernet, CELL, images, [(3, Sending(2)), (4, Sending(2))])[1]
    expected = [error[1] - error[0], 0, 0, error[2] - error[0], error[1] - error[0]]
    np.testing.assert_allclose(found, expected)


def test_what_harms_nothing_is_not_run(supernet, images, designs, monkeypatch):
    monkeypatch.setattr(
        "evonasc.supernet.payload_effects.score_sendings",
        lambda *args, **options: pytest.fail("ran"),
    )
    genes = np.array([[*CELL, 7, 1], [*CELL, 19, 0]])  # 8 bits; nothing sent
    measured = PayloadIncrease(supernet, images)
    assert measured(genes, designs=designs, scenario=Scenario()).tolist() == [0, 0]


def test_what_was_run_is_not_run_again(supernet, images, designs, monkeypatch):
    measured, lossy = (
        PayloadIncrease(supernet, images),
        Scenario(packet_loss=0.2, retransmit=False),
    )
    genes = np.array([[*CELL, 2, 0], [*CELL, 2, 1]])
    first = measured(genes, designs=designs, scenario=lossy)
    monkeypatch.setattr(
        "evonasc.supernet.payload_effects.score_sendings",
        lambda *args, **options: pytest.fail("ran again"),
    )
    # cut 5 is the same tensor of the one-cell supernet as cut 2
    genes[:, 6] = 5
    np.testing.assert_array_equal(measured(genes, designs=designs, scenario=lossy), first)
