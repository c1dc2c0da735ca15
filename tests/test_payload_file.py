import dataclasses

import numpy as np
import pytest

from evonasc.cost.payload import Sending
from evonasc.data.images import Images
from evonasc.errors import ConfigError, DataFileError
from evonasc.nasbench201.errors import payload_file
from evonasc.nasbench201.errors.payload_file import (
    EffectConfig,
    effect_rows,
    fit_table,
    measure_to_file,
    read_effects,
    sampled_networks,
    sendings_of,
    tensor_sizes,
)
from evonasc.nasbench201.network import SupernetConfig, initialise
from evonasc.nasbench201.space import NasBench201
from evonasc.supernet.payload_effects import score_sendings
from evonasc.supernet.weights import TrainedSupernet

SIZE = SupernetConfig(channels=2, cells_per_stage=1, n_classes=10)
CONFIG = EffectConfig(n_networks=3, n_images=10, seed=4)


@pytest.fixture(scope="module")
def trained():
    return TrainedSupernet(initialise(SIZE, seed=0), {"data": "noise"}, digest="abc")


@pytest.fixture(scope="module")
def images():
    rng = np.random.default_rng(0)
    pixels = rng.integers(256, size=(10, 3, 8, 8)).astype(np.uint8)
    return Images(pixels, rng.integers(10, size=10))


def test_rows_of_the_file_are_scores_at_the_cut(trained, images, tmp_path):
    table = measure_to_file(tmp_path / "x.npz", trained, images, CONFIG)
    rows = effect_rows(table, np.array([0.1, 0.2, 0.3]), n_blocks=7)
    assert len(rows.cut) == 3 * (6 * 3 + 7 * 3)
    row = 39 + 1  # the second network's second: 4 bits behind the stem
    assert (rows.network[row], rows.cut[row], rows.bits[row], rows.own_error[row]) == (1, 1, 4, 0.2)
    np.testing.assert_array_equal(rows.cells[row], sampled_networks(CONFIG)[1])
    way = [(1, Sending(4))]
    _, error = score_sendings(trained.supernet, table.cells[1].tolist(), images, way)
    assert rows.increase[row] == pytest.approx(error[1] - error[0])
    assert np.ptp(rows.increase) > 0


def test_measuring_goes_on_where_it_stopped(trained, images, tmp_path, monkeypatch):
    whole = measure_to_file(tmp_path / "whole.npz", trained, images, CONFIG)
    out, few = tmp_path / "parts.npz", dataclasses.replace(CONFIG, n_networks=2)
    measure_to_file(out, trained, images, few)
    n_runs, progress = [], []

    def counted(*args, **options):
        n_runs.append(1)
        return score_sendings(*args, **options)

    monkeypatch.setattr(payload_file, "score_sendings", counted)
    parts = measure_to_file(
        out, trained, images, CONFIG, on_progress=lambda done, total: progress.append((done, total))
    )
    assert (len(n_runs), progress) == (1, [(2, 3), (3, 3)])
    for field in dataclasses.fields(whole):
        np.testing.assert_array_equal(getattr(parts, field.name), getattr(whole, field.name))
    # a smaller sample is the beginning of a larger one
    assert len(measure_to_file(out, trained, images, few).cells) == 2


def test_a_file_made_otherwise_is_refused(trained, images, tmp_path):
    out = tmp_path / "x.npz"
    measure_to_file(out, trained, images, dataclasses.replace(CONFIG, n_networks=1))
    with pytest.raises(ConfigError, match="was made with other settings. Choose another --out"):
        measure_to_file(out, trained, images, dataclasses.replace(CONFIG, seed=5))
    other = dataclasses.replace(trained, digest="other weights")
    with pytest.raises(ConfigError, match="was made with other settings"):
        measure_to_file(out, other, images, CONFIG)
    with pytest.raises(ConfigError, match="folder of .* must exist"):
        measure_to_file(tmp_path / "no" / "x.npz", trained, images, CONFIG)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"arch_str,error\n"])
def test_what_is_no_file_of_effects_is_refused(content, tmp_path):
    path = tmp_path / "x.npz"
    path.write_bytes(content)
    with pytest.raises(DataFileError, match="(is no|Cannot read the) file of payload effects"):
        read_effects(path)
    with pytest.raises(DataFileError, match="(is no|Cannot read the) file of payload effects"):
        read_effects(tmp_path / "missing.npz")


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("n_networks", 0, r"networks must lie in \[1, 5424\], got 0"),
        ("n_networks", 6000, "got 6000"),
        ("n_images", 0, "images must be at least 1, got 0"),
        ("seed", -1, "seed must lie in"),
    ],
)
def test_numbers_out_of_range_are_refused(field, value, message):
    with pytest.raises(ConfigError, match=message):
        EffectConfig(**{field: value})


def test_each_network_has_random_losses_of_its_own():
    first, second = (sendings_of(number, n_blocks=7, seed=0) for number in (0, 1))
    assert first[:18] == second[:18] == [(c, Sending(b)) for c in range(1, 7) for b in (2, 4, 8)]
    assert all(sending.packet_loss > 0 for _, sending in (*first[18:], *second[18:]))
    assert not {sending.packet_loss for _, sending in first[18:]} & {
        sending.packet_loss for _, sending in second[18:]
    }
    assert first == sendings_of(0, n_blocks=7, seed=0)


def test_tensor_sizes_are_those_of_the_space():
    sizes = tensor_sizes(SupernetConfig(16, 5, 10), side=32)
    assert sizes == tuple(np.prod(shape) for shape in NasBench201().cut_shapes[:-1])
    one_cell = (3072, 16384, 16384, 8192, 8192, 4096, 4096)
    assert tensor_sizes(SupernetConfig(16, 1, 10), side=32) == one_cell


def test_a_table_is_fitted_with_its_header(trained, images, tmp_path):
    config = dataclasses.replace(CONFIG, n_networks=5)
    table = measure_to_file(tmp_path / "x.npz", trained, images, config)
    model = fit_table(table, np.full(5, 0.5), config=SIZE, side=8)
    assert model.header["weights_sha256"] == "abc"
    assert model.header["figures"]["n_networks"] == 5
    assert (model.chance_error, model.cells_per_stage) == (0.9, 1)
    assert "5 supernet networks on 10 held-out training images" in model.header["summary"]
