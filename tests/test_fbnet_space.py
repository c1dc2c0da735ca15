"""FBNet's space: shapes and payloads as published, one spelling a network, layers that add up."""

import numpy as np
import pytest

from evonasc.contracts.space_rules import space_rules
from evonasc.cost.payload import payload_table
from evonasc.errors import GenomeError
from evonasc.fbnet.machines.network_entries import fixed_entries, searched_entries
from evonasc.fbnet.space import OPERATIONS, SKIP, FBNet
from evonasc.space import DesignSpace, any_cut

SPACE = FBNet()
#: Elements behind the stem, each stage, and the pooling, as HW-NAS-Bench's shapes give them.
ELEMENTS = {
    "stem": 16_384,
    "layer 1.1": 16_384,
    "layer 2.4": 24_576,
    "layer 3.4": 8_192,
    "layer 4.4": 4_096,
    "layer 5.4": 7_168,
    "layer 6.4": 2_944,
    "layer 7.1": 5_632,
    "pooling": 1_504,
    "classifier": 100,
}


@pytest.mark.parametrize(("what", "rule"), space_rules("fbnet"))
def test_it_keeps_what_spaces_promise(what, rule):
    rule(60, 0)


def test_shapes_are_those_of_the_published_networks():
    assert SPACE.n_blocks == 26
    assert SPACE.cut_shapes[0] == (3, 32, 32)
    elements = dict(zip(SPACE.block_names, map(np.prod, SPACE.cut_shapes[1:]), strict=True))
    assert {name: elements[name] for name in ELEMENTS} == ELEMENTS


def test_skips_that_compute_nothing_vanish_to_the_end_of_their_stage():
    (network,) = SPACE.from_text(["-|---0|1-2-|-111|3333|4-56|-"])
    (canonical,) = SPACE.canonical(network[None])
    # the first layer of a stage that changes the shape keeps its skip, a 1x1 convolution
    assert SPACE.to_short_text(canonical[None]) == ["-|-0--|12--|-111|3333|456-|-"]
    identities = SPACE.is_identity_block(canonical[None])[0]
    names = [name for name, is_one in zip(SPACE.block_names, identities, strict=True) if is_one]
    assert names == ["layer 1.1", "layer 2.3", "layer 2.4", "layer 3.3", "layer 3.4", "layer 6.4"]


def test_a_cut_behind_a_vanished_layer_is_the_first_equal_one():
    designs = DesignSpace(SPACE, (8,), any_cut(SPACE.n_blocks))
    (network,) = SPACE.from_text(["-|0---|0000|0000|0000|0000|0"])
    genes = np.array([[*network, cut] for cut in range(SPACE.n_blocks + 1)])
    cuts = designs.split_point(designs.canonical(genes)).tolist()
    assert cuts == [0, 1, 1, 3, 3, 3, 3, *range(7, 27)]


def test_spellings_of_a_network_cost_the_same(rng):
    networks = SPACE.sample(50, rng=rng)
    spelled = SPACE.respell(networks, rng=rng)
    assert (spelled != networks).any()
    for quantity in (SPACE.block_macs, SPACE.block_params):
        sums = [quantity(genes).sum(axis=1) for genes in (networks, spelled)]
        np.testing.assert_allclose(*sums)


def test_layers_add_up_to_the_blocks_of_the_table():
    """Counted by hand for one block; then all by what the entries say."""
    (network,) = SPACE.from_text(["3|7-00|0000|0000|0000|0000|0"])
    macs, params = SPACE.block_macs(network[None])[0], SPACE.block_params(network[None])[0]
    # k3_e6, 16 -> 96 -> 16 at 32 x 32
    assert macs[1] == 1024 * (16 * 96 + 9 * 96 + 96 * 16)
    assert params[1] == 16 * 96 + 9 * 96 + 96 * 16 + 2 * (96 + 96 + 16)
    chosen = [row[gene] for row, gene in zip(searched_entries(), network, strict=True)]
    stem, *rest = fixed_entries()
    wanted = [
        0 if entry.is_identity else sum(layer.macs for layer in entry.layers)
        for entry in (stem, *chosen, *rest)
    ]
    assert macs.tolist() == wanted


def test_memory_counts_what_is_kept_to_be_added():
    (network,) = SPACE.from_text(["3|-000|0000|0000|0000|0000|-"])
    peak = SPACE.block_peak_elements(network[None])[0]
    stem, wide = 16 * 1024, 96 * 1024
    assert peak[0] == 3 * 1024 + stem
    assert peak[1] == stem + wide + wide  # its input is added in the end
    assert peak[2] == stem + 24 * 1024  # a projection keeps nothing
    assert peak[22] == 184 * 16 + 352 * 16


def test_payloads_in_bytes():
    table = payload_table(SPACE, bits=32)
    assert table[0] == 3072  # the raw image is bytes already
    assert table[[1, 6, 10, 14, 18, 22, 23, 25, 26]].tolist() == [
        *(65536, 98304, 32768, 16384, 28672, 11776, 22528, 6016, 0)
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("k3_e1", "must be 22 operations with '|' between them, got 1 in 'k3_e1'"),
        ("|".join(["k3_e1"] * 21 + ["k7_e1"]), "must be one of .*, got 'k7_e1'"),
        ("0|1111|2222|3333|4444|5555|8", "must be 22 operations"),
    ],
)
def test_texts_of_no_network_are_refused(text, message):
    with pytest.raises(GenomeError, match=message):
        SPACE.from_text([text])


def test_operations_are_in_the_order_of_the_benchmark():
    assert OPERATIONS[SKIP] == "skip"
    assert [row[5].name.split("_exp")[1] for row in searched_entries()[:1]] == [
        "1_kernel5_stride1_group2"
    ]
