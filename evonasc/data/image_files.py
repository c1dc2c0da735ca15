"""A user's own images: one sub-folder a class, PNG or JPEG of any size, read as 32 x 32.

The split depends on the sorted file names and the seed, so adding or removing files changes it. The
digest of all images lets a supernet that was trained before refuse to be scored on images it may
have seen.

Images with 16 bits a channel keep their upper 8 bits, and transparent ones lie on white.
"""

import hashlib
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from evonasc.data.images import ByteImages, Images
from evonasc.errors import DataFileError, MissingDependencyError

if TYPE_CHECKING:
    from PIL.Image import Image

#: File names that count as images; others are left alone.
SUFFIXES = (".jpeg", ".jpg", ".png")
#: Images a class must have: one at least for training, validation and test.
LEAST_IMAGES = 10
#: Pixels of the largest image that is decoded; a file of some kilobytes can hold billions.
_MOST_PIXELS = 64_000_000
_SIDE = 32
_TEST_SHARE = 0.2
#: What Pillow calls grey images of 16 bits; which of them it gives depends on its version.
_GREY_16 = ("I", "I;16", "I;16B", "I;16L", "I;16N")
#: What else a PNG or JPEG file can hold.
_MODES = ("1", "CMYK", "L", "LA", "P", "PA", "RGB", "RGBA", "YCbCr")
_WHITE = 255


@dataclass(frozen=True)
class ImageFolder:
    """The images of a folder, and what else lies in it."""

    #: To train on or hold out.
    train: Images
    #: A fifth of each class.
    test: Images
    #: Sub-folders that were read.
    n_classes: int
    #: SHA-256 of class names and pixels before they are split, so that it depends on no seed.
    digest: str
    #: Files that are no images by their names, in the folder and its classes; hidden ones left out.
    n_other_files: int
    #: Folders in the folders of classes; hidden ones left out.
    n_nested_folders: int


def read_image_folder(folder: Path, *, seed: int) -> ImageFolder:
    """Return the images of a folder, split into training and test.

    A fifth of each class, at least one image, is kept for the test, drawn by the seed. Classes are
    numbered in the order of their folders' names. Hidden folders, other files and folders in the
    classes are left alone.

    Raises:
        DataFileError: No such folder, fewer than two classes, too few images in a class, or a file
            that is no image, damaged or too large; names the file.
        MissingDependencyError: Pillow is not installed.
    """
    try:
        shown = [path for path in folder.iterdir() if path.name[0] != "."]
    except OSError as error:
        raise DataFileError(
            f"Cannot read the image folder {folder} ({error.strerror}). Give folder:PATH, a folder "
            "with one sub-folder of PNG or JPEG files a class."
        ) from error
    classes = sorted(path for path in shown if path.is_dir())
    if len(classes) < 2:
        found = ", ".join(path.name for path in classes) or "none"
        raise DataFileError(f"{folder} must hold at least 2 sub-folders, one a class, got {found}.")
    rng = np.random.default_rng(seed)
    train, test = [], []
    digest = hashlib.sha256()
    n_other_files, n_nested = len(shown) - len(classes), 0
    for label, path in enumerate(classes):
        files, others = _image_files(path)
        n_here = sum(other.is_dir() for other in others)
        n_other_files, n_nested = n_other_files + len(others) - n_here, n_nested + n_here
        pixels = np.stack([_read_image(file) for file in files])
        digest.update(f"{path.name}/{len(files)}/".encode("utf-8", "surrogateescape"))
        digest.update(pixels.tobytes())
        n_test = max(1, round(_TEST_SHARE * len(files)))
        order = rng.permutation(len(files))
        images = Images(pixels, np.full(len(files), label, dtype=np.int64))
        train.append(images.take(order[n_test:]))
        test.append(images.take(order[:n_test]))
    return ImageFolder(
        Images.joined(train),
        Images.joined(test),
        len(classes),
        digest.hexdigest(),
        n_other_files,
        n_nested,
    )


def _image_files(folder: Path) -> tuple[list[Path], list[Path]]:
    """Return the image files of a class, by name, and what else lies there and is not hidden."""
    try:
        shown = sorted(path for path in folder.iterdir() if path.name[0] != ".")
    except OSError as error:
        raise DataFileError(f"Cannot read the folder {folder} ({error.strerror}).") from error
    files = [path for path in shown if path.suffix.lower() in SUFFIXES and path.is_file()]
    if len(files) < LEAST_IMAGES:
        raise DataFileError(
            f"{folder} must hold at least {LEAST_IMAGES} images ({', '.join(SUFFIXES)}), "
            f"got {len(files)}."
        )
    images = set(files)
    return files, [path for path in shown if path not in images]


def _read_image(path: Path) -> ByteImages:
    """Return one image ``(3, 32, 32)``, whatever its size and mode."""
    try:
        from PIL import ExifTags, Image, ImageOps
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
            colours = _as_colours(image, path)
            exif = image.getexif()  # decodes a PNG, after which its depth is not known any more
            if exif.get(ExifTags.Base.Orientation, 1) != 1:  # turned, as viewers show it
                colours.info["exif"] = exif.tobytes()
                colours = ImageOps.exif_transpose(colours)
            small = colours.resize((_SIDE, _SIDE), Image.Resampling.BILINEAR)
    except DataFileError:
        raise
    # A damaged file can make Pillow raise nearly anything; whatever it is, it is the file's fault.
    except Exception as error:
        raise DataFileError(f"{path} is no readable PNG or JPEG image ({error}).") from error
    return np.ascontiguousarray(np.asarray(small, dtype=np.uint8).transpose(2, 0, 1))


def _as_colours(image: "Image", path: Path) -> "Image":
    """Return an image in the mode RGB: 16 bits scaled to 8, transparent parts on white."""
    from PIL import Image

    transparent_colour = image.info.get("transparency")
    has_16_bits = any(";16" in str(tile[3]) for tile in getattr(image, "tile", ()))
    if isinstance(transparent_colour, tuple) and has_16_bits:
        # Pillow keeps the upper byte of each pixel, and all of the colour that is transparent.
        image.info["transparency"] = tuple(value >> 8 for value in transparent_colour)
    if image.mode in _GREY_16:
        # The upper byte, as Pillow itself takes it from colour images of 16 bits.
        depth_16 = np.asarray(image)
        grey = Image.fromarray((depth_16 >> 8).astype(np.uint8))
        transparent = image.info.get("transparency")  # the one value that is, if any
        if transparent is not None:
            grey.paste(_WHITE, mask=Image.fromarray(depth_16 == transparent))
        return grey.convert("RGB")
    if image.mode not in _MODES:
        raise DataFileError(
            f"{path} must hold grey or coloured pixels of 1 to 16 bits, got Pillow's mode "
            f"{image.mode!r}. Save it as an 8-bit PNG."
        )
    if "transparency" not in image.info and image.mode not in ("LA", "PA", "RGBA"):
        return image.convert("RGB")
    colours = image.convert("RGBA")
    ground = Image.new("RGB", colours.size, (_WHITE, _WHITE, _WHITE))
    ground.paste(colours, mask=colours)
    return ground
