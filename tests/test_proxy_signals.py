import numpy as np
import pytest
import torch
from torch import nn

from evonasc.nasbench201.network import SupernetConfig, initialise
from evonasc.supernet.proxy_signals import (
    SIGNALS,
    gradient_stability,
    jacobian_diversity,
    principal_entropy,
    untrained_signals,
)

CELL, SKIP_ONLY = [3, 4, 2, 1, 0, 3], [0, 0, 0, 1, 0, 0]


@pytest.fixture
def supernet():
    return initialise(SupernetConfig(channels=4, cells_per_stage=1), seed=3).requires_grad_(False)


@pytest.fixture
def images():
    return torch.randn(5, 3, 32, 32, generator=torch.Generator().manual_seed(0))


def measured(supernet, images, cell=CELL):
    signs = torch.Generator().manual_seed(1)
    return dict(
        zip(SIGNALS, untrained_signals(supernet, cell, images, generator=signs), strict=True)
    )


def test_entropy_of_equal_and_of_dependent_components():
    """Two channels that vary alike and apart: shares 1/2, 1/2. Two equal channels: share 1."""
    apart = torch.tensor([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
    equal = torch.tensor([[1.0, 1.0], [-1.0, -1.0], [2.0, 2.0], [-2.0, -2.0]])
    for rows, expected in ((apart, np.log(2)), (equal, 0.0)):
        feature = rows.T.reshape(1, 2, 2, 2)
        assert principal_entropy(feature) == pytest.approx(expected, abs=1e-6)


def test_stability_of_a_block_that_doubles():
    """One channel: the Jacobian is 2 whatever the signs, so 2 - 2 - 1/2."""
    before = torch.randn(2, 1, 4, 4, requires_grad=True)
    score = gradient_stability(before, 2 * before, generator=torch.Generator().manual_seed(0))
    assert score == pytest.approx(-0.5, abs=1e-5)


def test_stability_across_a_reduction():
    """Mean of 2 x 2 places: four entries of 1/4, largest singular value 1/2, 2 - 1/2 - 2."""
    before = torch.randn(2, 1, 4, 4, requires_grad=True)
    after = nn.functional.avg_pool2d(before, 2)
    score = gradient_stability(before, after, generator=torch.Generator().manual_seed(0))
    assert score == pytest.approx(-0.5, abs=1e-5)


def test_uncorrelated_jacobians_are_the_most_diverse():
    """Eigenvalues 1, 1: minus twice (log 1 + 1). Correlated ones have an eigenvalue near 0."""
    apart = torch.tensor([[1.0, -1.0, 1.0, -1.0], [1.0, 1.0, -1.0, -1.0]])
    alike = torch.tensor([[1.0, -1.0, 1.0, -1.0], [1.0, -1.0, 1.1, -1.0]])
    assert jacobian_diversity(apart) == pytest.approx(-2, abs=1e-3)
    assert jacobian_diversity(alike) < -100


def test_naswot_counts_agreeing_signs(supernet, images):
    """Counted image by image and place by place, over the inputs of every ReLU that ran."""
    seen = []
    hooks = [
        module.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
        for module in supernet.modules()
        if isinstance(module, nn.ReLU)
    ]
    supernet(images, CELL)
    for hook in hooks:
        hook.remove()
    assert len(seen) == 3 * 3 + 2 * 2 + 1  # convolutions of cells and reductions, classifier
    agreements = np.zeros((5, 5))
    for value in seen:
        signs = value.flatten(1).numpy() > 0
        for one in range(5):
            for other in range(5):
                agreements[one, other] += (signs[one] == signs[other]).sum()
    expected = np.linalg.slogdet(agreements)[1]
    assert measured(supernet, images)["naswot"] == pytest.approx(expected, rel=1e-6)


def test_expressivity_sums_the_entropies_and_progressivity_is_their_least_rise(supernet, images):
    entropies, x = [], images
    for block in list(supernet.blocks)[:-1]:
        x = block(x, CELL) if hasattr(block, "conv3x3") else block(x)
        entropies.append(principal_entropy(x))
    signals = measured(supernet, images)
    assert len(entropies) == 6  # stem, three cells, two reductions
    assert signals["expressivity"] == pytest.approx(sum(entropies), rel=1e-5)
    assert signals["progressivity"] == pytest.approx(np.diff(entropies).min(), abs=1e-5)


def test_a_cell_that_returns_its_input_has_nothing_to_train(supernet, images):
    signals = measured(supernet, images, SKIP_ONLY)
    assert signals["trainability"] == -np.inf
    assert np.isfinite([signals[name] for name in SIGNALS if name != "trainability"]).all()


def test_measuring_leaves_no_trace_and_gives_the_same_again(supernet, images):
    state = torch.get_rng_state()
    first = measured(supernet, images)
    measured(supernet, images, [2, 2, 2, 2, 2, 2])
    assert measured(supernet, images) == first
    assert torch.equal(torch.get_rng_state(), state)
    assert not images.requires_grad
    assert all(not module._forward_pre_hooks for module in supernet.modules())
