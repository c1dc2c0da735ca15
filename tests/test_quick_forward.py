"""The quick forward pass gives the losses of the defining one."""

import numpy as np
import pytest
import torch

from evonasc.data.images import Images
from evonasc.errors import ConfigError
from evonasc.nasbench201.cells import canonical_connected_cells
from evonasc.nasbench201.network import EdgeCorrectedPool, SupernetConfig, initialise
from evonasc.supernet import quick_forward
from evonasc.supernet.quick_forward import QuickScorer, chosen_device, quick_copy
from evonasc.supernet.scoring import score_networks

CPU = torch.device("cpu")
CELLS = canonical_connected_cells()[::450]


@pytest.fixture(scope="module")
def supernet():
    return initialise(SupernetConfig(channels=4, cells_per_stage=1, n_classes=10), seed=0)


@pytest.fixture(scope="module")
def images():
    rng = np.random.default_rng(0)
    pixels = rng.integers(256, size=(20, 3, 32, 32)).astype(np.uint8)
    return Images(pixels, rng.integers(10, size=20))


@pytest.mark.parametrize(("is_bf16", "tolerance"), [(False, 1e-6), (True, 0.01)])
@pytest.mark.parametrize("size", [2, 3, 8])
def test_pooling_by_convolution_averages_what_lies_within_the_image(size, is_bf16, tolerance):
    x = torch.randn(5, 6, size, size, generator=torch.Generator().manual_seed(0))
    expected = torch.nn.functional.avg_pool2d(x, 3, 1, 1, count_include_pad=False)
    dtype = torch.bfloat16 if is_bf16 else torch.float32
    pool = EdgeCorrectedPool(6, is_bf16=is_bf16).to(dtype)
    torch.testing.assert_close(pool(x.to(dtype)).float(), expected, rtol=0, atol=tolerance)
    ones = torch.ones(1, 6, size, size, dtype=dtype)
    # the nine weights add up to 1, in bfloat16 too
    torch.testing.assert_close(pool(ones)[..., 1:-1, 1:-1], ones[..., 1:-1, 1:-1])


def test_single_precision_losses_are_those_of_the_definition(supernet, images):
    loss, n_right = score_networks(supernet, CELLS, images, is_bf16=False)
    scorer = QuickScorer(supernet, images, device=CPU, is_bf16=False)
    each, is_right = scorer.score(CELLS, batch=0)
    np.testing.assert_allclose(each.mean(axis=1), loss, atol=1e-5)
    assert np.abs(is_right.sum(axis=1) - n_right).max() <= 1


def test_losses_do_not_depend_on_what_was_run_before_or_with_them(supernet, images, monkeypatch):
    scorer = QuickScorer(supernet, images, device=CPU)
    together, _ = scorer.score(CELLS, batch=0)
    again, _ = scorer.score(CELLS[::-1][:5], batch=0)  # what the stem gave is kept
    np.testing.assert_array_equal(again, together[::-1][:5])
    monkeypatch.setattr(quick_forward, "_MOST_KEPT_BYTES", 0)
    for row, cell in enumerate(CELLS):
        alone, _ = QuickScorer(supernet, images, device=CPU).score(cell[None], batch=0)
        np.testing.assert_array_equal(alone[0], together[row])


def test_batches_have_statistics_of_their_own_as_in_scoring(supernet, images, monkeypatch):
    monkeypatch.setattr(quick_forward, "SCORING_BATCH", 8)
    monkeypatch.setattr("evonasc.supernet.scoring.SCORING_BATCH", 8)
    loss, _ = score_networks(supernet, CELLS, images, is_bf16=False)
    scorer = QuickScorer(supernet, images, device=CPU, is_bf16=False)
    parts = [scorer.score(CELLS, batch=batch)[0] for batch in range(3)]
    assert [part.shape[1] for part in parts] == [7, 7, 6]
    np.testing.assert_allclose(np.concatenate(parts, axis=1).mean(axis=1), loss, atol=1e-5)


def test_the_copy_leaves_the_supernet_alone(supernet):
    before = {name: value.clone() for name, value in supernet.state_dict().items()}
    quick_copy(supernet, device=CPU)
    assert all(torch.equal(value, before[name]) for name, value in supernet.state_dict().items())
    assert isinstance(supernet.blocks[1].pool, torch.nn.AvgPool2d)


def test_the_device_is_a_gpu_where_torch_sees_one(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert [chosen_device(name).type for name in ("auto", "cpu", "cuda")] == ["cuda", "cpu", "cuda"]
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert chosen_device("auto").type == "cpu"
    with pytest.raises(ConfigError, match="device 'cuda' needs a GPU that torch sees"):
        chosen_device("cuda")
