"""Data sets by name: training, validation and test images of one task, split by a seed."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evonasc.data.cifar import DataFiles, read_cifar10, read_cifar100, read_recoded_cifar100
from evonasc.data.digits import read_digits
from evonasc.data.image_files import ImageFolder, read_image_folder
from evonasc.data.images import Images
from evonasc.errors import ConfigError, DataFileError, UnknownNameError
from evonasc.limits import require_seed

#: Data sets on the command line, with one line for people.
DATA_SETS = {
    "cifar10": "CIFAR-10, official python files below --data-root",
    "cifar100": "CIFAR-100 with fine labels, official python files below --data-root",
    "cifar100-recoded": "a copy of CIFAR-100 in the same layout with other pixels, such as one "
    "through JPEG: what it gives are no results on CIFAR-100",
    "digits": "scikit-learn's 8 x 8 digits, enlarged; comes with the package",
    "folder:PATH": "your own images, one sub-folder of PNG or JPEG files a class",
}
_FOLDER = "folder:"
#: Readers of what lies below a folder.
_WITH_ROOT: dict[str, Callable[[Path], DataFiles]] = {
    "cifar10": read_cifar10,
    "cifar100": read_cifar100,
    "cifar100-recoded": read_recoded_cifar100,
}
#: Training sets below this size hold out a fifth, not a tenth, and get a small supernet.
_SMALL = 10_000
_MOST_VALIDATION = 5000


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
    #: Whether the mirror image of an example is one of its class.
    is_mirrored: bool = True
    #: SHA-256 of all images and class names of a folder, or of the files of a copy; empty where the
    #: files are checked by their own sums, or come with a package.
    digest: str = ""
    #: Files and folders in folders of classes that were left alone; hidden ones are not counted.
    n_other_files: int = 0
    n_nested_folders: int = 0


def require_data_name(name: str, *, has_root: bool) -> None:
    """Refuse a data set that does not exist, or one that needs a folder and has none.

    Raises:
        UnknownNameError: No such data set.
        DataFileError: Its files must be brought, and no folder is given.
    """
    if name == "digits" or (name.startswith(_FOLDER) and name != _FOLDER):
        return
    if name not in _WITH_ROOT:
        raise UnknownNameError("data set", name, DATA_SETS)
    if not has_root:
        raise DataFileError(f"The data set {name!r} needs the folder of its files: --data-root.")


def require_no_idle_root(name: str, *, has_root: bool) -> None:
    """Refuse, by a ConfigError, files for a data set that names its own or needs none."""
    if has_root and name not in _WITH_ROOT:
        remedy = (
            f"Give --data {_FOLDER}PATH alone." if name.startswith(_FOLDER) else "Leave it out."
        )
        raise ConfigError(f"--data-root is for {', '.join(_WITH_ROOT)}, got {name!r}. {remedy}")


def is_own(name: str) -> bool:
    """Tell whether a data set is a folder of the user's own images."""
    return name.startswith(_FOLDER)


def require_outside(out: Path, name: str, root: Path | None) -> None:
    """Refuse to write among the images of a folder: it would be other images then.

    Args:
        out: File or folder to be written.
        name: Of the data set.
        root: Where its folder lies now, if it moved.

    Raises:
        ConfigError: ``out`` is the folder of images, or lies in it.
    """
    if is_own(name) and out.resolve().is_relative_to(_folder(name, root).resolve()):
        raise ConfigError(
            f"--out must not lie among the images that are read, got {out} in "
            f"{_folder(name, root)}: they would be others then. Choose another --out."
        )


def is_missing_folder(name: str, root: Path | None) -> bool:
    """Tell whether a name is of a folder of images that is not there, nor at ``root`` if given."""
    return name.startswith(_FOLDER) and not _folder(name, root).is_dir()


def _folder(name: str, root: Path | None) -> Path:
    """Return where the folder of ``folder:PATH`` lies."""
    return Path(name.removeprefix(_FOLDER)) if root is None else root


def is_same_data(one: str, other: str) -> bool:
    """Tell whether two names are of one data set: a folder has many spellings."""
    if one.startswith(_FOLDER) and other.startswith(_FOLDER):
        here, there = (Path(name.removeprefix(_FOLDER)).resolve() for name in (one, other))
        return here == there
    return one == other


def load_data(
    name: str, root: Path | None = None, *, n_validation: int | None = None, seed: int
) -> DataSet:
    """Read a data set and hold out a validation part of its training images.

    Args:
        name: ``cifar10``, ``cifar100``, ``cifar100-recoded``, ``digits`` or ``folder:PATH``.
        root: The folder with the official files; of ``folder:PATH``, another place where the
            folder lies now; ``digits`` needs none.
        n_validation: Training images to hold out, drawn by ``seed``; same seed, same images.
            By default :func:`default_n_validation`.
        seed: Of the splits.

    Raises:
        UnknownNameError: No such data set.
        ConfigError: A seed out of range.
        DataFileError: A file is missing, damaged, or not what it should be; or nothing would be
            left to train on.
        MissingDependencyError: A package that reads it is not installed.
    """
    require_data_name(name, has_root=root is not None)
    require_seed(seed)
    folder: ImageFolder | None = None
    digest = ""
    if name in _WITH_ROOT and root is not None:
        training, test, n_classes, digest = _WITH_ROOT[name](root)
    elif name == "digits":
        training, test, n_classes = read_digits(seed=seed)
    else:
        folder = read_image_folder(_folder(name, root), seed=seed)
        training, test, n_classes = folder.train, folder.test, folder.n_classes
        digest = folder.digest
    held_out = default_n_validation(len(training)) if n_validation is None else n_validation
    if not 0 < held_out < len(training):
        raise DataFileError(
            f"n_validation must lie in [1, {len(training) - 1}] for {name}, got {held_out}."
        )
    order = np.random.default_rng(seed).permutation(len(training))
    return DataSet(
        name=name,
        n_classes=n_classes,
        train=training.take(order[held_out:]),
        validation=training.take(order[:held_out]),
        test=test,
        is_mirrored=name != "digits",
        digest=digest,
        n_other_files=0 if folder is None else folder.n_other_files,
        n_nested_folders=0 if folder is None else folder.n_nested_folders,
    )


def is_large(data: DataSet) -> bool:
    """Tell whether a data set is large enough to train a supernet of the usual size on."""
    return len(data.train) + len(data.validation) >= _SMALL


def default_n_validation(n_training: int) -> int:
    """Return how many training images are held out where nobody says: a tenth, 5,000 at most.

    Of fewer than 10,000 images a fifth: networks are told apart by these images alone.
    """
    return min(_MOST_VALIDATION, n_training // (5 if n_training < _SMALL else 10))
