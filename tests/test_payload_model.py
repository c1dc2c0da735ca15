import dataclasses
import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from payload_models import CELLS, made_model

from evonasc.cost.cuts import design_space
from evonasc.cost.scenario import Scenario
from evonasc.errors import AssetError, ConfigError
from evonasc.nasbench201.errors.payload_model import (
    N_KINDS,
    cut_kind,
    decode_model,
    encode_model,
    model_for,
    modelled_increase,
    shipped_model,
)
from evonasc.nasbench201.errors.supernet_scores import SupernetScores, shipped_scores
from evonasc.nasbench201.space import NasBench201, supernet_cuts


def increase(model, cells, *, own=0.2, cut=1, bits=8, loss=0.0, room=1460):
    n = len(cells)
    return model.increase(
        cells,
        np.full(n, own),
        np.full(n, cut),
        bits=np.full(n, bits),
        packet_loss=np.full(n, loss),
        packet_bytes=np.full(n, room),
    )


# Form


def test_the_increase_by_hand():
    """Without network parts: rate exp(a) at 2 bits; the loss's (p / (1 - p)) ** g * share ** k."""
    model = made_model(weights=np.zeros((2, 1 + N_KINDS, 25)))
    at_two = 0.7 * (1 - np.exp(-np.exp(-2)))
    assert increase(model, CELLS[:1], bits=2)[0] == pytest.approx(at_two)
    at_four = 0.7 * (1 - np.exp(-np.exp(-2) / (1 + np.exp(2.5))))
    assert increase(model, CELLS[:1], bits=4)[0] == pytest.approx(at_four)
    # 1460 bytes of 16 KiB; b of cut 1 is 0.5 - 1.5 / 6 = 0.25
    rate = (1 / 3) ** 0.9 * (1460 / 16384) ** 0.2 * np.exp(0.25)
    lossy = 0.7 * (1 - np.exp(-rate))
    assert increase(model, CELLS[:1], loss=0.25)[0] == pytest.approx(lossy)


@settings(max_examples=100)
@given(
    st.integers(0, len(CELLS) - 1),
    st.floats(0.0, 0.95),
    st.integers(0, 6),
    st.floats(0.0, 0.99),
    st.floats(0.0, 0.99),
)
def test_fewer_bits_and_more_loss_never_help(row, own, cut, loss, more):
    model, cell = made_model(), CELLS[row : row + 1]
    low, high = sorted((loss, more))
    by_bits = [increase(model, cell, own=own, cut=cut, bits=b, loss=low)[0] for b in (32, 8, 4, 2)]
    assert (np.diff(by_bits) >= -1e-12).all()
    for bits in (2, 8, 32):
        little, much = (
            increase(model, cell, own=own, cut=cut, bits=bits, loss=one)[0] for one in (low, high)
        )
        assert 0 <= little <= much + 1e-12
        assert own + much <= max(0.9, own) + 1e-12


def test_nothing_is_added_where_nothing_happens():
    for model in (made_model(), shipped_model()):
        for bits in (8, 16, 32):
            assert (increase(model, CELLS[::50], bits=bits) == 0).all()
        assert (increase(model, CELLS[::50], bits=4) > 0).all()


def test_the_raw_input_is_sent_as_it_is():
    model = made_model()
    assert increase(model, CELLS[:1], cut=0, bits=2)[0] == 0
    narrow, wide = (increase(model, CELLS[:1], cut=0, bits=b, loss=0.1)[0] for b in (2, 32))
    assert narrow == wide > 0


def test_a_row_is_worth_the_same_in_any_company(rng):
    model, n = made_model(), 200
    cells, own = CELLS[rng.integers(len(CELLS), size=n)], rng.uniform(0.1, 0.5, n)
    cut, bits = rng.integers(7, size=n), rng.choice((2, 4, 8, 32), n)
    # the own error belongs to the network
    _, first, row = np.unique(cells, axis=0, return_index=True, return_inverse=True)
    own = own[first[row]]
    loss, room = rng.uniform(0, 0.5, n), rng.choice((500, 1460), n)

    def of(rows):
        return model.increase(
            cells[rows],
            own[rows],
            cut[rows],
            bits=bits[rows],
            packet_loss=loss[rows],
            packet_bytes=room[rows],
        )

    together = of(np.arange(n))
    np.testing.assert_allclose([of(np.array([row]))[0] for row in range(n)], together, rtol=1e-12)


def test_cuts_of_the_supernet_by_hand():
    assert supernet_cuts(5).tolist() == list(range(20))
    # two cells a stage: cells 1 and 2 of five are the first, 3 to 5 the second
    two = [0, 1, 2, 2, 3, 3, 3, 4, 5, 5, 6, 6, 6, 7, 8, 8, 9, 9, 9, 10]
    assert supernet_cuts(2).tolist() == two
    assert cut_kind(np.arange(7), 1).tolist() == [0, 0, 1, 2, 1, 2, 1]
    assert cut_kind(np.arange(10), 2).tolist() == [0, 0, 1, 1, 2, 1, 1, 2, 1, 1]


# Files


def test_a_model_is_read_as_it_was_written():
    model = made_model()
    again = decode_model(encode_model(model), where="here")
    for field in dataclasses.fields(model):
        np.testing.assert_array_equal(getattr(again, field.name), getattr(model, field.name))


@pytest.mark.parametrize(
    "changes",
    [{"exponents": np.ones(3)}, {"by_cut": np.ones((3, 6))}, {"by_cut": np.full((3, 7), np.nan)}],
)
def test_a_damaged_model_is_refused(changes):
    with pytest.raises(AssetError, match="here is no model of payload effects"):
        decode_model(encode_model(made_model(**changes)), where="here")
    with pytest.raises(AssetError, match="here is no model of payload effects"):
        decode_model(b"PK", where="here")


# What ships


def test_the_shipped_model_says_where_it_comes_from_and_how_wrong_it_is():
    header = shipped_model().header
    assert header["training"] == shipped_scores().header["training"]
    figures = header["figures"]
    assert figures["n_networks"] >= 40
    assert figures["worst_8_bits"] < figures["rms_all"] < 0.04
    assert "networks held out it is off by" in header["summary"]


def test_the_shipped_model_was_fitted_to_the_shipped_weights():
    pytest.importorskip("torch")
    from evonasc.nasbench201.assets import ASSETS
    from evonasc.nasbench201.supernet import WEIGHTS_ASSET

    digest = hashlib.sha256(ASSETS.read(WEIGHTS_ASSET)).hexdigest()
    assert shipped_model().header["weights_sha256"] == digest


def test_scores_of_another_supernet_are_refused_with_a_remedy():
    with pytest.raises(ConfigError, match=r"got those of another one\. Give that supernet with"):
        model_for({"training": {"data": "digits"}})


def test_designs_are_read_at_their_cut_and_width():
    space = NasBench201()
    scenario = Scenario(payload_bits=(2, 8), packet_loss=0.1, retransmit=False, min_split=0)
    designs, model = design_space(scenario, space), shipped_model()
    genes = np.array([[*CELLS[3000], cut, bits] for cut in (1, 12, 19) for bits in (0, 1)])
    own = np.full(len(genes), 0.2)
    found = modelled_increase(model, genes, own, designs=designs, scenario=scenario)
    one = CELLS[3000:3001]
    expected = [
        *(increase(model, one, cut=1, bits=bits, loss=0.1)[0] for bits in (2, 8)),
        *(increase(model, one, cut=4, bits=bits, loss=0.1)[0] for bits in (2, 8)),
        0,
        0,
    ]
    np.testing.assert_allclose(found, expected)
    source = SupernetScores()
    sent = source.payload_increase(genes, designs=designs, scenario=scenario)
    assert (sent[:4] > 0).all()
    assert (sent[4:] == 0).all()
    assert source.payload_provenance() == f"error at the cut: {model.header['summary']}"
