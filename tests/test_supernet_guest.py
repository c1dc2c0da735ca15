"""What any supernet gets from evonasc: a made-up one of a space that cannot be listed."""

from dataclasses import replace

import numpy as np
import pytest
from guest_supernet import DEPTH, FAMILY, GuestConfig, GuestSpace

from evonasc.cost.scenario import Scenario
from evonasc.data.datasets import load_data
from evonasc.errors import ConfigError, DataFileError, EvaluationError
from evonasc.nasbench201.space import NasBench201
from evonasc.nasbench201.supernet import FAMILY as CELLS_FAMILY
from evonasc.space import DesignSpace
from evonasc.supernet.calibration import (
    TrainedCalibration,
    read_calibration,
    read_pairs,
    write_calibration,
)
from evonasc.supernet.cotraining import SharedWeights, cotraining_config
from evonasc.supernet.error_table import ErrorTable
from evonasc.supernet.live import live_supernet
from evonasc.supernet.live_options import LiveOptions
from evonasc.supernet.network_list import networks_digest, random_networks, read_networks
from evonasc.supernet.profiling import ProfileConfig, profile_this_machine
from evonasc.supernet.proxy_file import ProxyConfig, measure_to_file
from evonasc.supernet.relaxed import RelaxedDesigns
from evonasc.supernet.score_file import score_to_file
from evonasc.supernet.score_table import encode_scores
from evonasc.supernet.scoring import score_networks
from evonasc.supernet.training import TrainingConfig, train_supernet
from evonasc.supernet.weights import read_supernet

SPACE = FAMILY.space
NETWORKS = SPACE.sample(6, rng=np.random.default_rng(3))


@pytest.fixture(scope="module")
def digits():
    return load_data("digits", None, seed=0)


@pytest.fixture(scope="module")
def folder(digits, tmp_path_factory):
    """A supernet trained for an epoch on the digits."""
    folder = tmp_path_factory.mktemp("guest")
    config = TrainingConfig(
        supernet=FAMILY.make_config(10, is_large=False),
        data="digits",
        n_validation=len(digits.validation),
        epochs=1,
        batch_size=64,
        path_sampling="fair",
    )
    train_supernet(config, digits, folder, FAMILY)
    return folder


@pytest.fixture
def weights(folder):
    return folder / "checkpoint.safetensors"


@pytest.fixture
def designs():
    n_cuts = SPACE.n_blocks + 1
    return DesignSpace(SPACE, (4, 8), lambda cells, bits: np.ones((*bits.shape, n_cuts), bool))


@pytest.fixture
def chosen(tmp_path):
    path = tmp_path / "chosen.csv"
    path.write_text("layers\n" + "\n".join(SPACE.to_text(NETWORKS)) + "\n")
    return path


def whole(networks, cut):
    """Return designs: networks, cut there, 4 bits."""
    rest = np.tile([cut, 0], (len(networks), 1))
    return np.concatenate([networks, rest], axis=1)


def test_its_numbers_pass_64_bits_and_its_networks_have_a_digest():
    assert SPACE.numbers(NETWORKS).dtype == object
    assert networks_digest(NETWORKS, SPACE) == networks_digest(NETWORKS[::-1], SPACE)
    assert networks_digest(NETWORKS, SPACE) != networks_digest(NETWORKS[1:], SPACE)


def test_a_space_that_cannot_be_listed_may_have_fewer_networks_than_asked_for(rng):
    class FewNetworks(GuestSpace):
        n_draws = 0

        def sample(self, n, *, rng):
            self.n_draws += 1
            assert self.n_draws < 1000, "it never ends"
            return NETWORKS[rng.integers(3, size=n)]

    found = random_networks(FewNetworks(), 5, rng=rng)
    assert set(map(tuple, found.tolist())) == set(map(tuple, NETWORKS[:3].tolist()))
    none = random_networks(FewNetworks(), 5, rng=rng, other_than=NETWORKS)
    assert none.shape == (0, DEPTH)


def test_a_chosen_list_is_scored_and_all_networks_are_refused(weights, chosen, tmp_path, digits):
    out = tmp_path / "s.npz"
    options = {"n_images": 60, "n_jobs": 1}
    with pytest.raises(ConfigError, match=r"'guest' has too many networks to list. Name some"):
        score_to_file(weights, None, out, FAMILY, **options)
    networks = read_networks(chosen, SPACE)
    scores = score_to_file(weights, None, out, FAMILY, **options, networks=networks)
    np.testing.assert_array_equal(scores.networks, networks)
    assert scores.is_choice
    assert scores.is_complete
    images = digits.validation.take(np.arange(60))
    supernet = read_supernet(weights, FAMILY).supernet
    for network, loss in zip(networks, scores.loss, strict=True):
        alone, _ = score_networks(supernet, network[None], images)
        assert loss == pytest.approx(alone[0], rel=1e-6)


def test_a_score_file_begun_before_it_named_the_space_goes_on(weights, tmp_path):
    options = {"n_images": 20, "n_jobs": 1, "networks": NETWORKS}
    whole = score_to_file(weights, None, tmp_path / "s.npz", FAMILY, **options)
    assert whole.header["space"] == "guest"
    old = {key: value for key, value in whole.header.items() if key != "space"}
    rows = {"networks": NETWORKS[:2], "loss": whole.loss[:2], "n_right": whole.n_right[:2]}
    path = tmp_path / "begun.npz"
    path.write_bytes(encode_scores(replace(whole, **rows, header=old)))
    again = score_to_file(weights, None, path, FAMILY, **options)
    assert again.header == old
    np.testing.assert_array_equal(again.loss, whole.loss)


def test_live_evaluation_runs_a_network_once_and_keeps_it_on_disk(weights, designs):
    source = live_supernet(LiveOptions(weights=weights, n_images=50), FAMILY)
    before = source.losses.n_passes
    errors = source.error(whole(NETWORKS, 3), designs=designs)
    assert source.losses.n_passes == before + len(NETWORKS)
    assert len(np.unique(errors)) > 1
    again = live_supernet(LiveOptions(weights=weights, n_images=50), FAMILY)
    np.testing.assert_array_equal(again.error(whole(NETWORKS, 9), designs=designs), errors)
    assert again.losses.n_passes == 0
    lossy = Scenario(payload_bits=(4, 8), packet_loss=0.3, retransmit=False)
    increase = source.payload_increase(whole(NETWORKS[:2], 1), designs=designs, scenario=lossy)
    assert increase.shape == (2,)
    assert (increase != 0).any()
    nothing = source.payload_increase(
        whole(NETWORKS[:2], SPACE.n_blocks), designs=designs, scenario=lossy
    )
    assert nothing.tolist() == [0, 0]


def test_nothing_ships_for_it():
    with pytest.raises(ConfigError, match="none ships for 'guest'. Give --weights"):
        live_supernet(LiveOptions(), FAMILY)


def test_its_errors_are_calibrated_by_a_few_trained_networks(weights, tmp_path):
    source = live_supernet(LiveOptions(weights=weights, n_images=50), FAMILY)
    errors = source.error(whole(NETWORKS, 3)[:, :-1], designs=one_width())
    rows = [
        f"{text},{0.5 * error}" for text, error in zip(SPACE.to_text(NETWORKS), errors, strict=True)
    ]
    path = tmp_path / "pairs.csv"
    path.write_text("layers,error\n" + "\n".join(rows) + "\n")
    pairs = read_pairs(path, source, SPACE)
    np.testing.assert_array_equal(pairs.error, errors)
    made = TrainedCalibration(pairs)
    write_calibration(tmp_path / "c.json", made, source)
    read = read_calibration(tmp_path / "c.json", source, SPACE)
    np.testing.assert_allclose(read(errors), made(errors))


def one_width():
    """Return designs of one payload width, which have no gene for it."""
    n_cuts = SPACE.n_blocks + 1
    return DesignSpace(SPACE, (8,), lambda cells, bits: np.ones((*bits.shape, n_cuts), bool))


def test_a_table_may_hold_some_networks_and_names_one_that_it_lacks(tmp_path, designs):
    path = tmp_path / "t.csv"
    path.write_text(f"layers,error\n{SPACE.to_text(NETWORKS[:1])[0]},0.25\n")
    table = ErrorTable(path, SPACE)
    assert table.error(whole(NETWORKS[:1], 2), designs=designs).tolist() == [0.25]
    with pytest.raises(EvaluationError, match=SPACE.to_text(NETWORKS[1:2])[0]):
        table.error(whole(NETWORKS[:2], 2), designs=designs)
    path.write_text("layers,error\n")
    with pytest.raises(DataFileError, match="must give the error of one network at least"):
        ErrorTable(path, SPACE)


def test_proxies_are_measured_block_by_block(tmp_path):
    config = ProxyConfig(*FAMILY.proxy_configs())
    table = measure_to_file(tmp_path / "p.npz", config, FAMILY, networks=NETWORKS[:2])
    assert table.is_complete
    with pytest.raises(ConfigError, match="too many networks to list"):
        measure_to_file(tmp_path / "q.npz", config, FAMILY)


def test_proxies_are_those_of_networks_with_the_classes_of_the_space(monkeypatch):
    shapes = (*SPACE.cut_shapes[:-1], (7, 1, 1))
    monkeypatch.setattr(type(SPACE), "cut_shapes", shapes)
    assert [config.n_classes for config in FAMILY.proxy_configs()] == [7, 7]


def test_weights_are_trained_by_a_search_but_not_relaxed(digits):
    weights = SharedWeights(digits, cotraining_config(digits, FAMILY, seed=0), FAMILY)
    assert weights.train(NETWORKS[:1], progress=0.0).loss > 0
    assert len(weights.batch_losses(NETWORKS[:2])) == 2
    designs = RelaxedDesigns(weights, n_choices=3, learning_rate=0.01, seed=0)
    assert tuple(designs.operation_logits.shape) == (DEPTH, 8)
    sample = designs.sample(1.0, is_usable=lambda network: True)
    with pytest.raises(ConfigError, match="must take weights of operations"):
        weights.supernet.weighted_logits(*weights.search_batch(), sample.weights)


def test_it_starts_from_weights_of_its_own_sizes_only(digits, folder, tmp_path):
    start = read_supernet(folder / "checkpoint.safetensors", FAMILY)
    config = TrainingConfig(
        supernet=GuestConfig(width=5),
        data="digits",
        n_validation=len(digits.validation),
        epochs=1,
    )
    with pytest.raises(ConfigError, match="must have the sizes"):
        train_supernet(config, digits, tmp_path, FAMILY, start=start)


def test_a_size_that_it_does_not_have_is_refused():
    with pytest.raises(ConfigError, match="must be one of width, got 'channels'"):
        FAMILY.make_config(10, is_large=True, given={"channels": 8})


def test_weights_of_another_space_are_refused(weights):
    with pytest.raises(DataFileError, match="of the space 'nasbench201', got one of 'guest'"):
        read_supernet(weights, CELLS_FAMILY)


def test_designs_of_another_space_are_refused(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(f"layers,error\n{SPACE.to_text(NETWORKS[:1])[0]},0.25\n")
    other = DesignSpace(NasBench201(), (8,), lambda cells, bits: np.ones((*bits.shape, 20), bool))
    with pytest.raises(ConfigError, match="knows the space 'guest' only, got 'nasbench201'"):
        ErrorTable(path, SPACE).error(np.array([[3, 3, 3, 3, 3, 3, 1]]), designs=other)


def test_what_cannot_be_timed_says_so():
    with pytest.raises(ConfigError, match="'guest' cannot be timed"):
        profile_this_machine(ProfileConfig(), FAMILY)
