import importlib
import sys

import numpy as np
import pytest

from evonasc.cost import link_trace
from evonasc.cost.link_trace import read_trace
from evonasc.errors import DataFileError, MissingDependencyError


@pytest.fixture
def file(tmp_path):
    """Write a trace and return its path as text."""

    def write(text, name="trace.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(path)

    return write


def kinds(trace):
    """Return (rate, longest wait, share) of each kind of moment."""
    rows = zip(trace.mbps, trace.outage_ms, trace.weights, strict=True)
    return [tuple(round(float(value), 9) for value in row) for row in rows]


# What a file means


def test_a_rate_holds_until_the_next_row_and_the_last_as_long_as_rows_do_at_the_median(file):
    # 1 s, 2 s and 6 s, and the median of these, 2 s: eleven seconds
    trace = read_trace(file("time_s,mbps\n0,4\n1,8\n3,2\n9,1\n"))
    assert trace.seconds == 11.0
    shares = {4.0: 1 / 11, 8.0: 2 / 11, 2.0: 6 / 11, 1.0: 2 / 11}
    assert dict(zip(trace.mbps.tolist(), trace.weights.tolist(), strict=True)) == pytest.approx(
        shares
    )
    assert (trace.outage_ms == 0).all()


def test_equal_rates_are_one_kind_of_moment(file):
    trace = read_trace(file("time_s,mbps\n0,4\n1,8\n2,4\n3,8\n"))
    assert kinds(trace) == [(4.0, 0.0, 0.5), (8.0, 0.0, 0.5)]
    assert trace.n_rows == 4


def test_one_row_is_a_link_of_one_rate(file):
    assert kinds(read_trace(file("time_s,mbps\n7,3\n"))) == [(3.0, 0.0, 1.0)]


def test_of_rows_of_the_same_time_the_last_one_counts(file):
    # 3 from 0 to 1 s, 4 to 3 s, and 8 for the median of 1 and 2 s
    trace = read_trace(file("time_s,mbps\n0,9\n0,3\n1,0\n1,4\n3,7\n3,8\n"))
    shares = {3.0: 1 / 4.5, 4.0: 2 / 4.5, 8.0: 1.5 / 4.5}
    assert dict(zip(trace.mbps.tolist(), trace.weights.tolist(), strict=True)) == pytest.approx(
        shares
    )
    assert trace.outage_share == 0.0


def test_in_an_outage_one_waits_for_the_rate_that_follows(file):
    # down from 1 to 4 s, then 5 Mbit/s
    trace = read_trace(file("time_s,mbps\n0,2\n1,0\n2,0\n4,5\n5,2\n"))
    assert kinds(trace) == [
        (2.0, 0.0, round(2 / 6, 9)),
        (5.0, 0.0, round(1 / 6, 9)),
        (5.0, 3e3, 0.5),
    ]
    assert trace.outage_share == pytest.approx(0.5)


def test_an_outage_across_the_end_is_one(file):
    # down from 3 s to the end, 4 s, and again to 1 s: two seconds, then 2 Mbit/s
    trace = read_trace(file("time_s,mbps\n0,0\n1,2\n2,2\n3,0\n"))
    assert kinds(trace) == [(2.0, 0.0, 0.5), (2.0, 2e3, 0.5)]


def test_several_traces_are_counted_together_or_chosen_by_name(file):
    text = "dataset,trace_id,t_s,mbps\na,x,5,1\na,x,6,1\nb,y,0,3\nb,y,1,3\nb,y,2,3\nb,y,3,3\n"
    path = file(text)
    assert kinds(read_trace(path)) == [(1.0, 0.0, round(2 / 6, 9)), (3.0, 0.0, round(4 / 6, 9))]
    assert read_trace(path).n_traces == 2
    assert kinds(read_trace(f"{path}#x")) == kinds(read_trace(f"{path}#a")) == [(1.0, 0.0, 1.0)]
    assert read_trace(f"{path}#x").sha256 != read_trace(path).sha256
    with pytest.raises(DataFileError, match="holds no trace_id or dataset 'z'"):
        read_trace(f"{path}#z")


def test_the_rate_quantile_is_met_for_at_least_that_share(file):
    trace = read_trace(file("time_s,mbps\n0,1\n1,2\n2,3\n3,4\n"))
    assert [trace.rate_quantile(share) for share in (0.25, 0.26, 0.5, 0.75, 1.0)] == [4, 3, 3, 2, 1]


def test_the_fingerprint_is_that_of_the_content(file):
    one, same = file("time_s,mbps\n0,4\n"), file("time_s,mbps\n0,4\n", "other.csv")
    assert read_trace(one).sha256 == read_trace(same).sha256
    assert read_trace(one).sha256 != read_trace(file("time_s,mbps\n0,5\n", "third.csv")).sha256


def test_published_traces_are_read(shared_data, tmp_path):
    """Skipped where pyarrow is not installed."""
    pytest.importorskip("pyarrow")
    trace = read_trace(f"{shared_data}/throughput_traces_long.parquet#hsdpa_norway_3g")
    assert (trace.n_traces, trace.n_rows) == (80, 16475)
    assert 0.1 < trace.mbps.min() < trace.mbps.max() < 10


# What is refused

HEADER = "time_s,mbps\n"
BAD = {
    "nan rate": (HEADER + "0,nan\n", "row 1: mbps must be a finite number, got 'nan'"),
    "inf rate": (HEADER + "0,1\n1,inf\n", "row 2: mbps must be a finite number, got 'inf'"),
    "huge number": (HEADER + "0,1e999\n", "mbps must be a finite number"),
    "text": (HEADER + "0,fast\n", "mbps must be a finite number, got 'fast'"),
    "nan time": (HEADER + "nan,1\n", "time_s must be a finite number"),
    "negative": (HEADER + "0,-1\n", r"mbps must be 0 \(down\) or lie in .*, got -1 in row 1"),
    "too slow": (HEADER + "0,1e-9\n", r"mbps must be 0 \(down\) or lie in"),
    "too fast": (HEADER + "0,1e12\n", r"mbps must be 0 \(down\) or lie in"),
    "always down": (
        HEADER + "0,0\n1,0\n",
        "mbps must be above 0 somewhere in .*: the link is down",
    ),
    "empty": ("", "must have the columns time_s \\(or timestamp\\) and mbps, got none"),
    "header only": (HEADER, "must hold at least one row of time_s and mbps, got none"),
    "no time": (
        "when,mbps\n0,1\n",
        "must have the columns time_s \\(or timestamp\\) and mbps, got 'when', 'mbps'",
    ),
    "backwards": (
        HEADER + "0,1\n2,1\n1,1\n",
        "time_s must not fall from row to row, got 1 after 2",
    ),
    "short row": (HEADER + "0,1\n1\n", "line 3: a row must have 2 fields"),
    "long row": (HEADER + "0,1,2\n", "line 2: a row must have 2 fields"),
    "open quote": (HEADER + '"0,1\n', "is no table of comma|utf-8"),
    "binary": (b"\xff\xfe\x00\x01" * 50, "is no table of comma|utf-8"),
    "huge field": (HEADER + "0," + "1" * 200_000 + "\n", "is no table of comma|utf-8"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_trace_is_refused_in_one_line(name, file):
    text, message = BAD[name]
    with pytest.raises(DataFileError, match=message) as caught:
        read_trace(file(text))
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


def test_a_trace_that_is_always_down_among_others_is_named(file):
    text = "trace_id,time_s,mbps\nup,0,1\ndead,0,0\n"
    with pytest.raises(DataFileError, match="above 0 somewhere of 'dead'"):
        read_trace(file(text))


def test_a_file_that_is_not_there_or_a_folder_is_refused(tmp_path):
    for path in (tmp_path / "nowhere.csv", tmp_path):
        with pytest.raises(DataFileError, match="Cannot read the link trace .*: (No such|Is a)"):
            read_trace(str(path))


def test_a_name_that_no_file_can_have_is_refused():
    with pytest.raises(DataFileError, match="Cannot read the link trace"):
        read_trace("nul\0.csv")


def test_huge_files_are_refused_before_they_are_read(file, monkeypatch):
    path = file(HEADER + "0,1\n1,2\n2,3\n")
    monkeypatch.setattr(link_trace, "MOST_ROWS", 2)
    with pytest.raises(DataFileError, match="must have at most 2 rows, got more"):
        read_trace(path)
    monkeypatch.setattr(link_trace, "MOST_BYTES", 10)
    with pytest.raises(DataFileError, match="must have at most 10 bytes, got more"):
        read_trace(path)


def test_many_rows_take_no_time_to_speak_of(file):
    seconds = np.arange(50_000)
    rates = np.random.default_rng(0).integers(0, 50, 50_000)
    text = HEADER + "\n".join(f"{a},{b}" for a, b in zip(seconds, rates, strict=True))
    assert read_trace(file(text)).weights.sum() == pytest.approx(1.0)


def test_parquet_without_pyarrow_says_what_to_install(file, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingDependencyError, match="needs pyarrow. Install it with: pip install"):
        read_trace(file(b"PAR1", "trace.parquet"))


def test_a_parquet_file_gives_what_the_csv_file_does(file, tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = importlib.import_module("pyarrow.parquet")
    table = pyarrow.table({"time_s": [0.0, 1.0, 3.0], "mbps": [4.0, 0.0, 2.0]})
    parquet.write_table(table, tmp_path / "t.parquet")
    from_csv = read_trace(file(HEADER + "0,4\n1,0\n3,2\n"))
    assert kinds(read_trace(str(tmp_path / "t.parquet"))) == kinds(from_csv)
    with pytest.raises(DataFileError, match="is no Parquet file"):
        read_trace(file(b"PAR1 nonsense", "bad.parquet"))
