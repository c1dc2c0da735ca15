import sys

import numpy as np
import pytest

from evonasc.data.datasets import load_data
from evonasc.errors import MissingDependencyError


def test_digits_are_the_packages_images_enlarged():
    from sklearn.datasets import load_digits

    data = load_data("digits", seed=0)
    assert (len(data.train), len(data.validation), len(data.test)) == (1151, 287, 359)
    assert data.train.pixels.shape == (1151, 3, 32, 32)
    assert data.train.pixels.dtype == np.uint8
    assert (data.n_classes, data.is_mirrored) == (10, False)
    published = {
        (np.rint(image * 255 / 16).astype(np.uint8).tobytes(), int(label))
        for image, label in zip(load_digits().images, load_digits().target, strict=True)
    }
    parts = (data.train, data.validation, data.test)
    shown = {
        (np.ascontiguousarray(image[channel, ::4, ::4]).tobytes(), int(label))
        for part in parts
        for image, label in zip(part.pixels, part.labels, strict=True)
        for channel in (0, 2)
    }
    assert shown == published  # every image once, with its label, in every channel


def test_each_pixel_becomes_a_square():
    pixels = load_data("digits", seed=0).test.pixels
    for row in range(4):
        for column in range(4):
            assert np.array_equal(pixels[:, :, row::4, column::4], pixels[:, :, ::4, ::4])


def test_the_seed_decides_the_split():
    first, again, other = (load_data("digits", seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first.test.pixels, again.test.pixels)
    assert np.array_equal(first.validation.labels, again.validation.labels)
    assert not np.array_equal(first.test.pixels, other.test.pixels)


def test_without_scikit_learn_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'evonasc\[digits\]'"):
        load_data("digits", seed=0)
