import shutil
import struct
import sys
import zlib

import numpy as np
import pytest
from PIL import Image

from evonasc.data.datasets import load_data
from evonasc.data.image_files import read_image_folder
from evonasc.errors import DataFileError, MissingDependencyError


def save(path, value, *, size=(40, 20), mode="RGB"):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, value).save(path)


@pytest.fixture
def folder(tmp_path):
    """Red cats and blue dogs, ten of each, of different sizes and formats."""
    for i in range(10):
        suffix = (".png", ".jpg", ".JPEG")[i % 3]
        save(tmp_path / "images" / "cat" / f"{i}{suffix}", (250, 0, 0), size=(10 + 9 * i, 64))
        save(tmp_path / "images" / "dog" / f"{i}{suffix}", (0, 0, 250), size=(64, 10 + 9 * i))
    return tmp_path / "images"


def test_classes_are_folders_by_name_and_images_become_32_by_32(folder):
    (folder / "cat" / "notes.txt").write_text("left alone")
    (folder / ".hidden").mkdir()
    found = read_image_folder(folder, seed=0)
    train, test = found.train, found.test
    assert found.n_classes == 2
    assert train.pixels.shape == (16, 3, 32, 32)
    assert test.labels.tolist() == [0, 0, 1, 1]
    for images in (train, test):
        red, blue = images.pixels[:, 0].mean(axis=(1, 2)), images.pixels[:, 2].mean(axis=(1, 2))
        assert ((blue > red) == images.labels).all()
        assert (np.maximum(red, blue) > 240).all()


def test_the_seed_decides_the_split_and_no_image_is_in_two_parts(tmp_path):
    for i in range(20):
        for label, name in enumerate(("a", "b")):
            save(tmp_path / name / f"{i:02d}.png", (10 * i, 100 * label, 0))
    data = load_data(f"folder:{tmp_path}", n_validation=8, seed=1)
    parts = [data.train, data.validation, data.test]
    assert [len(part) for part in parts] == [24, 8, 8]
    seen = [tuple(image[:2, 0, 0].tolist()) for part in parts for image in part.pixels]
    assert len(set(seen)) == 40
    again, other = (load_data(f"folder:{tmp_path}", n_validation=8, seed=seed) for seed in (1, 2))
    assert np.array_equal(again.validation.pixels, data.validation.pixels)
    assert not np.array_equal(other.test.pixels, data.test.pixels)


def test_a_folder_that_has_moved_is_found_by_its_root(folder, tmp_path):
    data = load_data("folder:/no/longer/here", folder, n_validation=4, seed=0)
    assert data.name == "folder:/no/longer/here"
    assert len(data.train) == 12


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "1", "LA"])
def test_every_kind_of_pixel_is_read_as_colours(folder, mode):
    save(folder / "cat" / "odd.png", 1 if mode in ("L", "P", "1") else None or 0, mode=mode)
    found = read_image_folder(folder, seed=0)
    assert len(found.train) + len(found.test) == 21


def read_alone(folder, image, **options):
    """Return the one image of its class and size ``(3, 32, 32)``, read back from a PNG file."""
    path = folder / "cat" / "0.png"
    image.save(path, **options)
    found = read_image_folder(folder, seed=0)
    pixels = np.concatenate([found.train.pixels, found.test.pixels]).reshape(-1, 3, 32, 32)
    # cats are red, dogs are blue: whatever is neither is the odd one
    plain = np.ptp(pixels.reshape(len(pixels), 3, -1).mean(axis=2), axis=1) > 200
    (odd,) = pixels[~plain]
    return odd


def test_grey_of_16_bits_is_scaled_and_not_clipped(folder):
    """12-bit cameras and scanners leave such files; clipped, each would be pure white."""
    ramp = np.repeat(np.arange(32, dtype=np.uint16)[:, None] * 2048, 32, axis=1)
    odd = read_alone(folder, Image.fromarray(ramp))
    # 2048 = 8 * 256: the upper byte of row i is 8 i
    assert odd[0, :, 5].tolist() == [8 * i for i in range(32)]
    assert (odd == odd[0]).all()


@pytest.mark.parametrize("mode", ["I", "I;16"])
def test_grey_of_16_bits_is_one_image_by_either_name(folder, mode, monkeypatch):
    """Pillow called it I before it called it I;16."""
    grey = Image.new(mode, (32, 32), 0x80FF)
    monkeypatch.setattr("PIL.Image.open", lambda path, formats: grey.copy())
    assert (read_image_folder(folder, seed=0).train.pixels == 0x80).all()


def test_a_transparent_value_of_16_bits_is_white(folder):
    grey = np.full((32, 32), 0x4000, dtype=np.uint16)
    grey[:, :16] = 0x4001
    odd = read_alone(folder, Image.fromarray(grey), transparency=0x4001)
    assert odd[:, 0, 0].tolist() == [255, 255, 255]
    assert odd[:, 0, 31].tolist() == [0x40, 0x40, 0x40]


def png_of_16_bits(colour, transparent):
    """Return a PNG of one colour, three channels of 16 bits; Pillow reads such but writes none."""

    def chunk(kind, data):
        checked = kind + data
        return struct.pack(">I", len(data)) + checked + struct.pack(">I", zlib.crc32(checked))

    row = b"\0" + struct.pack(">3H", *colour) * 32
    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", struct.pack(">2I5B", 32, 32, 16, 2, 0, 0, 0)),
            chunk(b"tRNS", struct.pack(">3H", *transparent)),
            chunk(b"IDAT", zlib.compress(row * 32)),
            chunk(b"IEND", b""),
        ]
    )


@pytest.mark.parametrize(
    ("transparent", "expected"), [((30000, 31000, 200), 255), ((200, 31000, 30000), None)]
)
def test_a_transparent_colour_of_16_bits_is_white(folder, transparent, expected):
    colour = (30000, 31000, 200)
    (folder / "cat" / "0.png").write_bytes(png_of_16_bits(colour, transparent))
    data = load_data(f"folder:{folder}", seed=0)
    wanted = [expected or value >> 8 for value in colour]
    parts = (data.train, data.validation, data.test)
    everything = np.concatenate([part.pixels for part in parts])
    assert (everything == np.array(wanted)[:, None, None]).all(axis=(1, 2, 3)).sum() == 1


@pytest.mark.parametrize(
    ("mode", "value", "options", "expected"),
    [
        ("RGBA", (0, 0, 0, 0), {}, (255, 255, 255)),
        ("RGBA", (0, 100, 0, 51), {}, (204, 224, 204)),  # 255 + (x - 255) / 5
        ("RGBA", (90, 100, 80, 255), {}, (90, 100, 80)),
        ("LA", (0, 51), {}, (204, 204, 204)),
        ("P", 0, {"transparency": 0}, (255, 255, 255)),
        ("L", 9, {"transparency": 9}, (255, 255, 255)),
        ("RGB", (1, 2, 3), {"transparency": (1, 2, 3)}, (255, 255, 255)),
    ],
)
def test_what_is_transparent_lies_on_white(folder, mode, value, options, expected):
    odd = read_alone(folder, Image.new(mode, (32, 32), value), **options)
    assert np.abs(odd.astype(int) - np.array(expected)[:, None, None]).max() <= 1


def test_pixels_that_have_no_faithful_colours_are_refused_by_name(folder, monkeypatch):
    monkeypatch.setattr("PIL.Image.open", lambda path, formats: Image.new("F", (8, 8), 0.5))
    with pytest.raises(DataFileError, match=r"cat/0\.png must hold grey .* got Pillow's mode 'F'"):
        read_image_folder(folder, seed=0)


def test_the_digest_is_that_of_the_images_whatever_the_seed(folder, tmp_path):
    digest = read_image_folder(folder, seed=0).digest
    assert digest == read_image_folder(folder, seed=1).digest
    (folder / "notes.txt").write_text("left alone")
    shutil.copytree(folder, tmp_path / "copy")
    assert digest == read_image_folder(tmp_path / "copy", seed=0).digest
    save(folder / "dog" / "0.png", (0, 9, 250))
    assert digest != read_image_folder(folder, seed=0).digest
    (tmp_path / "copy" / "dog").rename(tmp_path / "copy" / "wolf")
    assert digest != read_image_folder(tmp_path / "copy", seed=0).digest


def test_what_is_left_alone_is_counted(folder):
    (folder / "notes.txt").write_text("")
    (folder / ".hidden").write_text("")
    (folder / "cat" / "scan.tiff").write_text("")
    (folder / "cat" / ".DS_Store").write_text("")
    (folder / "dog" / "puppies").mkdir()
    data = load_data(f"folder:{folder}", seed=0)
    assert (data.n_other_files, data.n_nested_folders) == (2, 1)


def test_a_damaged_image_is_named(folder):
    whole = (folder / "dog" / "0.png").read_bytes()
    (folder / "dog" / "0.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataFileError, match=r"dog/0\.png is no readable PNG or JPEG image"):
        read_image_folder(folder, seed=0)


@pytest.mark.parametrize(
    "content", [b"", b"GIF89a nonsense", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"]
)
def test_what_is_no_image_is_named(folder, content):
    (folder / "dog" / "3.png").write_bytes(content)
    with pytest.raises(DataFileError, match=r"dog/3\.png is no readable PNG or JPEG image"):
        read_image_folder(folder, seed=0)


def test_another_format_under_a_good_name_is_refused(folder):
    Image.new("RGB", (8, 8)).save(folder / "cat" / "0.png", format="BMP")
    with pytest.raises(DataFileError, match=r"cat/0\.png is no readable PNG or JPEG image"):
        read_image_folder(folder, seed=0)


@pytest.mark.parametrize("side", [9_000, 60_000])
def test_a_decompression_bomb_is_refused_before_it_is_decoded(folder, side):
    """Some bytes that claim billions of pixels."""

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 99))
    (folder / "cat" / "bomb.png").write_bytes(png + chunk(b"IEND", b""))
    with pytest.raises(DataFileError, match=r"bomb\.png (must have at most|is no readable)"):
        read_image_folder(folder, seed=0)


def test_one_class_is_no_task(tmp_path):
    save(tmp_path / "only" / "0.png", (1, 2, 3))
    with pytest.raises(DataFileError, match="at least 2 sub-folders, one a class, got only"):
        read_image_folder(tmp_path, seed=0)


def test_a_class_with_too_few_images_is_named(folder):
    for path in sorted((folder / "dog").iterdir())[:3]:
        path.unlink()
    with pytest.raises(DataFileError, match=r"dog must hold at least 10 images .* got 7"):
        read_image_folder(folder, seed=0)


def test_no_such_folder_says_what_to_give(tmp_path):
    with pytest.raises(DataFileError, match="Cannot read the image folder .*Give folder:PATH"):
        load_data(f"folder:{tmp_path / 'none'}", seed=0)


def test_without_pillow_one_line_says_what_to_install(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'evonasc\[images\]'"):
        read_image_folder(folder, seed=0)


#: How a stored image is laid out where its EXIF orientation says so (turned back by viewers).
STORED = {
    1: lambda scene: scene,
    2: np.fliplr,
    3: lambda scene: np.rot90(scene, 2),
    4: np.flipud,
    5: lambda scene: scene.transpose(1, 0, 2),
    6: lambda scene: np.rot90(scene, 1),
    7: lambda scene: np.rot90(scene, 2).transpose(1, 0, 2),
    8: lambda scene: np.rot90(scene, 3),
}


@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_one_scene_stored_in_eight_orientations_is_one_scene(tmp_path, suffix):
    scene = np.zeros((32, 32, 3), dtype=np.uint8)
    scene[:16, :16], scene[:16, 16:], scene[16:, :16] = (250, 0, 0), (0, 250, 0), (0, 0, 250)
    for number in range(16):
        orientation = 1 + number % 8
        stored = STORED[orientation]
        exif = Image.Exif()
        exif[0x0112] = orientation
        for label in ("a", "b"):
            path = tmp_path / label / f"{number}.{suffix}"
            path.parent.mkdir(exist_ok=True)
            image = Image.fromarray(np.ascontiguousarray(stored(scene)))
            image.save(path, exif=exif, **({"quality": 100} if suffix == "jpg" else {}))
    found = read_image_folder(tmp_path, seed=0)
    pixels = np.concatenate([found.train.pixels, found.test.pixels]).astype(int)
    middles = pixels[:, :, 8::16, 8::16].transpose(0, 2, 3, 1)
    expected = scene[8::16, 8::16].astype(int)
    assert len(middles) == 32
    assert np.abs(middles - expected).max() <= 12
