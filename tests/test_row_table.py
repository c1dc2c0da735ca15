"""Rows found again by their content, against dictionaries."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evonasc.search.row_table import GrowingArray, RowTable

LIMITS = np.array([3, 300, 2])


def batches(max_value=2):
    row = st.tuples(*(st.integers(0, max_value) for _ in range(3)))
    return st.lists(st.lists(row, min_size=1, max_size=30), min_size=1, max_size=8)


def filled(parts, table=None):
    """Return a table with everything of some batches, and the numbers that rows should have."""
    table, numbers = table or RowTable(LIMITS), {}
    for part in parts:
        rows = np.array(part)
        new = table.first_of_new(rows)
        expected = [
            place
            for place, row in enumerate(part)
            if row not in numbers and row not in part[:place]
        ]
        assert new.tolist() == expected
        table.add(rows[new])
        for place in expected:
            numbers[part[place]] = len(numbers)
    return table, numbers


def agree(table, numbers):
    everything = [(a, b, c) for a in range(3) for b in range(4) for c in range(3)]
    expected = [numbers.get(row, -1) for row in everything]
    assert table.find(np.array(everything)).tolist() == expected
    assert table.rows.tolist() == [list(row) for row in numbers]
    assert len(table) == len(numbers)


@settings(max_examples=60)
@given(batches())
def test_rows_are_found_as_in_a_dictionary(parts):
    agree(*filled(parts))


@pytest.mark.parametrize("n_hashes", [1, 2])
def test_rows_of_one_hash_stay_apart(n_hashes):
    class Poor(RowTable):
        def _hash(self, words):
            return (words.sum(axis=1) % n_hashes).astype(np.uint64)

    rng = np.random.default_rng(0)
    parts = [[tuple(row) for row in rng.integers(3, size=(9, 3)).tolist()] for _ in range(4)]
    agree(*filled(parts, Poor(LIMITS)))


def test_the_index_grows_with_many_rows_and_with_one_large_batch():
    rows = np.stack(np.meshgrid(np.arange(50), np.arange(300), np.arange(2)), axis=-1)
    rows = np.random.default_rng(1).permutation(rows.reshape(-1, 3))
    limits = np.array([50, 300, 2])
    for step in (97, len(rows)):
        table = RowTable(limits)
        for start in range(0, len(rows), step):
            table.add(rows[start : start + step])
        assert table.find(rows).tolist() == list(range(len(rows)))
        assert table.find(np.array([[50, 0, 0]])).tolist() == [-1]


def test_values_beyond_a_byte_are_kept():
    for largest in (255, 256, 70_000, 2**40):
        table = RowTable(np.array([largest + 1]))
        table.add(np.array([[largest], [0]]))
        assert table.rows.tolist() == [[largest], [0]]
        assert table.find(np.array([[0], [largest], [largest - 1]])).tolist() == [1, 0, -1]


def test_an_array_keeps_what_was_appended_and_its_type_grows():
    array = GrowingArray(np.array([1, 2]))
    parts = [[1, 2]]
    for value in (3, 0.5, 7):
        array.extend(np.array([value, value]))
        parts.append([value, value])
    assert array.rows.tolist() == np.concatenate(parts).tolist()
    assert array.rows.dtype == np.float64
    assert len(array) == 8
