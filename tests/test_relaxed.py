from types import SimpleNamespace

import numpy as np
import pytest
import torch

from evonasc.data.datasets import DataSet
from evonasc.data.images import Images
from evonasc.errors import EvaluationError
from evonasc.nasbench201.network import SupernetConfig, initialise
from evonasc.nasbench201.space import NasBench201
from evonasc.nasbench201.supernet import FAMILY
from evonasc.supernet.cotraining import SharedWeights
from evonasc.supernet.relaxed import (
    Adam,
    Latencies,
    RelaxedDesigns,
    gumbel,
    latency_term,
    operation_means,
    straight_through,
)
from evonasc.supernet.training import TrainingConfig

SPACE = NasBench201()


@pytest.fixture
def noise():
    return gumbel(torch.Size((6, 5)), torch.Generator().manual_seed(3))


@pytest.fixture
def weights():
    rng = np.random.default_rng(0)
    pixels = rng.integers(256, size=(40, 3, 8, 8)).astype(np.uint8)
    images = Images(pixels, rng.integers(2, size=40))
    config = TrainingConfig(
        supernet=SupernetConfig(channels=4, n_classes=2), data="noise", batch_size=8, is_bf16=False
    )
    return SharedWeights(DataSet("noise", 2, images, images, images), config, family=FAMILY)


def test_a_sample_is_one_hot_forward_and_has_the_softmax_gradient_backward(noise):
    """d(c . w_k)/d(logit_j) = c p_k (delta_kj - p_j) / temperature, for w_k the drawn weight."""
    generator = torch.Generator().manual_seed(1)
    logits = torch.randn(6, 5, generator=generator, dtype=torch.float64, requires_grad=True)
    temperature = 0.7
    weights, index = straight_through(logits, noise.double(), temperature)
    hard = torch.nn.functional.one_hot(index, 5).double()
    torch.testing.assert_close(weights, hard)
    factors = torch.arange(1, 7, dtype=torch.float64)
    (weights[range(6), index] * factors).sum().backward()

    scaled = (logits.detach().numpy() + noise.double().numpy()) / temperature
    p = np.exp(scaled) / np.exp(scaled).sum(axis=1, keepdims=True)
    drawn = scaled.argmax(axis=1)
    expected = np.zeros((6, 5))
    for edge in range(6):
        for j in range(5):
            same = float(j == drawn[edge])
            expected[edge, j] = (edge + 1) * p[edge, drawn[edge]] * (same - p[edge, j]) / 0.7
    np.testing.assert_allclose(logits.grad.numpy(), expected, rtol=1e-9, atol=1e-12)
    assert index.tolist() == drawn.tolist()


def test_operations_are_drawn_as_often_as_their_probabilities_say():
    logits = torch.log(torch.tensor([[0.5, 0.3, 0.1, 0.06, 0.04]]))
    generator = torch.Generator().manual_seed(0)
    drawn = [
        int(straight_through(logits, gumbel(logits.shape, generator), 5.0)[1]) for _ in range(4000)
    ]
    share = np.bincount(drawn, minlength=5) / 4000
    # Four standard deviations of a share of 4,000 draws are at most 0.032.
    np.testing.assert_allclose(share, [0.5, 0.3, 0.1, 0.06, 0.04], atol=0.032)


def test_gumbel_noise_is_finite_and_has_its_mean():
    values = gumbel(torch.Size((100_000,)), torch.Generator().manual_seed(0))
    assert values.isfinite().all()
    assert float(values.mean()) == pytest.approx(0.5772, abs=0.02)  # Euler's constant


def test_weights_of_one_leave_the_network_as_it_is(weights):
    supernet = initialise(SupernetConfig(channels=4, n_classes=3), seed=0)
    x = torch.randn(4, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    for cell in ([3, 2, 1, 4, 3, 2], [0, 0, 0, 1, 0, 0], [3, 0, 0, 0, 0, 0]):
        scores = supernet.weighted_logits(x, cell, torch.ones(6, 5))
        torch.testing.assert_close(scores, supernet(x, cell))


def latencies(**changes):
    """Three cuts of 4, 10 and 30 ms; a 3 x 3 convolution on edge 0 costs 6 ms more."""
    operation = np.full((3, 6, 5), 10.0)
    operation[:, 0, 3] += 6
    values = {
        "sampled_ms": np.array([4.0, 10.0, 30.0]),
        "is_allowed": np.array([True, True, True]),
        "mean_ms": np.full(3, 10.0),
        "operation_ms": operation,
        "goal_ms": 5.0,
        "weight": 2.0,
    }
    return Latencies(**{**values, **changes})


def test_the_latency_term_by_hand():
    """Cuts: (0 + 1 + 5) / 3 = 2. Operations: 10 + 6 / 5 = 11.2 ms, 1.24 beyond. Twice both."""
    term = latency_term(torch.zeros(6, 5), torch.zeros(3), latencies())
    assert float(term) == pytest.approx(2 * (2 + 1.24))


def test_a_forbidden_cut_has_no_part_in_the_latency_term():
    term = latency_term(
        torch.zeros(6, 5),
        torch.zeros(3),
        latencies(is_allowed=np.array([True, True, False])),
    )
    assert float(term) == pytest.approx(2 * (0.5 + 1.24))


def test_latencies_push_towards_the_fast_cut_and_away_from_the_slow_operation():
    operations, cuts = torch.zeros(6, 5, requires_grad=True), torch.zeros(3, requires_grad=True)
    latency_term(operations, cuts, latencies()).backward()
    assert cuts.grad.argmin() == 0  # descending raises what has the least gradient
    assert cuts.grad.argmax() == 2
    assert operations.grad[0].argmax() == 3
    assert operations.grad[1:].abs().max() < 1e-6


def test_within_the_threshold_latencies_push_nothing():
    operations, cuts = torch.zeros(6, 5, requires_grad=True), torch.zeros(3, requires_grad=True)
    latency_term(operations, cuts, latencies(goal_ms=40.0)).backward()
    assert cuts.grad.abs().max() == operations.grad.abs().max() == 0


def test_operation_means_by_hand():
    networks = np.array([[0, 1, 0, 0, 0, 0], [0, 2, 0, 0, 0, 0], [3, 1, 0, 0, 0, 0]])
    found = operation_means(networks, np.array([[1.0], [2.0], [6.0]]), space=SPACE)
    assert found.shape == (1, 6, 5)
    assert found[0, 0].tolist() == [1.5, 3.0, 3.0, 6.0, 3.0]  # mean over all is 3
    assert found[0, 1, 1:3].tolist() == [3.5, 2.0]


def test_a_step_moves_logits_and_no_weight(weights):
    relaxed = RelaxedDesigns(weights, n_choices=3, learning_rate=0.1, seed=0)
    before = [w.detach().clone() for w in weights.supernet.parameters()]
    logits = relaxed.operation_logits.detach().clone()
    sample = relaxed.sample(1.0, is_usable=lambda cell: cell[3] == 3)
    assert sample.network[3] == 3
    relaxed.step(sample, latencies())
    assert all(map(torch.equal, before, weights.supernet.parameters()))
    moved = (relaxed.operation_logits - logits).abs()
    assert (moved[3] > 1e-3).all()  # every operation of the edge, not the drawn one alone
    assert relaxed.probabilities()[1].argmax() == 0


def test_our_adam_is_torchs():
    ours, theirs = torch.ones(3), torch.ones(3, requires_grad=True)
    adam = Adam(ours, learning_rate=0.1)
    reference = torch.optim.Adam([theirs], lr=0.1, betas=(0.5, 0.999), weight_decay=1e-3)
    for gradient in torch.randn(5, 3, generator=torch.Generator().manual_seed(0)):
        adam.step(gradient)
        theirs.grad = gradient
        reference.step()
    torch.testing.assert_close(ours, theirs.detach())


def test_no_usable_network_says_so(weights):
    relaxed = RelaxedDesigns(weights, n_choices=3, learning_rate=0.1, seed=0)
    with pytest.raises(EvaluationError, match="gave no network with an allowed cut"):
        relaxed.sample(1.0, is_usable=lambda cell: False)


def test_samples_depend_on_the_seed_alone(weights):
    def cells(seed):
        state = torch.get_rng_state()
        relaxed = RelaxedDesigns(weights, n_choices=3, learning_rate=0.1, seed=seed)
        drawn = [relaxed.sample(1.0, is_usable=lambda cell: True).network for _ in range(5)]
        assert torch.equal(torch.get_rng_state(), state)
        return drawn

    assert cells(1) == cells(1) != cells(2)


def test_a_gene_of_fewer_choices_never_draws_those_that_it_lacks():
    space = SimpleNamespace(n_choices=(2, 4))
    weights = SimpleNamespace(supernet=SimpleNamespace(space=space))
    relaxed = RelaxedDesigns(weights, n_choices=1, learning_rate=0.1, seed=0)
    drawn = np.array([relaxed.sample(9.0, is_usable=lambda _: True).network for _ in range(60)])
    assert drawn.max(axis=0).tolist() == [1, 3]
    operations, _ = relaxed.probabilities()
    np.testing.assert_allclose(operations[0], [0.5, 0.5, 0, 0], atol=1e-2)
