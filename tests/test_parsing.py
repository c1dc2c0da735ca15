import contextlib
import io
import zipfile

import numpy as np
import pytest

from evonasc.errors import DataFileError
from evonasc.inputs import toml_file
from evonasc.parsing import json_value, npz_arrays, npz_bytes

DEEP = "[" * 100_000


def npz(**arrays):
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def test_arrays_are_read_by_name_and_others_left_alone():
    data = npz(a=np.arange(3), b=np.array("text"), pickled=np.array([{}], dtype=object))
    found = npz_arrays(data, ("a", "b"))
    assert list(found) == ["a", "b"]
    assert found["a"].tolist() == [0, 1, 2]
    assert str(found["b"]) == "text"
    assert list(npz_arrays(npz_bytes(a=np.zeros(1)))) == ["a"]


@pytest.mark.parametrize("data", [b"", b"a,b\n1,2\n", b"\x93NUMPY\x01\x00", b"\x80\x04pickle"])
def test_another_kind_of_file_gets_no_advice_to_load_it_unsafely(data):
    with pytest.raises(ValueError, match=r"^it must be an npz, got another kind of file$"):
        npz_arrays(data)


def test_a_missing_array_is_named():
    with pytest.raises(ValueError, match="it lacks 'b', 'c'"):
        npz_arrays(npz(a=np.zeros(1)), ("a", "b", "c"))


def test_damage_is_a_value_error():
    whole = npz(a=np.random.default_rng(0).normal(size=500))
    for end in range(0, len(whole), 97):
        with pytest.raises(ValueError, match=r"\w"):
            npz_arrays(whole[:end])
    for place in range(0, len(whole), 31):
        changed = bytearray(whole)
        changed[place] ^= 0xFF
        with contextlib.suppress(ValueError):  # unless it hit a byte that says nothing
            npz_arrays(bytes(changed))


def test_what_an_archive_holds_must_be_arrays():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a", "text")
    with pytest.raises(ValueError, match="its 'a' is no array"):
        npz_arrays(buffer.getvalue(), ["a"])


def test_pickles_are_refused():
    with pytest.raises(ValueError, match="[Oo]bject arrays cannot be loaded"):
        npz_arrays(npz(a=np.array([{}], dtype=object)))


def test_json_is_read_and_what_is_none_is_a_value_error():
    assert json_value('{"a": [1]}') == {"a": [1]}
    with pytest.raises(ValueError, match="Expecting value"):
        json_value("nonsense")
    with pytest.raises(ValueError, match="its JSON is nested too deeply"):
        json_value(DEEP)


def test_toml_is_read_and_what_is_none_is_told(tmp_path):
    path = tmp_path / "a.toml"
    path.write_bytes(b"a = [1]")
    assert toml_file(path, kind="file") == ({"a": [1]}, b"a = [1]")
    for content, reason in (
        (b"a = nonsense", "Invalid value"),
        (f"a = {DEEP[:9000]}".encode(), "it is nested too deeply"),
        (b"a" + b".a" * 30_000 + b" = 1", "it is nested too deeply"),
        (b"a = '\xff'", "can't decode"),
    ):
        path.write_bytes(content)
        with pytest.raises(DataFileError, match=f"a.toml is no TOML file: .*{reason}"):
            toml_file(path, kind="file")
    for name, reason in (("gone", "No such file or directory"), ("a\0", "embedded null byte")):
        with pytest.raises(DataFileError, match=rf"Cannot read the file .*: {reason}\."):
            toml_file(tmp_path / name, kind="file")
