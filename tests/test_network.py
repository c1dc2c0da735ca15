import numpy as np
import pytest
import torch
from torch import nn

from evonasc.errors import ConfigError
from evonasc.nasbench201.cells import (
    all_cells,
    canonical_cells,
    canonical_connected_cells,
    is_connected,
)
from evonasc.nasbench201.network import MAX_WEIGHTS, CellSupernet, SupernetConfig, initialise

CONFIG = SupernetConfig(channels=4, cells_per_stage=2, n_classes=5)


@pytest.fixture(scope="module")
def supernet():
    return initialise(CONFIG, seed=1)


@pytest.fixture(scope="module")
def images():
    return torch.randn(6, 3, 32, 32, generator=torch.Generator().manual_seed(0))


def test_a_cell_computes_the_sums_of_its_edges(supernet):
    """Node 1 = conv3x3(x); node 2 = pool(x) + node 1; node 3 = x + conv1x1(node 2), by hand."""
    cell = next(block for block in supernet.blocks if hasattr(block, "conv3x3"))
    x = torch.randn(3, 4, 8, 8, generator=torch.Generator().manual_seed(2))

    def relu_conv_norm(value, weight, padding):
        out = nn.functional.conv2d(value.clamp(min=0), weight, padding=padding)
        mean = out.mean(dim=(0, 2, 3), keepdim=True)
        variance = out.var(dim=(0, 2, 3), keepdim=True, unbiased=False)
        return (out - mean) / torch.sqrt(variance + 1e-5)

    node1 = relu_conv_norm(x, cell.conv3x3[0][1].weight, 1)
    pooled = nn.functional.avg_pool2d(x, 3, stride=1, padding=1, count_include_pad=False)
    expected = x + relu_conv_norm(pooled + node1, cell.conv1x1[5][1].weight, 0)
    torch.testing.assert_close(cell(x, [3, 4, 1, 1, 0, 2]), expected, rtol=1e-4, atol=1e-5)


def test_the_output_is_one_score_a_class(supernet, images):
    assert supernet(images, [3, 2, 1, 4, 3, 2]).shape == (6, 5)


def test_running_in_two_parts_at_any_cut_gives_the_whole(supernet, images):
    cell = [3, 2, 1, 4, 3, 2]
    whole = supernet(images, cell)
    for cut in range(CONFIG.n_blocks + 1):
        part = supernet(images, cell, stop=cut) if cut else images
        torch.testing.assert_close(supernet(part, cell, start=cut), whole, rtol=0, atol=0)


def test_dead_edges_do_not_change_the_output(supernet, images):
    """Node 1 of the first cell leads nowhere; of the second it is not there."""
    with_dead = supernet(images, [3, 0, 0, 2, 0, 0])
    torch.testing.assert_close(with_dead, supernet(images, [0, 0, 0, 2, 0, 0]), rtol=0, atol=0)


def test_a_disconnected_cell_passes_nothing(supernet, images):
    scores = supernet(images, [3, 0, 0, 0, 0, 0])
    torch.testing.assert_close(scores, scores[:1].expand_as(scores))


def test_no_cell_leaves_a_trace_in_the_network(supernet, images):
    first = supernet(images, [3, 0, 1, 2, 4, 0])
    supernet(images * 5 + 3, [2, 2, 2, 2, 2, 2])
    torch.testing.assert_close(supernet(images, [3, 0, 1, 2, 4, 0]), first, rtol=0, atol=0)


def test_canonical_cells_of_one_network_are_the_same_cell_to_the_supernet(supernet, images):
    cells = all_cells()[is_connected(all_cells())]
    rng = np.random.default_rng(0)
    chosen = cells[rng.integers(len(cells), size=20)]
    for cell, canonical in zip(chosen.tolist(), canonical_cells(chosen).tolist(), strict=True):
        if canonical_cells(np.array([cell])).tolist()[0] == cell:
            assert canonical == cell
        assert supernet(images, canonical).isfinite().all()


def test_initialising_is_reproducible_and_leaves_the_global_state_alone():
    before = torch.get_rng_state()
    first, again, other = (initialise(CONFIG, seed=seed) for seed in (3, 3, 4))
    assert torch.equal(torch.get_rng_state(), before)
    weights = [torch.cat([w.flatten() for w in net.parameters()]) for net in (first, again, other)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_the_number_of_weights_is_that_of_all_operations():
    """Stem 3*9*4; a cell 6 edges x (9 + 1) c^2; reductions 9*2c^2 + 9*4c^2 + 2c^2; linear."""
    expected = 3 * 9 * 4
    for c in (4, 8, 16):
        expected += 2 * 6 * 10 * c * c
    for c in (4, 8):
        expected += (9 * 2 + 9 * 4 + 2) * c * c
    expected += 16 * 5 + 5
    assert sum(w.numel() for w in CellSupernet(CONFIG).parameters()) == expected


def test_remembering_the_first_cell_changes_no_output(supernet, images, rng):
    """Also where cells agree up to a node and not beyond, in whatever order they come."""
    cells = canonical_connected_cells()
    near = np.concatenate([cells[1000:1040], cells[rng.choice(len(cells), 20)]])
    stem, memo = supernet(images, (), stop=1), {}
    for cell in rng.permutation(near).tolist():
        assert torch.equal(supernet(stem, cell, start=1, memo=memo), supernet(images, cell))
    assert 0 < len(memo) < 60 * 3


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"channels": 0}, r"channels must lie in \[1, 256\], got 0"),
        ({"channels": 1_000_000}, r"channels must lie in \[1, 256\], got 1000000"),
        ({"cells_per_stage": 0}, r"cells_per_stage must lie in \[1, 64\], got 0"),
        ({"cells_per_stage": 65}, r"cells_per_stage must lie in \[1, 64\], got 65"),
        ({"n_classes": 0}, "n_classes must be at least 1, got 0"),
        ({"channels": 256, "cells_per_stage": 64}, "at most 500,000,000 weights, got 5,3.* fewer"),
    ],
)
def test_sizes_that_are_no_supernet_are_refused(values, message):
    with pytest.raises(ConfigError, match=message):
        SupernetConfig(**values)


@pytest.mark.parametrize("config", [CONFIG, SupernetConfig(), SupernetConfig(256, 3, 7)])
def test_weights_are_counted_as_torch_counts_them(config):
    with torch.device("meta"):
        supernet = CellSupernet(config)
    n_weights = sum(weight.numel() for weight in supernet.parameters())
    assert config.n_weights == n_weights <= MAX_WEIGHTS
