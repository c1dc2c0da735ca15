"""Labelled 32 x 32 images from files the user brings; never downloaded, never trusted.

Pickled batches are read by an unpickler that knows numpy arrays and nothing else, and CIFAR-10's
files must match their published MD5 sums.

Reference: Krizhevsky 2009, "Learning Multiple Layers of Features from Tiny Images".
"""

import hashlib
import io
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from evonasc.arrays import IntArray
from evonasc.errors import DataFileError, UnknownNameError

ByteImages = npt.NDArray[np.uint8]

#: Published MD5 sums of the official python version of CIFAR-10.
CIFAR10_MD5 = {
    "data_batch_1": "c99cafc152244af753f735de768cd75f",
    "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
    "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
    "data_batch_4": "634d18415352ddfa80567beed471001a",
    "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
    "test_batch": "40351d587109b95175f43aff81a1287e",
}
#: Global names that a pickled CIFAR batch may use: what rebuilds a numpy array, nothing that acts.
_HARMLESS_GLOBALS = {
    (module, name)
    for module in ("numpy", "numpy.core.multiarray", "numpy._core.multiarray")
    for name in ("ndarray", "dtype", "_reconstruct")
} | {("_codecs", "encode")}


@dataclass(frozen=True)
class Images:
    """A labelled set of images."""

    #: ``(n, 3, height, width)`` uint8.
    pixels: ByteImages
    #: ``(n,)`` class numbers from 0.
    labels: IntArray

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, rows: IntArray) -> "Images":
        """Return the images in ``rows``, in that order."""
        return Images(self.pixels[rows], self.labels[rows])


@dataclass(frozen=True)
class DataSet:
    """Training, validation and test images of one task."""

    #: Name on the command line.
    name: str
    #: Classes, in the order of the labels.
    n_classes: int
    #: To train shared weights on.
    train: Images
    #: Held out of the training set, to score networks on.
    validation: Images
    #: Never seen by a search.
    test: Images


class _ArrayUnpickler(pickle.Unpickler):
    """Refuses every global but those that rebuild numpy arrays."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _HARMLESS_GLOBALS:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}")
        return super().find_class(module, name)


def _read_batch(path: Path, *, md5: str) -> tuple[ByteImages, list[int]]:
    """Read one pickled CIFAR batch of 10,000 images."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataFileError(
            f"Cannot read {path} ({error.strerror}). Expected the official python version of "
            f"CIFAR-10, a folder cifar-10-batches-py with {', '.join(CIFAR10_MD5)}."
        ) from error
    found = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if found != md5:
        raise DataFileError(
            f"{path} must have MD5 {md5}, got {found}. Unpack the official archive again."
        )
    return decode_batch(content, where=str(path))


def decode_batch(content: bytes, *, where: str) -> tuple[ByteImages, list[int]]:
    """Return pixels ``(n, 3, 32, 32)`` and labels of one pickled CIFAR batch.

    Args:
        content: The pickle.
        where: Named in errors.

    Raises:
        DataFileError: Not a pickle of a CIFAR batch, or one that asks for more than arrays.
    """
    try:
        batch = _ArrayUnpickler(io.BytesIO(content), encoding="bytes").load()
    except Exception as error:  # a hostile pickle can raise anything; it is the file's fault
        raise DataFileError(f"{where} is refused as a CIFAR batch: {error}.") from error
    try:
        rows, labels = batch[b"data"], batch[b"labels"]
        pixels = np.asarray(rows).reshape(len(labels), 3, 32, 32)
    except (TypeError, KeyError, ValueError) as error:
        raise DataFileError(f"{where} holds no CIFAR batch of 32 x 32 images.") from error
    if pixels.dtype != np.uint8:
        raise DataFileError(f"{where} must hold uint8 pixels, got {pixels.dtype}.")
    return pixels, [int(label) for label in labels]


def _cifar10(root: Path) -> tuple[Images, Images, int]:
    """Read training and test images of CIFAR-10 and say how many classes there are."""
    folder = root if root.name == "cifar-10-batches-py" else root / "cifar-10-batches-py"
    if not folder.is_dir():
        raise DataFileError(f"No folder {folder}. Give the folder that holds cifar-10-batches-py.")
    parts = {name: _read_batch(folder / name, md5=md5) for name, md5 in CIFAR10_MD5.items()}
    test = parts.pop("test_batch")
    pixels = np.concatenate([part[0] for part in parts.values()])
    labels = np.concatenate([part[1] for part in parts.values()]).astype(np.int64)
    return Images(pixels, labels), Images(test[0], np.array(test[1], dtype=np.int64)), 10


#: Name -> reader of (training images, test images, number of classes) below a folder.
DATA_SETS = {"cifar10": _cifar10}


def load_data(name: str, root: Path, *, n_validation: int, seed: int) -> DataSet:
    """Read a data set and hold out a validation part of its training images.

    Args:
        name: One of ``DATA_SETS``.
        root: The folder with the official files.
        n_validation: Training images to hold out, drawn by ``seed``; same seed, same images.
        seed: Of the split.

    Raises:
        UnknownNameError: No such data set.
        DataFileError: A file is missing, damaged, or not what it should be.
    """
    if name not in DATA_SETS:
        raise UnknownNameError("data set", name, DATA_SETS)
    training, test, n_classes = DATA_SETS[name](root)
    if not 0 < n_validation < len(training):
        raise DataFileError(
            f"n_validation must lie in [1, {len(training) - 1}] for {name}, got {n_validation}."
        )
    order = np.random.default_rng(seed).permutation(len(training))
    return DataSet(
        name=name,
        n_classes=n_classes,
        train=training.take(order[n_validation:]),
        validation=training.take(order[:n_validation]),
        test=test,
    )
