import numpy as np
import pytest
import torch

from evonasc.cost.scenario import Scenario
from evonasc.data.images import Images
from evonasc.errors import ConfigError, DataFileError
from evonasc.nasbench201 import BENCHMARK
from evonasc.nasbench201.cells import canonical_connected_cells
from evonasc.nasbench201.network import SupernetConfig, initialise
from evonasc.nasbench201.space import NasBench201
from evonasc.nasbench201.supernet import shipped_supernet
from evonasc.problems import SplitNasProblem, Staircase
from evonasc.space import DesignSpace
from evonasc.supernet.checkpoint import Checkpoint, decode_checkpoint, encode_checkpoint
from evonasc.supernet.image_losses import ImageLosses
from evonasc.supernet.live import LiveSupernet
from evonasc.supernet.loss_scale import LossToError
from evonasc.supernet.payload_effects import PayloadIncrease
from evonasc.supernet.quick_forward import QuickScorer
from evonasc.supernet.scoring import score_networks
from evonasc.supernet.weights import TrainedSupernet, half_precision

CELLS = canonical_connected_cells()[[5, 900, 2500, 5000]]


@pytest.fixture(scope="module")
def supernet():
    return initialise(SupernetConfig(channels=4, cells_per_stage=1, n_classes=10), seed=0)


@pytest.fixture(scope="module")
def images():
    rng = np.random.default_rng(0)
    pixels = rng.integers(256, size=(12, 3, 32, 32)).astype(np.uint8)
    return Images(pixels, rng.integers(10, size=12))


@pytest.fixture
def designs():
    return DesignSpace(NasBench201(), (8,), lambda cells, bits: np.ones((*bits.shape, 20), bool))


def test_a_score_is_the_mean_loss_and_the_count_of_right_answers(supernet, images):
    loss, n_right = score_networks(supernet, CELLS, images, is_bf16=False)
    pixels = (torch.from_numpy(images.pixels).float() - 121) / 64
    with torch.inference_mode():
        logits = supernet(pixels, CELLS[2].tolist()).double().numpy()
    truth = logits[np.arange(12), images.labels]
    assert loss[2] == pytest.approx((np.log(np.exp(logits).sum(axis=1)) - truth).mean(), rel=1e-4)
    assert n_right[2] == (logits.argmax(axis=1) == images.labels).sum()


def test_the_order_of_scoring_does_not_matter(supernet, images):
    forward = score_networks(supernet, CELLS, images)
    backward = score_networks(supernet, CELLS[::-1], images)
    np.testing.assert_array_equal(forward[0], backward[0][::-1])
    np.testing.assert_array_equal(forward[1], backward[1][::-1])


@pytest.fixture
def live(supernet, images):
    trained = TrainedSupernet(supernet, {"data": "noise"})
    losses = ImageLosses(QuickScorer(supernet, images, device=torch.device("cpu")), None)
    to_error = LossToError((2.0, 3.0), (0.2, 0.4))
    return LiveSupernet(trained, losses, PayloadIncrease(supernet, images), loss_to_error=to_error)


def test_a_note_ends_the_provenance(supernet, images, live):
    noted = LiveSupernet(
        TrainedSupernet(supernet, {"data": "noise"}),
        live.losses,
        PayloadIncrease(supernet, images),
        loss_to_error=LossToError((2.0, 3.0), (0.2, 0.4)),
        note=" The scale is another.",
    )
    assert noted.provenance == f"{live.provenance} The scale is another."


def test_live_errors_are_those_of_the_scores_and_each_network_runs_once(
    supernet, images, designs, live
):
    loss, n_right = score_networks(supernet, CELLS, images)
    genes = np.concatenate([CELLS, np.full((4, 1), 3)], axis=1)
    expected = LossToError((2.0, 3.0), (0.2, 0.4))(loss)
    np.testing.assert_allclose(live.error(genes, designs=designs), expected, atol=2e-3)
    assert np.abs(live.losses.n_right(CELLS) - n_right).max() <= 1
    assert live.losses.n_passes == 4  # one batch of 12 images each
    other_cuts = np.concatenate([CELLS, np.full((4, 1), 9)], axis=1)
    live.error(other_cuts, designs=designs)
    assert live.losses.n_passes == 4


def test_another_space_is_refused(live):
    with pytest.raises(ConfigError, match="knows the space 'nasbench201' only"):
        live.error(np.zeros((1, 7), dtype=np.int64), designs=Staircase().designs)


def test_shipped_weights_are_the_half_precision_of_a_checkpoint_without_its_momentum():
    header = {"config": {"supernet": {}}}
    tensors = {"weight.a": torch.tensor([0.1]), "momentum.a": torch.tensor([1.0])}
    shipped = decode_checkpoint(half_precision(Checkpoint(tensors, header)), where="here")
    assert list(shipped.tensors) == ["weight.a"]
    assert shipped.tensors["weight.a"].dtype == torch.float16


def test_the_shipped_supernet_is_the_one_the_scores_name():
    trained = shipped_supernet()
    assert trained.training["data"] == "cifar10"
    assert trained.supernet.config == SupernetConfig(16, 1, 10)


@pytest.mark.parametrize("header", [{}, {"config": 3}, []])
def test_a_checkpoint_must_say_how_it_was_trained(header):
    data = encode_checkpoint(Checkpoint({"weight.a": torch.zeros(1)}, header))
    with pytest.raises(DataFileError, match="here is no checkpoint of evonasc"):
        decode_checkpoint(data, where="here")


def test_live_evaluation_measures_what_the_payload_does(supernet, images, designs, live):
    lossy = Scenario(packet_loss=0.4, retransmit=False)
    problem = SplitNasProblem(BENCHMARK, lossy, live)
    assert "error" not in problem.cut_free_columns
    assert "measured by forward passes" in problem.provenance()[1]
    genes = np.array([[*CELLS[2], 3], [*CELLS[2], 19]])
    measured = PayloadIncrease(supernet, images)(genes, designs=designs, scenario=lossy)
    own = live.error(genes, designs=designs)
    expected = np.clip(own + measured, 0, 1)
    np.testing.assert_array_equal(problem.columns(genes)["error"], expected)
    assert measured[0] != 0
    toy = Staircase().designs
    with pytest.raises(ConfigError, match="knows the space 'nasbench201' only"):
        live.payload_increase(np.zeros((1, 7), dtype=np.int64), designs=toy, scenario=lossy)
