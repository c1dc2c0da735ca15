from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from evonasc.errors import ConfigError, DataFileError
from evonasc.nasbench201.cells import canonical_connected_cells
from evonasc.nasbench201.network import SupernetConfig
from evonasc.nasbench201.shipping import ship_proxies
from evonasc.nasbench201.space import NasBench201
from evonasc.nasbench201.supernet import FAMILY
from evonasc.supernet.proxy_file import ProxyConfig, measure_to_file, random_images
from evonasc.supernet.proxy_table import MEASURED, ProxyTable, encode_proxies, read_proxies

SPACE = NasBench201()

SIZE = SupernetConfig(channels=2, cells_per_stage=1)
CONFIG = ProxyConfig(SIZE, SIZE, n_repeats=2, n_images=4, seed=5)
CELLS = canonical_connected_cells()[500:4000:700]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return measure_to_file(
        tmp_path_factory.mktemp("proxies") / "p.npz", CONFIG, networks=CELLS, family=FAMILY
    )


def test_every_network_is_measured_in_every_repeat(whole):
    assert whole.values.shape == (2, len(CELLS), len(MEASURED))
    assert np.isfinite(whole.values).all()
    assert (whole.values[0] != whole.values[1]).all()


def test_a_started_file_goes_on_to_the_same_result(whole, tmp_path):
    values = whole.values.copy()
    values[0, 3], values[1, 1:] = np.nan, np.nan
    path = tmp_path / "p.npz"
    path.write_bytes(encode_proxies(ProxyTable(whole.networks, values, whole.header, space=SPACE)))
    seen = []
    again = measure_to_file(
        path,
        CONFIG,
        networks=CELLS,
        on_progress=lambda done, total: seen.append((done, total)),
        family=FAMILY,
    )
    np.testing.assert_array_equal(again.values, whole.values)
    n = len(CELLS)
    assert seen == [(n, 2 * n), (n + 1, 2 * n), (n + 1, 2 * n), (2 * n, 2 * n)]


def test_a_finished_file_goes_on_with_further_repeats(whole, tmp_path):
    path = tmp_path / "p.npz"
    first = measure_to_file(path, replace(CONFIG, n_repeats=1), networks=CELLS, family=FAMILY)
    np.testing.assert_array_equal(first.values, whole.values[:1])
    again = measure_to_file(path, CONFIG, networks=CELLS, family=FAMILY)
    np.testing.assert_array_equal(again.values, whole.values)


@pytest.mark.slow
def test_worker_processes_change_nothing(whole, tmp_path):
    again = measure_to_file(tmp_path / "p.npz", CONFIG, n_jobs=2, networks=CELLS, family=FAMILY)
    np.testing.assert_array_equal(again.values, whole.values)


def test_a_file_of_other_settings_is_refused(whole, tmp_path):
    path = tmp_path / "p.npz"
    path.write_bytes(encode_proxies(whole))
    with pytest.raises(ConfigError, match="was made with other settings"):
        measure_to_file(path, replace(CONFIG, seed=6), networks=CELLS, family=FAMILY)


def test_a_file_of_other_sizes_for_fisher_is_refused(whole, tmp_path):
    """Its repeats would mix values of networks of different sizes."""
    path = tmp_path / "p.npz"
    path.write_bytes(encode_proxies(whole))
    wider = replace(CONFIG, small=replace(SIZE, channels=3))
    with pytest.raises(ConfigError, match="was made with other settings"):
        measure_to_file(path, wider, networks=CELLS, family=FAMILY)


def test_a_file_begun_before_it_named_the_space_goes_on(whole, tmp_path):
    path, old = tmp_path / "p.npz", {"config": whole.header["config"]}
    path.write_bytes(encode_proxies(replace(whole, values=whole.values[:1], header=old)))
    again = measure_to_file(path, CONFIG, networks=CELLS, family=FAMILY)
    assert again.header == old
    np.testing.assert_array_equal(again.values, whole.values)


def test_proxies_of_another_space_are_refused_in_one_line(whole, tmp_path):
    path = tmp_path / "p.npz"
    path.write_bytes(encode_proxies(replace(whole, header={**whole.header, "space": "guest"})))
    said = r"must hold proxies of the space 'nasbench201', got those of 'guest'\. Make one"
    with pytest.raises(DataFileError, match=said):
        read_proxies(path, SPACE)


def test_what_cannot_be_measured_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="jobs must be at least 1, got 0"):
        measure_to_file(tmp_path / "p.npz", CONFIG, n_jobs=0, family=FAMILY)
    with pytest.raises(ConfigError, match="n_repeats must be at least 1, got 0"):
        replace(CONFIG, n_repeats=0)
    with pytest.raises(ConfigError, match="The folder of .* must exist"):
        measure_to_file(tmp_path / "none" / "p.npz", CONFIG, family=FAMILY)


def test_a_part_is_not_shipped(whole):
    with pytest.raises(ConfigError, match="must cover all 5424 networks"):
        ship_proxies(whole, command="-")


def test_images_have_large_structures():
    """Halving the resolution leaves most of the variance; of white noise it would leave 1/4."""
    images = random_images(50, side=32, rng=np.random.default_rng(0))
    np.testing.assert_allclose(images.mean(dim=(1, 2, 3)), 0, atol=1e-5)
    np.testing.assert_allclose(images.std(dim=(1, 2, 3), correction=0), 1, rtol=1e-5)
    assert float(torch.nn.functional.avg_pool2d(images, 2).var()) > 0.6


def test_global_random_states_are_untouched(tmp_path: Path):
    torch_state, numpy_state = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    measure_to_file(tmp_path / "p.npz", CONFIG, networks=CELLS[:1], family=FAMILY)
    assert torch.equal(torch.get_rng_state(), torch_state)
    assert np.array_equal(np.random.get_state()[1], numpy_state)  # noqa: NPY002
