"""CIFAR-10 and CIFAR-100 from the official files the user brings; never downloaded or trusted.

Pickled batches are read by an unpickler that knows numpy arrays and nothing else. Every file must
match its published MD5 sum, but for a copy that says by its name that it is another.

Reference: Krizhevsky 2009, "Learning Multiple Layers of Features from Tiny Images".
"""

import hashlib
import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from evonasc.data.images import Images
from evonasc.errors import DataFileError
from evonasc.inputs import MOST_ARRAYS, file_bytes

#: Published MD5 sums of the official python version of CIFAR-10.
CIFAR10_MD5 = {
    "data_batch_1": "c99cafc152244af753f735de768cd75f",
    "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
    "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
    "data_batch_4": "634d18415352ddfa80567beed471001a",
    "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
    "test_batch": "40351d587109b95175f43aff81a1287e",
}
#: Published MD5 sums of the official python version of CIFAR-100.
CIFAR100_MD5 = {
    "train": "16019d7e3df5f24257cddd939b257f8d",
    "test": "f0ef6b0ae62326f3e7ffdfab6717acfc",
    "meta": "7973b15100ade9c7d40fb424638fde48",
}


_CIFAR100 = "cifar-100-python"


class _Array:
    """Stands for a numpy array in a pickle; built of its bytes alone, which cannot crash numpy."""

    def __init__(self, *_: object) -> None:
        self.pixels: npt.NDArray[np.uint8] = np.empty((0, 0), dtype=np.uint8)

    def __setstate__(self, state: object) -> None:
        match state:
            case (1, (int(), int()) as shape, _Dtype(), False, bytes() as content):
                self.pixels = np.frombuffer(content, dtype=np.uint8).reshape(shape)
            case _:
                raise pickle.UnpicklingError("it holds an array that is no table of uint8")


class _Dtype:
    """Stands for the type of a numpy array in a pickle; only uint8 is known."""

    def __init__(self, name: object, *_: object) -> None:
        if name not in ("u1", b"u1"):
            raise pickle.UnpicklingError("it holds an array that is no table of uint8")

    def __setstate__(self, _: object) -> None:
        """Byte order and the like: one byte has none."""


def _encoded(text: object, codec: object) -> bytes:
    """Return bytes that an older pickle keeps as text."""
    if codec != "latin1" or not isinstance(text, str):
        raise pickle.UnpicklingError(f"it asks for the codec {codec!r}")
    return text.encode("latin1")


#: Global names that a pickled CIFAR batch may use, and what stands for them: nothing that acts.
_STAND_INS: dict[tuple[str, str], Any] = {
    ("_codecs", "encode"): _encoded,
    **{
        (module, name): stand_in
        for module in ("numpy", "numpy.core.multiarray", "numpy._core.multiarray")
        for name, stand_in in (("ndarray", _Array), ("_reconstruct", _Array), ("dtype", _Dtype))
    },
}


class _ArrayUnpickler(pickle.Unpickler):
    """Refuses every global but those that rebuild numpy arrays, and rebuilds these itself."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _STAND_INS:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}")
        return _STAND_INS[module, name]


#: Training images, test images, the number of classes, and a digest of the files; empty where they
#: were checked by their published sums.
DataFiles = tuple[Images, Images, int, str]


def read_cifar10(root: Path) -> DataFiles:
    """Return the images of CIFAR-10.

    They are in the folder ``cifar-10-batches-py``, which is ``root`` or lies in it.

    Raises:
        DataFileError: A file is missing, damaged, or not the official one.
    """
    folder = _folder(root, "cifar-10-batches-py")
    parts = {
        name: decode_batch(_official(folder / name, md5, "CIFAR-10"), where=str(folder / name))
        for name, md5 in CIFAR10_MD5.items()
    }
    test = parts.pop("test_batch")
    return Images.joined(list(parts.values())), test, 10, ""


def read_cifar100(root: Path) -> DataFiles:
    """Return the same of CIFAR-100 with its fine classes, from ``cifar-100-python``."""
    folder = _folder(root, _CIFAR100)
    contents = {
        name: _official(folder / name, md5, "CIFAR-100") for name, md5 in CIFAR100_MD5.items()
    }
    return *_fine_classes(folder, contents), ""


def read_recoded_cifar100(root: Path) -> DataFiles:
    """Return the same of a copy whose pixels are not the published ones, with its digest.

    A copy through JPEG, for example. What is learnt from it is no result on CIFAR-100.

    Raises:
        DataFileError: A file is missing or in another layout.
    """
    folder = _folder(root, _CIFAR100)
    remedy = "Expected the layout of the official python version of CIFAR-100."
    contents = {
        name: file_bytes(folder / name, kind="file", most=MOST_ARRAYS, remedy=remedy)
        for name in CIFAR100_MD5
    }
    train, test, n_classes = _fine_classes(folder, contents)
    for images, name in ((train, "train"), (test, "test")):
        if not 0 <= images.labels.min(initial=0) <= images.labels.max(initial=0) < n_classes:
            raise DataFileError(
                f"{folder / name} must hold labels in [0, {n_classes - 1}], the classes of meta."
            )
    sums = (hashlib.sha256(content).hexdigest() for content in contents.values())
    return train, test, n_classes, hashlib.sha256("".join(sums).encode()).hexdigest()


def _fine_classes(folder: Path, contents: dict[str, bytes]) -> tuple[Images, Images, int]:
    """Return the images of the files of CIFAR-100, and the number of fine classes."""
    train, test = (
        decode_batch(contents[name], where=str(folder / name), labels=b"fine_labels")
        for name in ("train", "test")
    )
    names = _unpickled(contents["meta"], where=str(folder / "meta")).get(b"fine_label_names")
    if not isinstance(names, list):
        raise DataFileError(f"{folder / 'meta'} holds no names of fine classes.")
    return train, test, len(names)


def decode_batch(content: bytes, *, where: str, labels: bytes = b"labels") -> Images:
    """Return the images of one pickled CIFAR batch, which keeps its labels under that name.

    Raises:
        DataFileError: Not a pickle of a CIFAR batch, or one that asks for more than arrays.
    """
    batch = _unpickled(content, where=where)
    try:
        rows, numbers = batch[b"data"].pixels, batch[labels]
        pixels = rows.reshape(len(numbers), 3, 32, 32)
        of_images = np.array([int(label) for label in numbers], dtype=np.int64)
    except (TypeError, KeyError, ValueError, OverflowError, AttributeError) as error:
        raise DataFileError(f"{where} holds no CIFAR batch of 32 x 32 images.") from error
    return Images(pixels, of_images)


def _unpickled(content: bytes, *, where: str) -> dict[bytes, Any]:
    """Return the dictionary that a pickle holds."""
    try:
        batch = _ArrayUnpickler(io.BytesIO(content), encoding="bytes").load()
    except Exception as error:  # a hostile pickle can raise anything; it is the file's fault
        reason = " ".join(str(error).split())
        raise DataFileError(f"{where} is refused as a CIFAR batch: {reason}.") from error
    if not isinstance(batch, dict):
        raise DataFileError(f"{where} holds no CIFAR batch, got {type(batch).__name__}.")
    # A copy that Python 3 wrote names its parts by text, the published files by bytes.
    return {key.encode() if isinstance(key, str) else key: part for key, part in batch.items()}


def _folder(root: Path, name: str) -> Path:
    """Return the official folder at or below ``root``."""
    folder = root if root.name == name else root / name
    if not folder.is_dir():
        raise DataFileError(f"No folder {folder}. Give the folder that holds {name}.")
    return folder


def _official(path: Path, md5: str, title: str) -> bytes:
    """Return the content of an official file."""
    remedy = f"Expected the official python version of {title}, all files of its archive."
    content = file_bytes(path, kind="file", most=MOST_ARRAYS, remedy=remedy)
    found = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if found != md5:
        raise DataFileError(
            f"{path} must have MD5 {md5}, got {found}. Unpack the official archive again."
        )
    return content
