import os
import pickle

import numpy as np
import pytest

from evonasc.data import cifar
from evonasc.data.cifar import decode_batch
from evonasc.data.datasets import (
    default_n_validation,
    is_same_data,
    load_data,
)
from evonasc.data.images import Images
from evonasc.errors import ConfigError, DataFileError, UnknownNameError


def batch(n=10, *, dtype=np.uint8, seed=0):
    """A batch in the official layout: channel-major rows of 3,072 bytes and a list of labels."""
    rng = np.random.default_rng(seed)
    return {
        b"data": rng.integers(256, size=(n, 3072)).astype(dtype),
        b"labels": rng.integers(10, size=n).tolist(),
        b"filenames": [b"x.png"] * n,
    }


@pytest.fixture
def small_cifar(tmp_path, monkeypatch):
    """Six batches of the official layout with ten images each, and their MD5 sums."""
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    for number, name in enumerate(cifar.CIFAR10_MD5):
        content = pickle.dumps(batch(seed=number), 2)
        (folder / name).write_bytes(content)
        digest = cifar.hashlib.md5(content, usedforsecurity=False).hexdigest()
        monkeypatch.setitem(cifar.CIFAR10_MD5, name, digest)
    return tmp_path


def test_decoding_gives_planes_in_channel_order():
    raw = batch(2)
    images = decode_batch(pickle.dumps(raw, 2), where="here")
    assert images.pixels.shape == (2, 3, 32, 32)
    # row 1, green (second plane of 1,024 values), line 3, column 5
    assert images.pixels[1, 1, 3, 5] == raw[b"data"][1, 1024 + 3 * 32 + 5]
    assert images.labels.tolist() == raw[b"labels"]


class Attack:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (os.mkdir, (str(self.path),))


def test_a_hostile_pickle_is_refused_and_does_nothing(tmp_path):
    target = tmp_path / "made-by-the-pickle"
    with pytest.raises(DataFileError, match=r"here is refused as a CIFAR batch: it asks for"):
        decode_batch(pickle.dumps({b"data": Attack(target)}, 2), where="here")
    assert not target.exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"no pickle", "refused as a CIFAR batch"),
        (pickle.dumps([1, 2]), "holds no CIFAR batch"),
        (pickle.dumps({b"data": np.zeros((2, 3072), np.uint8)}), "holds no CIFAR batch"),
        (pickle.dumps({b"data": np.zeros((2, 7), np.uint8), b"labels": [0, 1]}), "holds no CIFAR"),
        (pickle.dumps(batch(dtype=np.float32)), "an array that is no table of uint8"),
    ],
)
def test_what_is_no_batch_is_refused(content, message):
    with pytest.raises(DataFileError, match=message):
        decode_batch(content, where="here")


def test_loading_splits_training_from_validation_by_the_seed(small_cifar):
    data = load_data("cifar10", small_cifar, n_validation=20, seed=3)
    assert (len(data.train), len(data.validation), len(data.test)) == (30, 20, 10)
    both = np.concatenate([data.train.pixels, data.validation.pixels]).reshape(50, -1)
    assert len(np.unique(both, axis=0)) == 50  # no image is in both
    again = load_data("cifar10", small_cifar / "cifar-10-batches-py", n_validation=20, seed=3)
    assert np.array_equal(again.validation.pixels, data.validation.pixels)
    other = load_data("cifar10", small_cifar, n_validation=20, seed=4)
    assert not np.array_equal(other.validation.pixels, data.validation.pixels)


def test_a_changed_file_is_refused_by_its_md5(small_cifar):
    path = small_cifar / "cifar-10-batches-py" / "data_batch_3"
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(DataFileError, match=r"data_batch_3 must have MD5 .*, got "):
        load_data("cifar10", small_cifar, n_validation=20, seed=0)


def test_a_missing_file_is_named(small_cifar):
    (small_cifar / "cifar-10-batches-py" / "data_batch_2").unlink()
    with pytest.raises(DataFileError, match=r"Cannot read .*data_batch_2"):
        load_data("cifar10", small_cifar, n_validation=20, seed=0)


def test_a_folder_without_the_data_set_says_what_to_give(tmp_path):
    with pytest.raises(DataFileError, match="Give the folder that holds cifar-10-batches-py"):
        load_data("cifar10", tmp_path, n_validation=1, seed=0)


def test_an_unknown_data_set_is_named(tmp_path):
    with pytest.raises(UnknownNameError, match=r"Unknown data set 'cifar11'. Did you mean"):
        load_data("cifar11", tmp_path, n_validation=1, seed=0)


@pytest.fixture
def small_cifar100(tmp_path, monkeypatch):
    """The official layout with ten test and thirty training images, and its MD5 sums."""
    folder = tmp_path / "cifar-100-python"
    folder.mkdir()
    parts = {"train": batch(30, seed=1), "test": batch(10, seed=2)}
    for part in parts.values():
        part[b"fine_labels"] = part.pop(b"labels")
        part[b"coarse_labels"] = [0] * len(part[b"fine_labels"])
    meta = {b"fine_label_names": [b"a"] * 100, b"coarse_label_names": [b"b"] * 20}
    for name, content in {**parts, "meta": meta}.items():
        (folder / name).write_bytes(pickle.dumps(content, 2))
        digest = cifar.hashlib.md5((folder / name).read_bytes(), usedforsecurity=False)
        monkeypatch.setitem(cifar.CIFAR100_MD5, name, digest.hexdigest())
    return tmp_path, parts


def test_cifar100_has_fine_labels_and_as_many_classes_as_its_meta_names(small_cifar100):
    root, parts = small_cifar100
    data = load_data("cifar100", root, n_validation=6, seed=0)
    assert (len(data.train), len(data.validation), len(data.test)) == (24, 6, 10)
    assert data.n_classes == 100
    assert data.test.labels.tolist() == parts["test"][b"fine_labels"]


def test_cifar100_is_refused_by_the_published_sums(small_cifar100):
    root, _ = small_cifar100
    path = root / "cifar-100-python" / "meta"
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(DataFileError, match=r"meta must have MD5 .*, got "):
        load_data("cifar100", root, seed=0)


def test_a_copy_with_other_pixels_is_read_by_its_own_name_and_digest(small_cifar100):
    root, parts = small_cifar100
    path = root / "cifar-100-python" / "train"
    first = load_data("cifar100-recoded", root, n_validation=6, seed=0)
    # As Python 3 writes it: names are text.
    other = {name.decode(): part for name, part in parts["train"].items()}
    other["data"] = 255 - other["data"]
    path.write_bytes(pickle.dumps(other, 2))
    data = load_data("cifar100-recoded", root, n_validation=6, seed=0)
    assert (data.train.pixels == 255 - first.train.pixels).all()
    assert data.train.labels.tolist() == first.train.labels.tolist()
    assert len({first.digest, data.digest, ""}) == 3
    with pytest.raises(DataFileError, match="train must have MD5"):
        load_data("cifar100", root, seed=0)


def test_a_copy_with_labels_of_no_class_is_refused(small_cifar100):
    root, parts = small_cifar100
    parts["test"][b"fine_labels"][3] = 100
    (root / "cifar-100-python" / "test").write_bytes(pickle.dumps(parts["test"], 2))
    with pytest.raises(DataFileError, match=r"test must hold labels in \[0, 99\]"):
        load_data("cifar100-recoded", root, seed=0)


class Crafted:
    """A pickle that rebuilds an array of a shape and bytes of its own."""

    def __init__(self, shape, kind, content):
        self.state = (1, shape, np.dtype(kind), False, content)

    def __reduce__(self):
        build = np._core.multiarray._reconstruct
        return build, (np.ndarray, (0,), b"b"), self.state


@pytest.mark.parametrize(
    ("shape", "kind", "content"),
    [
        ((2, 3072), "u1", b"short"),
        ((1 << 62, 3072), "u1", b""),
        ((-2, -3072), "u1", bytes(6144)),
        ((2, 3072), "O", [None] * 6144),
        ((2, 3072), "u1", [0] * 6144),
        (2, "u1", bytes(2)),
    ],
)
def test_an_array_that_would_crash_numpy_is_refused(shape, kind, content):
    made = pickle.dumps({b"data": Crafted(shape, kind, content), b"labels": [0, 1]})
    with pytest.raises(DataFileError, match="refused as a CIFAR batch|holds no CIFAR batch"):
        decode_batch(made, where="here")


def test_published_sums_have_not_been_mistyped():
    assert cifar.CIFAR100_MD5 == {
        "train": "16019d7e3df5f24257cddd939b257f8d",
        "test": "f0ef6b0ae62326f3e7ffdfab6717acfc",
        "meta": "7973b15100ade9c7d40fb424638fde48",
    }


def test_data_sets_that_must_be_brought_need_a_folder():
    with pytest.raises(
        DataFileError, match="'cifar100' needs the folder of its files: --data-root"
    ):
        load_data("cifar100", seed=0)


def test_a_folder_is_the_same_data_however_it_is_spelled(tmp_path, monkeypatch):
    (tmp_path / "photos").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "photos")
    monkeypatch.chdir(tmp_path)
    for other in ("folder:photos/", f"folder:{tmp_path}/photos", "folder:link"):
        assert is_same_data("folder:photos", other)
    for other in ("folder:photos2", "photos", "digits", f"{tmp_path}/photos"):
        assert not is_same_data("folder:photos", other)
    assert is_same_data("digits", "digits")


def test_a_negative_seed_is_refused():
    with pytest.raises(ConfigError, match=r"seed must lie in \[0, \d+\], got -1"):
        load_data("digits", seed=-1)


@pytest.mark.parametrize(("n", "held_out"), [(50_000, 5000), (10_000, 1000), (1438, 287), (9, 1)])
def test_small_sets_hold_out_a_larger_share(n, held_out):
    assert default_n_validation(n) == held_out


@pytest.mark.parametrize("n_validation", [0, 50])
def test_a_split_must_leave_both_parts(small_cifar, n_validation):
    with pytest.raises(DataFileError, match=r"n_validation must lie in \[1, 49\]"):
        load_data("cifar10", small_cifar, n_validation=n_validation, seed=0)


def test_taking_rows_keeps_pairs_together():
    images = Images(np.arange(4 * 3).reshape(4, 3, 1, 1).astype(np.uint8), np.arange(4))
    taken = images.take(np.array([2, 0]))
    assert taken.pixels[:, 0, 0, 0].tolist() == [6, 0]
    assert taken.labels.tolist() == [2, 0]
