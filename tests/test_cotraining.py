import numpy as np
import pytest
import torch

from evonasc.data.datasets import DataSet
from evonasc.data.images import Images
from evonasc.errors import ConfigError, EvaluationError
from evonasc.nasbench201.network import SupernetConfig
from evonasc.nasbench201.space import NasBench201
from evonasc.nasbench201.supernet import FAMILY
from evonasc.space import DesignSpace
from evonasc.supernet.cotraining import SharedWeights, cotraining_config
from evonasc.supernet.training import TrainingConfig

CELLS = np.array([[0, 0, 0, 3, 0, 0], [0, 0, 0, 1, 0, 0]])
CONFIG = TrainingConfig(
    supernet=SupernetConfig(channels=4, n_classes=2), data="numbers", batch_size=8, is_bf16=False
)


def numbered(n, first=0):
    """Images that are told apart by their first pixel; the class is the number's parity."""
    pixels = np.zeros((n, 3, 8, 8), dtype=np.uint8)
    pixels[:, 0, 0, 0] = np.arange(first, first + n)
    return Images(pixels, np.arange(n) % 2)


@pytest.fixture
def data():
    return DataSet("numbers", 2, numbered(41), numbered(9, 100), numbered(5, 200), False)


@pytest.fixture
def designs():
    return DesignSpace(NasBench201(), (8,), lambda cells, bits: np.ones((*bits.shape, 20), bool))


def flat(weights):
    return torch.cat([w.detach().flatten() for w in weights.supernet.parameters()])


def test_the_halves_share_no_image_and_leave_out_what_is_held_out(data):
    weights = SharedWeights(data, CONFIG, family=FAMILY)
    first, second = weights._batches._images, weights._search_batches._images
    numbers = [set(part.pixels[:, 0, 0, 0].tolist()) for part in (first, second)]
    assert not numbers[0] & numbers[1]
    assert numbers[0] | numbers[1] == set(range(41))


def test_each_image_of_the_second_half_comes_once_before_any_comes_again(data):
    weights = SharedWeights(data, CONFIG, family=FAMILY)
    rounds = [weights.search_batch()[0][:, 0, 0, 0].tolist() for _ in range(2)]
    assert len(set(rounds[0] + rounds[1])) == 16  # two whole batches of 21 images
    assert len(weights.search_batch()[1]) == 8


def test_a_step_moves_only_the_weights_of_its_cells(data):
    weights = SharedWeights(data, CONFIG, family=FAMILY)
    before = {k: w.detach().clone() for k, w in weights.supernet.named_parameters()}
    weights.train(CELLS[:1], progress=0.0)
    moved = {k for k, w in weights.supernet.named_parameters() if not torch.equal(w, before[k])}
    assert {k for k in moved if "conv3x3" in k} == {
        f"blocks.{block}.conv3x3.3.1.weight" for block in (1, 3, 5)
    }
    assert not any("conv1x1" in k for k in moved)


def test_the_rate_falls_to_nothing_at_the_end(data):
    weights = SharedWeights(data, CONFIG, family=FAMILY)
    before = flat(weights)
    weights.train(CELLS, progress=1.0)
    assert torch.equal(flat(weights), before)


def test_searching_changes_no_weight_and_all_samples_see_one_batch(data):
    weights = SharedWeights(data, CONFIG, family=FAMILY)
    before = flat(weights)
    losses = weights.batch_losses(CELLS[[0, 1, 0]])
    assert losses[0] == losses[2] != losses[1]
    assert torch.equal(flat(weights), before)


def test_errors_are_those_of_the_weights_of_the_moment(data, designs):
    """Held-out images of two classes: 4 of 9 are odd. The classifier is made to say one class."""
    weights = SharedWeights(data, CONFIG, family=FAMILY)
    genes = np.concatenate([CELLS, [[5], [9]]], axis=1)
    classifier = weights.supernet.blocks[-1][-1]
    for says, error in ((0, 4 / 9), (1, 5 / 9)):
        with torch.no_grad():
            classifier.weight.zero_()
            classifier.bias[:] = torch.tensor([1.0, 0.0] if says == 0 else [0.0, 1.0])
        weights._known.clear()  # as a step of training does
        np.testing.assert_allclose(weights.error(genes, designs=designs), [error, error])


def test_a_step_of_training_forgets_the_errors(data, designs):
    weights = SharedWeights(data, CONFIG, family=FAMILY)
    genes = np.concatenate([CELLS[:1], [[5]]], axis=1)
    weights.error(genes, designs=designs)
    weights._known = dict.fromkeys(weights._known, 7.0)
    assert weights.error(genes, designs=designs) == [7.0]  # known: not computed again
    weights.train(CELLS, progress=0.0)
    assert weights.error(genes, designs=designs)[0] <= 1.0


def test_resetting_gives_the_same_training_again(data):
    weights = SharedWeights(data, CONFIG, family=FAMILY)

    def trained():
        weights.reset()
        weights.train(CELLS, progress=0.0)
        weights.batch_losses(CELLS)
        weights.train(CELLS[:1], progress=0.5)
        return flat(weights)

    assert torch.equal(trained(), trained())


def test_the_global_random_states_are_untouched(data):
    torch_state, numpy_state = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    weights = SharedWeights(data, CONFIG, family=FAMILY)
    weights.train(CELLS, progress=0.0)
    weights.batch_losses(CELLS)
    assert torch.equal(torch.get_rng_state(), torch_state)
    assert np.array_equal(np.random.get_state()[1], numpy_state)  # noqa: NPY002


def test_training_that_diverges_says_so(data):
    weights = SharedWeights(
        data,
        TrainingConfig(**{**vars(CONFIG), "learning_rate": 1e38, "is_bf16": False}),
        family=FAMILY,
    )
    weights.train(CELLS, progress=0.0)  # the loss is that before the step
    with pytest.raises(EvaluationError, match="shared weights diverged"):
        weights.train(CELLS, progress=0.0)


def test_too_few_images_for_halves_are_refused(data):
    few = DataSet("few", 2, numbered(3), numbered(2), numbered(2))
    with pytest.raises(ConfigError, match="at least 4 training images for two halves, got 3"):
        SharedWeights(few, CONFIG, family=FAMILY)


def test_settings_follow_the_data(data):
    config = cotraining_config(data, seed=5, family=FAMILY)
    assert (config.supernet.n_classes, config.supernet.channels) == (2, 8)
    assert (config.data, config.n_validation, config.seed) == ("numbers", 9, 5)
