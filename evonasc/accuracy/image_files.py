"""A user's own images: one sub-folder a class, PNG or JPEG of any size, read as 32 x 32.

The split depends on the sorted file names and the seed, so adding or removing files changes it: a
supernet trained before is then scored on images it may have seen.
"""

import warnings
from pathlib import Path

import numpy as np

from evonasc.accuracy.images import ByteImages, Images
from evonasc.errors import DataFileError, MissingDependencyError

#: File names that count as images; others are left alone.
SUFFIXES = (".jpeg", ".jpg", ".png")
#: Images a class must have: one at least for training, validation and test.
LEAST_IMAGES = 10
#: Pixels of the largest image that is decoded; a file of some kilobytes can hold billions.
_MOST_PIXELS = 64_000_000
_SIDE = 32
_TEST_SHARE = 0.2


def read_image_folder(folder: Path, *, seed: int) -> tuple[Images, Images, int]:
    """Return training images, test images and the number of classes of a folder.

    A fifth of each class, at least one image, is kept for the test. Classes are numbered in the
    order of their folders' names.

    Args:
        folder: Holds one folder a class; hidden folders and other files are left alone.
        seed: Of the split into training and test.

    Raises:
        DataFileError: No such folder, fewer than two classes, too few images in a class, or a file
            that is no image, damaged or too large; names the file.
        MissingDependencyError: Pillow is not installed.
    """
    try:
        classes = sorted(path for path in folder.iterdir() if path.is_dir() and path.name[0] != ".")
    except OSError as error:
        raise DataFileError(
            f"Cannot read the image folder {folder} ({error.strerror}). Give folder:PATH, a folder "
            "with one sub-folder of PNG or JPEG files a class."
        ) from error
    if len(classes) < 2:
        found = ", ".join(path.name for path in classes) or "none"
        raise DataFileError(f"{folder} must hold at least 2 sub-folders, one a class, got {found}.")
    rng = np.random.default_rng(seed)
    parts: tuple[list[ByteImages], list[ByteImages]] = ([], [])
    labels: tuple[list[int], list[int]] = ([], [])
    for label, path in enumerate(classes):
        files = _image_files(path)
        pixels = np.stack([_read_image(file) for file in files])
        n_test = max(1, round(_TEST_SHARE * len(files)))
        order = rng.permutation(len(files))
        for part, rows in enumerate((order[n_test:], order[:n_test])):
            parts[part].append(pixels[rows])
            labels[part].extend([label] * len(rows))
    train, test = (
        Images(np.concatenate(parts[part]), np.array(labels[part], dtype=np.int64))
        for part in (0, 1)
    )
    return train, test, len(classes)


def _image_files(folder: Path) -> list[Path]:
    """Return the image files of a class, by name."""
    try:
        files = sorted(
            path
            for path in folder.iterdir()
            if path.suffix.lower() in SUFFIXES and path.name[0] != "."
        )
    except OSError as error:
        raise DataFileError(f"Cannot read the folder {folder} ({error.strerror}).") from error
    if len(files) < LEAST_IMAGES:
        raise DataFileError(
            f"{folder} must hold at least {LEAST_IMAGES} images ({', '.join(SUFFIXES)}), "
            f"got {len(files)}."
        )
    return files


def _read_image(path: Path) -> ByteImages:
    """Return one image ``(3, 32, 32)``, whatever its size and mode."""
    try:
        from PIL import Image
    except ImportError as error:
        raise MissingDependencyError(
            "Reading images needs Pillow. Install it with: pip install 'evonasc[images]'"
        ) from error
    try:
        # Pillow's own warning about the number of pixels comes before anything is decoded, too,
        # but at its limit, and as a warning; here the size decides.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(path, formats=("JPEG", "PNG"))
        with image:
            width, height = image.size
            if width * height > _MOST_PIXELS:
                raise DataFileError(
                    f"{path} must have at most {_MOST_PIXELS} pixels, got {width} x {height}."
                )
            image.draft("RGB", (_SIDE, _SIDE))  # a large JPEG is decoded at a smaller scale
            small = image.convert("RGB").resize((_SIDE, _SIDE), Image.Resampling.BILINEAR)
    except DataFileError:
        raise
    # A damaged file can make Pillow raise nearly anything; whatever it is, it is the file's fault.
    except Exception as error:
        raise DataFileError(f"{path} is no readable PNG or JPEG image ({error}).") from error
    return np.ascontiguousarray(np.asarray(small, dtype=np.uint8).transpose(2, 0, 1))
