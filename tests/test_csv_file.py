"""The reader of CSV files: nothing is read as something else than what stands there."""

import logging

import pytest

from evonasc.cost.calibration import read_measured_networks
from evonasc.cost.link_trace import read_trace
from evonasc.csv_file import number, read_csv
from evonasc.errors import DataFileError
from evonasc.nasbench201.space import NasBench201
from evonasc.runs.folder import read_table
from evonasc.supernet.csv_rows import fraction, read_rows


@pytest.fixture
def file(tmp_path):
    def written(content):
        path = tmp_path / "t.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return written


@pytest.mark.parametrize(
    "content",
    [
        "name,error\na,0.5\nb,0.25\n",
        "name,error\r\na,0.5\r\nb,0.25\r\n",
        b"\xef\xbb\xbfname,error\na,0.5\nb,0.25\n",
        " name , error \n a , 0.5 \n b , 0.25 \n",
        'name,error\n"a",0.5\n\n"b",0.25',
        "error,other,name\n0.5,x,a\n0.25,,b\n",
        "name,error,\na,0.5,\nb,0.25,\n",
        "name;error\na;0.5\nb;0.25\n",
    ],
)
def test_what_means_the_same_is_read_the_same(content, file, caplog):
    with caplog.at_level(logging.WARNING):
        table = read_csv(file(content), ("name", "error"), kind="table")
    assert table.column("name") == ["a", "b"]
    assert [float(text) for text in table.column("error")] == [0.5, 0.25]
    assert ("separated by semicolons" in caplog.text) == (";" in str(content))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("name,error\na,0,2608\n", "line 2: a row must have 2 fields .* got 3. .*with a point"),
        ("name,error\na,0.1\nb\n", "line 3: a row must have 2 fields as the header has, got 1"),
        ("name,error,error\na,1,2\n", "each column once, got 'error' twice"),
        ("name, name\na,1\n", "each column once, got 'name' twice"),
        ("name\na\n", "must have the columns name, error, got name"),
        ("", "must have the columns name, error, got none"),
        ("\n\n", "must have the columns name, error, got none"),
        ('name,error\n"a,0.5\n', "no table of comma-separated values"),
        (b"name,error\na,\xff\n", "utf-8"),
        ("name,error\n" + "a" * 200_000 + ",1\n", "no table of comma-separated values"),
    ],
)
def test_what_fits_no_header_is_refused(content, message, file):
    with pytest.raises(DataFileError, match=message):
        read_csv(file(content), ("name", "error"), kind="table")


def test_a_header_over_several_lines_is_told_in_one(file):
    path = file('"[]name,error\nx,1.5\ny,2"\n')
    with pytest.raises(DataFileError) as refused:
        read_csv(path, ("name", "error"), kind="table")
    assert str(refused.value).endswith("got []name,error x,1.5 y,2.")


@pytest.mark.parametrize(
    "text", ["1e999", "nan", "inf", "1_000", "", "0,5", "½", "\u0661", "0x1", "--1"]
)
def test_what_is_no_number_is_refused(text):
    with pytest.raises(DataFileError, match=r"t.csv, line 2: error must be a finite number, got"):
        number(text, name="error", where="t.csv, line 2")


@pytest.mark.parametrize(("text", "value"), [("1", 1.0), ("-.5e1", -5.0), ("+2.", 2.0)])
def test_numbers_are_what_they_say(text, value):
    assert number(text, name="x", where="here") == value


ARCH = "|none~0|+|none~0|none~1|+|nor_conv_3x3~0|none~1|none~2|"


@pytest.mark.parametrize(
    ("read", "content"),
    [
        (
            lambda path: read_measured_networks(path, NasBench201()),
            f"arch_str,latency_ms\n{ARCH},12,4\n",
        ),
        (
            lambda path: read_rows(path, ("arch_str", "error"), kind="t"),
            f"arch_str,error\n{ARCH},0,26\n",
        ),
        (lambda path: read_trace(str(path)), "time_s,mbps\n0,4\n1,5,5\n"),
        (read_table, "id,error\n1,0,5\n"),
    ],
)
def test_every_reader_refuses_a_decimal_comma(read, content, file):
    with pytest.raises(DataFileError, match="got 3.*with a point"):
        read(file(content))


@pytest.mark.parametrize("text", ["1e308", "-1", "0", "1e10"])
def test_times_that_cannot_be_meant_are_refused(text, file):
    path = file(f"arch_str,latency_ms\n{ARCH},{text}\n" + f"{ARCH},1\n" * 2)
    with pytest.raises(DataFileError, match="line 2: latency_ms must be a positive number"):
        read_measured_networks(path, NasBench201())


def test_a_fraction_is_one():
    assert fraction("0.5", where="here") == 0.5
    with pytest.raises(DataFileError, match=r"a fraction in \[0, 1\], got '0,5'. .*a point"):
        fraction("0,5", where="here")


# Traces


def test_points_in_time_are_read_whatever_their_zone(file):
    by_seconds = read_trace(str(file("time_s,mbps\n0,4\n1.5,8\n3,2\n")))
    for stamps in (
        ("2026-01-31T12:00:00Z", "2026-01-31T12:00:01.500Z", "2026-01-31T12:00:03Z"),
        ("2026-01-31 12:00:00", "2026-01-31 12:00:01.5", "2026-01-31 12:00:03"),
        ("2026-01-31T12:00:00+00:00", "2026-01-31T13:00:01.5+01:00", "2026-01-31T12:00:03Z"),
    ):
        rows = zip(stamps, (4, 8, 2), strict=True)
        text = "".join(f"{stamp},{rate}\n" for stamp, rate in rows)
        trace = read_trace(str(file(f"timestamp,mbps\n{text}")))
        assert trace.weights.tolist() == by_seconds.weights.tolist()
        assert trace.seconds == by_seconds.seconds
    with pytest.raises(
        DataFileError, match="timestamp must be ISO 8601.* got 'yesterday' in row 1"
    ):
        read_trace(str(file("timestamp,mbps\nyesterday,3\n")))


def test_a_sign_that_names_one_trace_may_be_in_a_path_too(tmp_path):
    folder = tmp_path / "run#3"
    folder.mkdir()
    plain, marked = folder / "t.csv", folder / "t#1.csv"
    plain.write_text("time_s,mbps\n0,4\n1,4\n")
    marked.write_text("time_s,trace_id,mbps\n0,a,2\n1,a,2\n0,b,8\n1,b,8\n")
    assert read_trace(str(plain)).mbps.tolist() == [4.0]
    assert read_trace(str(marked)).mbps.tolist() == [2.0, 8.0]
    assert read_trace(f"{marked}#b").mbps.tolist() == [8.0]
