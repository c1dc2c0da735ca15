from pathlib import Path

import pytest

from evonasc.errors import DataFileError
from evonasc.supernet.csv_rows import read_rows


def test_a_path_that_no_file_can_have_is_refused_in_one_line():
    with pytest.raises(DataFileError, match="Cannot read the list .*: embedded null byte"):
        read_rows(Path("a\0b.csv"), ("name",), kind="list")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_end_of_a_line_is_one(tmp_path, end):
    path = tmp_path / "t.csv"
    path.write_bytes(b"\xef\xbb\xbf" + end.join(["name,error", "a,1", "b,2", ""]).encode())
    rows = read_rows(path, ("error", "name"), kind="table")
    assert rows == [(2, ["1", "a"]), (3, ["2", "b"])]


def test_what_is_no_text_is_refused(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes(b"name\n\xff\xfe\n")
    with pytest.raises(DataFileError, match="Cannot read the table .*utf-8"):
        read_rows(path, ("name",), kind="table")
