"""Losses are kept, shared by processes, and never believed when damaged."""

import importlib
import logging
import sys
import types
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import torch

from evonasc.data.images import Images
from evonasc.nasbench201.cells import canonical_connected_cells
from evonasc.nasbench201.network import SupernetConfig, initialise
from evonasc.nasbench201.space import NasBench201
from evonasc.supernet import image_losses
from evonasc.supernet.image_losses import ImageLosses, KeptLosses, LossCache, loss_cache
from evonasc.supernet.quick_forward import QuickScorer

SPACE = NasBench201()

CPU = torch.device("cpu")
CELLS = canonical_connected_cells()[[5, 900, 2500]]


def losses(seed, n_known=10):
    rng = np.random.default_rng(seed)
    loss = rng.random(10).astype(np.float32).astype(np.float64)
    loss[n_known:] = np.nan
    return KeptLosses(loss, np.isfinite(loss) & (rng.random(10) < 0.5))


def assert_equal(found, expected):
    assert found.keys() == expected.keys()
    for number, kept in expected.items():
        np.testing.assert_array_equal(found[number].loss, kept.loss)
        np.testing.assert_array_equal(found[number].is_right, kept.is_right)


@pytest.fixture
def cache(tmp_path):
    return LossCache(tmp_path / "live", n_images=10, space=SPACE)


@pytest.fixture(scope="module")
def supernet():
    return initialise(SupernetConfig(channels=4, cells_per_stage=1, n_classes=10), seed=0)


@pytest.fixture(scope="module")
def images():
    rng = np.random.default_rng(0)
    pixels = rng.integers(256, size=(10, 3, 32, 32)).astype(np.uint8)
    return Images(pixels, rng.integers(10, size=10))


def test_what_was_added_is_read_and_the_fuller_of_two_wins(cache):
    assert cache.read() == {}
    cache.add({3: losses(0), 9: losses(1, n_known=4)})
    cache.add({9: losses(1), 4000: losses(2, n_known=5)})
    cache.add({9: losses(1, n_known=4)})
    assert_equal(cache.read(), {3: losses(0), 9: losses(1), 4000: losses(2, n_known=5)})


def test_many_parts_become_one(cache):
    expected = {number: losses(number) for number in range(40)}
    for number, kept in expected.items():
        cache.add({number: kept})
    assert_equal(cache.read(), expected)
    assert len(list(cache.folder.iterdir())) == 1
    assert_equal(cache.read(), expected)


def test_processes_that_add_and_join_at_once_lose_nothing(tmp_path):
    def work(first):
        cache = LossCache(tmp_path / "live", n_images=10, space=SPACE)
        for number in range(first, first + 60):
            cache.add({number: losses(number)})
            if number % 7 == 0:
                cache.read()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, (0, 30, 60, 90)))
    known = LossCache(tmp_path / "live", n_images=10, space=SPACE).read()
    assert_equal(known, {number: losses(number) for number in range(150)})


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-30],
        lambda data: data[:200] + b"\xff" + data[201:],
        lambda data: data[:-1200] + b"\xff" + data[-1199:],
        lambda data: b"",
    ],
)
def test_damaged_parts_are_dropped_with_one_warning(cache, damage, caplog):
    cache.add({3: losses(0)})
    for seed in (1, 2):
        path = cache.add({7 + seed: losses(seed)})
        path.write_bytes(damage(path.read_bytes()))
    with caplog.at_level(logging.WARNING):
        assert_equal(cache.read(), {3: losses(0)})
        assert_equal(cache.read(), {3: losses(0)})
    assert len(caplog.records) == 1
    assert "are damaged" in caplog.text


@pytest.mark.parametrize(
    ("number", "loss", "message"),
    [
        (7, np.zeros(9), "must have shape"),
        (10**6, np.zeros(10), "numbers are those of no networks"),
        (7, np.full(10, np.inf), "gaps"),
        (7, np.where(np.arange(10) == 3, np.nan, 1.0), "gaps"),
    ],
)
def test_parts_that_hold_something_else_are_damaged(cache, number, loss, message, caplog):
    cache.add({number: KeptLosses(loss, np.zeros(len(loss), dtype=bool))})
    with caplog.at_level(logging.WARNING):
        assert cache.read() == {}
    assert message in caplog.text
    assert list(cache.folder.iterdir()) == []


def test_a_folder_that_cannot_be_written_keeps_nothing_and_warns_once(tmp_path, caplog):
    (tmp_path / "file").write_text("no folder")
    cache = LossCache(tmp_path / "file" / "live", n_images=10, space=SPACE)
    with caplog.at_level(logging.WARNING):
        assert cache.add({3: losses(0)}) is None
        assert cache.add({3: losses(0)}) is None
    assert len(caplog.records) == 1


def test_weights_images_and_device_have_caches_of_their_own(supernet, images, monkeypatch):
    other = initialise(SupernetConfig(channels=4, cells_per_stage=1, n_classes=10), seed=1)
    flipped = Images(images.pixels[..., ::-1], images.labels)
    relabelled = Images(images.pixels, images.labels[::-1])
    caches = [
        loss_cache(supernet, images, device=CPU),
        loss_cache(other, images, device=CPU),
        loss_cache(supernet, flipped, device=CPU),
        loss_cache(supernet, relabelled, device=CPU),
        loss_cache(supernet, images.take(np.arange(5)), device=CPU),
        loss_cache(supernet, images, device=torch.device("meta")),
    ]
    assert len({one.folder for one in caches}) == 6
    assert loss_cache(supernet, images, device=CPU).folder == caches[0].folder
    monkeypatch.setattr(image_losses, "cache_folder", lambda: None)
    assert loss_cache(supernet, images, device=CPU) is None


NETWORK = """
from evonasc.nasbench201.network import CellSupernet
from own_nets.helpers import scale

class Own(CellSupernet):
    def forward(self, x, network, **where):
        return scale(super().forward(x, network, **where))
"""


def test_a_changed_helper_of_the_networks_package_has_a_cache_of_its_own(
    images, tmp_path, monkeypatch
):
    package = tmp_path / "own_nets"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "network.py").write_text(NETWORK)
    (package / "helpers.py").write_text("def scale(x):\n    return x\n")
    monkeypatch.syspath_prepend(tmp_path)
    own = importlib.import_module("own_nets.network").Own(SupernetConfig(channels=2))
    before = loss_cache(own, images, device=CPU).folder
    assert loss_cache(own, images, device=CPU).folder == before
    (package / "helpers.py").write_text("def scale(x):\n    return 2 * x\n")
    assert loss_cache(own, images, device=CPU).folder != before
    names = {path.name for path in image_losses._source_files(own)}
    # its base's package, and what the room itself does to an image
    assert {"helpers.py", "cells.py", "family.py", "training.py", "quick_forward.py"} <= names


def test_sizes_that_show_in_no_weight_have_a_cache_of_their_own(supernet, images, monkeypatch):
    before = loss_cache(supernet, images, device=CPU).folder
    monkeypatch.setattr(supernet, "config", replace(supernet.config, cells_per_stage=2))
    assert loss_cache(supernet, images, device=CPU).folder != before


def test_a_network_without_a_file_keeps_nothing(supernet, images, monkeypatch):
    """As in a notebook: nobody could tell when its code changes."""
    monkeypatch.setitem(sys.modules, "notebook", types.ModuleType("notebook"))
    monkeypatch.setattr(type(supernet), "__module__", "notebook")
    assert loss_cache(supernet, images, device=CPU) is None


def test_a_second_run_computes_nothing_and_goes_on_where_the_first_stopped(
    supernet, images, tmp_path, monkeypatch
):
    monkeypatch.setattr("evonasc.supernet.quick_forward.SCORING_BATCH", 5)
    cache = LossCache(tmp_path / "live", n_images=10, space=SPACE)

    def begun():
        return ImageLosses(QuickScorer(supernet, images, device=CPU), cache)

    first = begun()
    first.compute(CELLS)
    plain = ImageLosses(QuickScorer(supernet, images, device=CPU), None)
    plain.compute(CELLS[:1])
    second = begun()
    second.compute(CELLS)
    assert (first.n_passes, second.n_passes) == (6, 0)
    np.testing.assert_array_equal(second.mean(CELLS), first.mean(CELLS))
    np.testing.assert_array_equal(second.n_right(CELLS[:1]), plain.n_right(CELLS[:1]))
    more = canonical_connected_cells()[[77]]
    quick = second._scorer.score

    def stop_in_the_second_batch(networks, *, batch):
        if batch == 1:
            raise KeyboardInterrupt
        return quick(networks, batch=batch)

    monkeypatch.setattr(second._scorer, "score", stop_in_the_second_batch)
    with pytest.raises(KeyboardInterrupt):
        second.compute(more)
    third = begun()
    third.compute(more)
    assert third.n_passes == 1  # only the second batch was missing
