import hashlib
import json
from pathlib import Path

import pytest

import evonasc.assets
import evonasc.nasbench201.assets
from evonasc.errors import AssetError
from evonasc.nasbench201.assets import ASSETS


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """Return a folder that stands in for the shipped one, with one file in it."""
    monkeypatch.setattr(evonasc.assets, "files", lambda package: tmp_path)
    ASSETS.write("hardware/toy.npz", b"weights", command="make toy", note="for tests")
    return tmp_path


# What ships


@pytest.mark.parametrize("path", ASSETS.manifest())
def test_every_shipped_file_matches_its_checksum_and_says_how_it_was_made(path):
    assert ASSETS.read(path)
    entry = ASSETS.manifest()[path]
    assert entry.keys() == {"sha256", "command", "note"}
    assert all(entry.values())


def test_every_file_in_the_folder_is_listed():
    folder = Path(evonasc.nasbench201.assets.__file__).parent
    found = {
        path.relative_to(folder).as_posix()
        for kind in ("hardware", "supernet")
        for path in (folder / kind).glob("*")
    }
    assert found == set(ASSETS.manifest())


# Reading


def test_a_damaged_file_is_refused(shelf):
    (shelf / "hardware" / "toy.npz").write_bytes(b"weights!")
    with pytest.raises(AssetError, match=r"'hardware/toy\.npz' must have SHA-256 .*Install evo"):
        ASSETS.read("hardware/toy.npz")


def test_a_missing_file_is_refused(shelf):
    (shelf / "hardware" / "toy.npz").unlink()
    with pytest.raises(AssetError, match=r"'hardware/toy\.npz' is missing. Install evonasc again"):
        ASSETS.read("hardware/toy.npz")


@pytest.mark.parametrize("path", ["hardware/other.npz", "../secret", "manifest.json"])
def test_a_file_that_is_not_listed_is_refused_even_if_it_is_there(shelf, path):
    (shelf / "hardware" / "other.npz").write_bytes(b"")
    with pytest.raises(AssetError, match=r"is no shipped file. Known: hardware/toy\.npz"):
        ASSETS.read(path)


@pytest.mark.parametrize("content", [None, "{", ""])
def test_a_damaged_manifest_is_refused(shelf, content):
    if content is None:
        (shelf / "manifest.json").unlink()
    else:
        (shelf / "manifest.json").write_text(content)
    with pytest.raises(AssetError, match=r"manifest\.json .* is damaged. Install evonasc again"):
        ASSETS.read("hardware/toy.npz")


# Writing


def test_a_file_is_read_as_it_was_written(shelf):
    assert ASSETS.read("hardware/toy.npz") == b"weights"
    digest = hashlib.sha256(b"weights").hexdigest()
    assert ASSETS.manifest() == {
        "hardware/toy.npz": {"sha256": digest, "command": "make toy", "note": "for tests"}
    }


def test_writing_again_replaces_the_file_and_its_entry(shelf):
    target = ASSETS.write("hardware/toy.npz", b"better", command="make toy2", note="again")
    assert target == shelf / "hardware" / "toy.npz"
    assert ASSETS.read("hardware/toy.npz") == b"better"
    assert ASSETS.manifest()["hardware/toy.npz"]["command"] == "make toy2"


def test_the_manifest_is_sorted_whatever_the_order_of_writing(shelf):
    """So that a new file is one new entry in the diff."""
    ASSETS.write("a.json", b"{}", command="c", note="n")
    ASSETS.write("supernet/b.npz", b"b", command="c", note="n")
    text = (shelf / "manifest.json").read_text()
    assert list(json.loads(text)) == ["a.json", "hardware/toy.npz", "supernet/b.npz"]
    assert text.endswith("}\n")


def test_writing_does_not_paper_over_a_damaged_manifest(shelf):
    (shelf / "manifest.json").write_text("{")
    with pytest.raises(AssetError, match="is damaged"):
        ASSETS.write("a.json", b"{}", command="c", note="n")
