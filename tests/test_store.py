"""The store of a run: what was appended is there, and what is damaged is told."""

import os
import sqlite3

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from evonasc.errors import ConfigError, DataFileError
from evonasc.runs.store import RunStore, mend_store
from evonasc.runs.stored import count_stored, read_store
from evonasc.search.evaluation import Evaluated


def batch(n, *, first=0, failures=()):
    """Return designs of two genes, and two columns of two types."""
    genes = np.stack([np.arange(first, first + n), np.full(n, 7)], axis=1)
    error = genes[:, 0] / 3
    error[list(failures)] = np.nan
    return genes, Evaluated(
        {"error": error, "size": genes[:, 0] * 2}, dict.fromkeys(failures, "no luck")
    )


def written(path, *sizes, failures=()):
    with RunStore(path) as store:
        for size in sizes:
            first = len(store)
            store.append(*batch(size, first=first, failures=failures), seconds=first + 0.5)
        return len(store)


def test_what_was_appended_is_read_in_order_with_its_types(tmp_path):
    path = tmp_path / "a.sqlite"
    assert written(path, 3, 1, 5, failures=(0,)) == 9
    stored = read_store(path)
    assert stored.genes.tolist() == [[place, 7] for place in range(9)]
    expected = np.arange(9) / 3
    expected[[0, 3, 4]] = np.nan
    np.testing.assert_array_equal(stored.found.columns["error"], expected)
    assert stored.found.columns["size"].tolist() == list(range(0, 18, 2))
    assert stored.found.columns["size"].dtype == np.int64
    assert stored.found.failures == dict.fromkeys((0, 3, 4), "no luck")
    assert (stored.seconds, stored.damage) == (4.5, "")
    assert count_stored(path) == (9, 4.5)


def test_a_batch_of_failures_alone_has_no_columns(tmp_path):
    path = tmp_path / "a.sqlite"
    with RunStore(path) as store:
        store.append(np.array([[1, 2]]), Evaluated({}, {0: "broken"}), seconds=0.0)
        store.append(*batch(2, first=5), seconds=1.0)
    found = read_store(path).found
    np.testing.assert_array_equal(found.columns["error"], [np.nan, 5 / 3, 2])
    assert found.failures == {0: "broken"}


def test_an_open_store_is_read_from_another_connection(tmp_path):
    path = tmp_path / "a.sqlite"
    with RunStore(path) as store:
        assert len(read_store(path)) == 0
        store.append(*batch(4), seconds=0.0)
        assert len(read_store(path)) == 4
    with RunStore(path) as store:  # opened again it goes on
        assert len(store) == 4
        store.append(*batch(1, first=4), seconds=0.0)
    assert len(read_store(path)) == 5


def test_a_batch_of_an_interrupted_write_is_not_there(tmp_path, monkeypatch):
    path = tmp_path / "a.sqlite"
    written(path, 3)
    store = RunStore(path)
    store._base.execute("BEGIN")
    store.append(*batch(2, first=3), seconds=0.0)
    store.close()  # as a killed process leaves it: nothing was committed
    assert len(read_store(path)) == 3


@settings(max_examples=60, deadline=None)
@example(place=0.18975747994046935, flip=128)  # a byte of the schema that is no UTF-8 then
@given(place=st.floats(0, 1, exclude_max=True), flip=st.integers(1, 255))
def test_whatever_byte_is_damaged_only_true_designs_are_read(place, flip, tmp_path_factory):
    path = tmp_path_factory.mktemp("damaged") / "a.sqlite"
    written(path, *[20] * 12)
    data = bytearray(path.read_bytes())
    data[int(place * len(data))] ^= flip
    path.write_bytes(data)
    try:
        stored = read_store(path)
    except DataFileError:
        return  # the head of the file
    assert stored.genes.tolist() == [[row, 7] for row in range(len(stored))]
    error = stored.found.columns.get("error", np.zeros(0))
    np.testing.assert_array_equal(error, np.arange(len(stored)) / 3)
    assert len(stored) == 240 or stored.damage


def test_of_a_truncated_store_the_start_is_read_and_written_anew(tmp_path):
    path = tmp_path / "run.sqlite"
    written(path, *[50] * 40)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) - 3 * 4096 + 100])
    stored = read_store(path)
    assert 0 < len(stored) < 2000
    assert f"damaged after design {len(stored)}" in stored.damage
    damaged = mend_store(path, stored)
    assert damaged.read_bytes() == whole[: len(whole) - 3 * 4096 + 100]
    again = read_store(path)
    assert (len(again), again.damage) == (len(stored), "")
    assert written(path, 5) == len(stored) + 5


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\0" + bytes(200)])
def test_what_is_no_store_is_refused(content, tmp_path):
    path = tmp_path / "a.sqlite"
    path.write_bytes(content)
    for read in (read_store, count_stored):
        with pytest.raises(DataFileError, match=r"a.sqlite is no store of a run"):
            read(path)
    with pytest.raises(DataFileError, match="no such file"):
        read_store(tmp_path / "b.sqlite")


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE more (x)",
        "CREATE VIEW more AS SELECT 1",
        "CREATE TRIGGER t AFTER INSERT ON batches BEGIN SELECT 1; END",
        "PRAGMA application_id = 7",
    ],
)
def test_a_store_with_more_in_it_than_ours_is_refused(statement, tmp_path):
    path = tmp_path / "a.sqlite"
    written(path, 3)
    base = sqlite3.connect(path)
    base.execute(statement)
    base.commit()
    base.close()
    with pytest.raises(DataFileError, match="is no store of a run"):
        read_store(path)
    with pytest.raises(DataFileError, match="is no store of a run"):
        RunStore(path)


def test_another_format_is_told(tmp_path):
    path = tmp_path / "a.sqlite"
    written(path, 3)
    base = sqlite3.connect(path)
    base.execute("PRAGMA user_version = 9")
    base.close()
    with pytest.raises(DataFileError, match="must be of format 1, got 9"):
        read_store(path)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("n", 10**12),
        ("n", -1),
        ("n", "'many'"),
        ("genes", "'text'"),
        ("genes", "zeroblob(7)"),
        ("numbers", "zeroblob(3)"),
        ("columns", "'[1]'"),
        ("columns", '\'{"error": "O"}\''),
        ("failures", '\'{"99": "x"}\''),
        ("failures", "'{'"),
        ("seconds", "'x'"),
        ("checksum", 3),
        ("first", 1),
    ],
)
def test_values_that_are_no_batch_are_damage(column, value, tmp_path):
    """Also where whoever made them computed the checksum of them."""
    path = tmp_path / "a.sqlite"
    written(path, 2, 2)
    base = sqlite3.connect(path)
    base.execute(f"UPDATE batches SET {column} = {value} WHERE first = 2")
    if column != "checksum":
        from evonasc.runs.stored import COLUMNS, checksum_of

        row = base.execute(f"SELECT {', '.join(COLUMNS)} FROM batches").fetchall()[-1]
        base.execute("UPDATE batches SET checksum = ? WHERE first > 0", (checksum_of(row[:-1]),))
    base.commit()
    base.close()
    stored = read_store(path)
    assert len(stored) == 2 or (column == "first" and len(stored) == 0)
    assert stored.damage or column == "first"


def test_a_store_that_cannot_be_written_says_so(tmp_path):
    if os.geteuid() == 0:
        with pytest.raises(ConfigError, match=r"Cannot write .*a.sqlite: .*\. What was written"):
            RunStore(tmp_path / "absent" / "a.sqlite")
        return
    tmp_path.chmod(0o500)
    with pytest.raises(ConfigError, match="Cannot write"):
        RunStore(tmp_path / "a.sqlite")
