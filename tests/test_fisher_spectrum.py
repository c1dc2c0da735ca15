import numpy as np
import pytest
import torch
from torch import nn

from evonasc.nasbench201.network import SupernetConfig, initialise
from evonasc.supernet.fisher_spectrum import fisher_entropy

CELL = [3, 4, 2, 1, 0, 3]


@pytest.fixture
def supernet():
    config = SupernetConfig(channels=3, cells_per_stage=1, n_classes=3)
    return initialise(config, seed=3).requires_grad_(False)


@pytest.fixture
def images():
    return torch.randn(4, 3, 16, 16, generator=torch.Generator().manual_seed(0))


def test_entropy_is_that_of_gradients_taken_image_by_image(supernet, images):
    """Oracle: one image and one class at a time, gradients of the weights by torch itself."""
    expected = _entropy_by_hand(initialise(supernet.config, seed=3), images)
    assert fisher_entropy(supernet, CELL, images) == pytest.approx(expected, rel=1e-4)


def _entropy_by_hand(supernet, images):
    norms = [m for m in supernet.modules() if isinstance(m, nn.BatchNorm2d)]
    used = []
    layers = [m for m in supernet.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    hooks = [m.register_forward_hook(lambda m, inputs, out: used.append(m)) for m in layers]

    def keep(module, inputs):
        x = inputs[0].detach()
        module.kept = (x.mean(dim=(0, 2, 3)), x.var(dim=(0, 2, 3), correction=0))

    hooks += [norm.register_forward_pre_hook(keep) for norm in norms]
    supernet(images, CELL)
    for hook in hooks:
        hook.remove()
    supernet.eval()
    for norm in norms:
        if hasattr(norm, "kept"):
            norm.running_mean, norm.running_var = norm.kept
    n = len(used)
    information = np.zeros((n, n))
    for image in images:
        for label in range(3):
            log_share = torch.log_softmax(supernet(image[None], CELL), dim=1)[0]
            gradients = torch.autograd.grad(log_share[label], [m.weight for m in used])
            row = [
                float(g[0, 0, g.shape[2] // 2, g.shape[3] // 2] if g.ndim == 4 else g[0, 0])
                for g in gradients
            ]
            information += float(log_share[label].detach().exp()) * np.outer(row, row) / len(images)
    deciles = np.quantile(np.linalg.eigvalsh(information).clip(0), np.arange(1, 10) / 10)
    shares = deciles / deciles.sum()
    return float(-(shares * np.log(shares + 1e-10)).sum())


def test_measuring_leaves_the_network_as_it_was(supernet, images):
    before = supernet(images, CELL)
    first = fisher_entropy(supernet, CELL, images)
    assert torch.equal(supernet(images, CELL), before)
    assert fisher_entropy(supernet, CELL, images) == first
    assert supernet.training
