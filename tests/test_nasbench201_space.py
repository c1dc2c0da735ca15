import math

import numpy as np
import pytest
from hypothesis import given
from strategies import cells

from evonasc.errors import GenomeError, UnknownNameError
from evonasc.nasbench201.cells import CONV1X1, CONV3X3, POOL, SKIP, all_cells, is_connected
from evonasc.nasbench201.space import NasBench201
from evonasc.runs.benchmarks import SPACES, search_space

SPACE = NasBench201()
CELL_BLOCKS = [*range(1, 6), *range(7, 12), *range(13, 18)]
STEM, REDUCTION_1, REDUCTION_2, CLASSIFIER = 0, 6, 12, 18
#: Elements of the tensor in each stage: 16*32*32, 32*16*16, 64*8*8.
TENSORS = {1: 16384, 7: 8192, 13: 4096}

BARE = (0, 0, 0, SKIP, 0, 0)
ONE_CONV = (0, 0, 0, CONV3X3, 0, 0)
# node 1 = conv3x3(in), node 2 = in + conv1x1(node 1), out = pool(in) + node 1 + conv3x3(node 2)
MIXED = (CONV3X3, SKIP, CONV1X1, POOL, SKIP, CONV3X3)


def one(cell):
    return np.array([cell])


# Blocks and shapes


def test_blocks_stand_in_the_order_of_computing():
    assert SPACE.n_blocks == 19
    assert [SPACE.block_names[i] for i in (0, 1, 5, 6, 7, 12, 17, 18)] == [
        "stem",
        "cell 1.1",
        "cell 1.5",
        "reduction 1",
        "cell 2.1",
        "reduction 2",
        "cell 3.5",
        "classifier",
    ]


def test_shapes_are_those_of_a_real_forward_pass():
    """On meta tensors: torch works the shapes out and computes nothing."""
    import torch

    from evonasc.nasbench201.network import CellSupernet, SupernetConfig

    with torch.device("meta"):
        network = CellSupernet(SupernetConfig(channels=16, cells_per_stage=5, n_classes=10))
        tensor = torch.empty(2, 3, 32, 32)
    shapes = [tuple(tensor.shape[1:])]
    for block in range(len(network.blocks)):
        tensor = network(tensor, MIXED, start=block, stop=block + 1)
        shapes.append((*tensor.shape[1:], 1, 1)[:3])
    assert list(SPACE.cut_shapes) == shapes
    assert len(shapes) == 20


@pytest.mark.parametrize("cell", [BARE, ONE_CONV, MIXED, (2, 3, 4, 2, 3, 4)])
def test_macs_and_convolution_weights_are_those_of_the_layers_torch_calls(cell):
    """Hooks on every convolution and linear layer count what a real forward pass does."""
    import torch
    from torch import nn

    from evonasc.nasbench201.network import CellSupernet, SupernetConfig

    with torch.device("meta"):
        network = CellSupernet(SupernetConfig(channels=16, cells_per_stage=5, n_classes=10))
        tensor = torch.empty(2, 3, 32, 32)
    macs = np.zeros(19)

    def count(layer, inputs, output):
        positions = output[0, 0].numel() if isinstance(layer, nn.Conv2d) else 1
        macs[block] += layer.weight.numel() * positions

    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            module.register_forward_hook(count)
    for block in range(19):
        tensor = network(tensor, cell, start=block, stop=block + 1)
    np.testing.assert_array_equal(SPACE.block_macs(one(cell))[0], macs)


def test_search_spaces_are_found_by_name_and_others_refused():
    assert isinstance(search_space("nasbench201"), NasBench201)
    assert list(SPACES) == sorted(SPACES)
    with pytest.raises(UnknownNameError, match="Did you mean 'nasbench201'"):
        search_space("nasbench101")


@pytest.mark.parametrize(
    ("operations", "message"),
    [
        (np.zeros(6, dtype=int), r"must have shape \(n, n_operation_genes\) = \(n, 6\)"),
        (np.zeros((2, 5), dtype=int), r"got \(2, 5\)"),
        (np.zeros((1, 6)), "must be integers, got dtype float64"),
        (np.zeros((1, 6), dtype=bool), "must be integers, got dtype bool"),
        (np.array([[0] * 6, [0, 0, 5, 0, 0, 0]]), r"gene 2 must lie in \[0, 4\], got 5 in row 1"),
        (np.array([[0, -1, 0, 0, 0, 0]]), r"gene 1 must lie in \[0, 4\], got -1 in row 0"),
    ],
)
def test_operations_outside_the_space_are_refused(operations, message):
    with pytest.raises(GenomeError, match=message):
        SPACE.check(operations)


def test_small_integer_types_are_widened():
    assert SPACE.check(np.ones((1, 6), dtype=np.int8)).dtype == np.int64


# MACs and parameters


def test_macs_of_each_block_by_hand():
    macs = SPACE.block_macs(one((CONV3X3, 0, CONV1X1, 0, POOL, SKIP)))[0]
    assert macs[STEM] == 3 * 3 * 3 * 16 * 32 * 32
    # one 3x3 and one 1x1 convolution; pool and skip multiply nothing
    assert macs[1] == (9 + 1) * 16 * 16 * 32 * 32
    assert macs[7] == (9 + 1) * 32 * 32 * 16 * 16
    assert macs[13] == (9 + 1) * 64 * 64 * 8 * 8
    # 3x3 stride 2, 3x3, and the 1x1 projection behind the pool, all at the smaller image
    assert macs[REDUCTION_1] == (9 * 16 * 32 + 9 * 32 * 32 + 16 * 32) * 16 * 16
    assert macs[REDUCTION_2] == (9 * 32 * 64 + 9 * 64 * 64 + 32 * 64) * 8 * 8
    assert macs[CLASSIFIER] == 64 * 10
    assert len(set(macs[1:6])) == len(set(macs[7:12])) == len(set(macs[13:18])) == 1


def test_params_of_each_block_by_hand():
    params = SPACE.block_params(one((CONV3X3, 0, CONV1X1, 0, POOL, SKIP)))[0]
    # each convolution is followed by a scale and a shift a channel
    assert params[STEM] == 3 * 3 * 3 * 16 + 2 * 16
    assert params[1] == (9 + 1) * 16 * 16 + 2 * (2 * 16)
    assert params[13] == (9 + 1) * 64 * 64 + 2 * (2 * 64)
    # the projection has no normalisation
    assert params[REDUCTION_1] == (9 * 16 * 32 + 2 * 32) + (9 * 32 * 32 + 2 * 32) + 16 * 32
    assert params[CLASSIFIER] == 2 * 64 + 64 * 10 + 10


def test_macs_and_params_of_all_cells_are_the_published_ones(benchmark):
    """The tables are float32 millions: seven digits."""
    genes = benchmark["op_index"].astype(np.int64)
    macs = SPACE.block_macs(genes).sum(axis=1) / 1e6
    params = SPACE.block_params(genes).sum(axis=1) / 1e6
    np.testing.assert_allclose(macs, benchmark["flops_m"][0], rtol=2e-6)
    np.testing.assert_allclose(params, benchmark["params_m"][0], rtol=2e-6)


@given(cells())
def test_canonical_network_computes_no_more_than_the_cell_as_written(genes):
    lean = SPACE.canonical(genes)
    assert (SPACE.block_macs(lean) <= SPACE.block_macs(genes)).all()
    assert (SPACE.block_params(lean) <= SPACE.block_params(genes)).all()


# Peak memory

# In units of the stage's tensor, edge by edge 01 02 12 03 13 23.
PEAKS = [
    # nothing to compute: the input is the output
    (BARE, 1),
    # input and result
    (ONE_CONV, 2),
    # 01: in, n1 = 2. 02: in is needed again by 03: in, n1, copy of in as n2 = 3.
    # 12: in, n1, n2 and the 1x1's result = 4. 03: in, n1, n2, pool = 4. 13: n1 is added in place.
    # 23: n2, sum, the 3x3's result = 3.
    (MIXED, 4),
    # a chain of three convolutions never holds more than two tensors
    ((CONV3X3, 0, CONV3X3, 0, 0, CONV3X3), 2),
    # the complete cell of convolutions: at 03 in, n1, n2 and the first term of the output: 4;
    # at 12 in, n1, n2 and a result: 4; at 13 n1, n2, sum, result: 4
    ((3, 3, 3, 3, 3, 3), 4),
    # two parallel convolutions of the input: in, sum, second result
    ((0, CONV3X3, 0, CONV3X3, 0, SKIP), 3),
]


@pytest.mark.parametrize(("cell", "tensors"), PEAKS)
def test_peak_memory_of_cells_by_hand(cell, tensors):
    peak = SPACE.block_peak_elements(one(cell))[0]
    for block, elements in TENSORS.items():
        assert peak[block : block + 5].tolist() == [tensors * elements] * 5


def test_peak_memory_of_fixed_blocks_by_hand():
    peak = SPACE.block_peak_elements(one(MIXED))[0]
    assert peak[STEM] == 3 * 32 * 32 + 16 * 32 * 32
    # the input is kept for the shortcut; the first convolution's result and the second's
    assert peak[REDUCTION_1] == 16 * 32 * 32 + 2 * (32 * 16 * 16)
    assert peak[REDUCTION_2] == 32 * 16 * 16 + 2 * (64 * 8 * 8)
    assert peak[CLASSIFIER] == 2 * 64 * 8 * 8


def test_peak_memory_holds_at_least_input_and_output_and_at_most_four_tensors():
    genes = all_cells()[is_connected(all_cells())]
    tensors = SPACE.block_peak_elements(genes)[:, CELL_BLOCKS] / [
        math.prod(SPACE.cut_shapes[block]) for block in CELL_BLOCKS
    ]
    identity = SPACE.is_identity_block(genes).any(axis=1)
    assert (tensors[identity] == 1).all()
    assert set(np.unique(tensors[~identity])) == {2, 3, 4}


# Identity blocks


def test_identity_blocks_are_the_cells_of_a_bare_skip():
    # only a skip; two skips in a row; one skip and a dead convolution; the same summed twice
    genes = np.array([BARE, (SKIP, 0, 0, 0, SKIP, 0), (3, 0, 0, SKIP, 0, 0), (1, 0, 0, 1, 1, 0)])
    identity = SPACE.is_identity_block(genes)
    assert np.flatnonzero(identity[0]).tolist() == CELL_BLOCKS
    assert identity.any(axis=1).tolist() == [True, True, True, False]


def test_identity_blocks_return_their_input_in_torch():
    import torch

    from evonasc.nasbench201.network import Cell

    generator = torch.Generator().manual_seed(0)
    cell, image = Cell(4), torch.rand(2, 4, 8, 8, generator=generator)
    for genes in [BARE, *np.random.default_rng(5).permutation(all_cells())[:150].tolist()]:
        is_same = torch.equal(cell(image, genes), image)
        assert is_same == SPACE.is_identity_block(one(genes)).any()


# Text


def test_networks_are_read_by_string_or_by_benchmark_index():
    text = "|nor_conv_3x3~0|+|none~0|none~1|+|none~0|skip_connect~1|none~2|"
    genes = SPACE.from_text([text, "0"])
    assert genes.tolist() == [[3, 0, 0, 0, 1, 0], [4, 2, 1, 2, 1, 1]]
    assert SPACE.to_text(genes)[0] == text


@pytest.mark.parametrize(
    ("text", "message"), [("15625", r"must lie in \[0, 15624\], got 15625"), ("-1", "must read")]
)
def test_text_that_names_no_network_is_refused(text, message):
    with pytest.raises(GenomeError, match=message):
        SPACE.from_text([text])


def test_sample_draws_distinct_connected_canonical_networks(nasbench, rng):
    drawn = nasbench.sample(2000, rng=rng)
    np.testing.assert_array_equal(nasbench.canonical(drawn), drawn)
    assert nasbench.is_connected(drawn).all()
    # 2000 uniform draws from 5424 hit about 5424 * (1 - exp(-2000 / 5424)) = 1673 of them
    assert 1600 < len(np.unique(drawn, axis=0)) < 1750


@given(cells())
def test_distinct_networks_are_every_row_once(genes):
    networks, which = SPACE.distinct(genes)
    assert sorted(networks.tolist()) == np.unique(genes, axis=0).tolist()
    np.testing.assert_array_equal(networks[which], genes)
