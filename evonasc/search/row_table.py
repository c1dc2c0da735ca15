"""Rows of integers that are found again by their content, in arrays that grow.

No Python object a row: a row costs its genes, in the smallest type that holds them, its hash, 8
bytes, and 16 to 32 bytes of index; arrays that grow may be half empty. Finding and adding take the
same time however many rows there are.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from evonasc.arrays import BoolArray, IntArray

#: Places of the first index, a power of two, and places for each row at least: with so many, the
#: longest way of a batch is four or five places.
_FIRST_PLACES, _PLACES_A_ROW = 1024, 4
#: What rows are packed into, eight values of a byte at once.
_WORD = np.dtype(np.uint64)
#: An odd number with bits everywhere, 2 ** 64 over the golden ratio, and how far hashes are folded.
_FACTOR, _FOLD = np.uint64(0x9E3779B97F4A7C15), np.uint64(29)


class GrowingArray:
    """An array that rows are appended to; its room doubles when it is full.

    Args:
        first: The first rows; they give the shape of a row and the type.

    Example:
        >>> array = GrowingArray(np.array([1.0]))
        >>> array.extend(np.array([2.0, 3.0]))
        >>> array.rows
        array([1., 2., 3.])
    """

    def __init__(self, first: NDArray[Any]) -> None:
        self._room, self._n = first.copy(), len(first)

    def __len__(self) -> int:
        return self._n

    @property
    def rows(self) -> NDArray[Any]:
        """What was appended; a view, to be read only, until the next is."""
        return self._room[: self._n]

    def extend(self, rows: NDArray[Any]) -> None:
        """Append rows; the type grows with them."""
        n, kind = self._n + len(rows), np.result_type(self._room, rows)
        if n > len(self._room) or kind != self._room.dtype:
            n_places = len(self._room) if n <= len(self._room) else max(n, 2 * len(self._room))
            room = np.empty((n_places, *self._room.shape[1:]), dtype=kind)
            room[: self._n] = self.rows
            self._room = room
        self._room[self._n : n] = rows
        self._n = n


class RowTable:
    """Distinct rows of integers in the order in which they came.

    An open-addressing hash table whose every step works on all rows of a batch at once; what it
    finds was compared in full, so that rows with equal hashes stay apart.

    Args:
        limits: ``(n_columns,)`` what values, at least 0, stay below.

    Example:
        >>> table = RowTable(np.array([5, 300]))
        >>> table.add(np.array([[1, 200], [4, 2]]))
        >>> table.find(np.array([[4, 2], [0, 0]]))
        array([ 1, -1])
    """

    def __init__(self, limits: IntArray) -> None:
        self._n_columns, self._type = len(limits), np.min_scalar_type(int(np.max(limits)) - 1)
        n_words = -(-self._n_columns * self._type.itemsize // _WORD.itemsize)
        self._words = GrowingArray(np.zeros((0, n_words), dtype=_WORD))
        self._hashes = GrowingArray(np.zeros(0, dtype=_WORD))
        self._index = np.full(_FIRST_PLACES, -1, dtype=np.int32)
        # of no search: odd factors, one a word
        self._factors = np.random.default_rng(0).integers(2**63, size=n_words, dtype=_WORD) * 2 + 1

    def __len__(self) -> int:
        return len(self._words)

    @property
    def rows(self) -> IntArray:
        """All rows, ``(n, n_columns)``."""
        return self._words.rows.view(self._type)[:, : self._n_columns].astype(np.int64)

    def find(self, rows: IntArray) -> IntArray:
        """Return the number of each row, ``(n,)``; -1 where it is not here."""
        words = self._packed(rows)
        return self._find(words, self._hash(words))

    def first_of_new(self, rows: IntArray) -> IntArray:
        """Return where rows that are not here stand for the first time, rising."""
        words = self._packed(rows)
        hashes = self._hash(words)
        new = np.flatnonzero(self._find(words, hashes) < 0)
        hashes = hashes[new]
        in_order = np.sort(hashes)
        if (in_order[1:] != in_order[:-1]).all():  # nearly always
            return new
        _, first, which = np.unique(hashes, return_index=True, return_inverse=True)
        if not self._is_same(words[new], words[new[first[which]]]).all():  # of other rows
            _, first = np.unique(words[new], axis=0, return_index=True)
        return new[np.sort(first)]

    def add(self, rows: IntArray) -> None:
        """Append rows that are not here yet, all different."""
        words, n_before = self._packed(rows), len(self)
        self._words.extend(words)
        self._hashes.extend(self._hash(words))
        n_places = len(self._index)
        while n_places < _PLACES_A_ROW * len(self):
            n_places *= 2
        if n_places > len(self._index):
            self._index, n_before = np.full(n_places, -1, dtype=np.int32), 0
        self._place(np.arange(n_before, len(self), dtype=np.int32))

    def _packed(self, rows: IntArray) -> NDArray[np.uint64]:
        """Return rows as whole words, ``(n, n_words)``."""
        n_values = self._words.rows.shape[1] * _WORD.itemsize // self._type.itemsize
        wide = np.zeros((len(rows), n_values), dtype=self._type)
        wide[:, : self._n_columns] = rows
        return wide.view(_WORD)

    def _hash(self, words: NDArray[np.uint64]) -> NDArray[np.uint64]:
        """Return 64 bits of each row, ``(n,)``."""
        mixed = words @ self._factors
        mixed = (mixed ^ (mixed >> _FOLD)) * _FACTOR
        hashes: NDArray[np.uint64] = mixed ^ (mixed >> _FOLD)
        return hashes

    @staticmethod
    def _is_same(some: NDArray[np.uint64], others: NDArray[np.uint64]) -> BoolArray:
        """Tell which rows are the same in both, ``(n,)``."""
        is_same: BoolArray = some[:, 0] == others[:, 0]
        for column in range(1, some.shape[1]):
            is_same &= some[:, column] == others[:, column]
        return is_same

    def _way(self, hashes: NDArray[np.uint64]) -> tuple[IntArray, IntArray]:
        """Return where rows of these hashes are looked for first, and the steps from there.

        Steps are odd, so that they lead to every place, and from other bits of the hash, so that
        ways that meet part again.
        """
        last = len(self._index) - 1
        places = hashes.view(np.int64)
        return places & last, ((places >> 32) & last) | 1

    def _find(self, words: NDArray[np.uint64], hashes: NDArray[np.uint64]) -> IntArray:
        """Look at one place after the other, for all rows that are neither found nor missing."""
        found = np.full(len(words), -1, dtype=np.int64)
        (places, steps), left = self._way(hashes), np.arange(len(words))
        while len(left):
            here = self._index[places]
            taken = np.flatnonzero(here >= 0)
            left, here = left[taken], here[taken]
            is_same = self._is_same(self._words.rows[here], words[left])
            found[left[is_same]] = here[is_same]
            others = taken[~is_same]
            left, steps = left[~is_same], steps[others]
            places = (places[others] + steps) & (len(self._index) - 1)
        return found

    def _place(self, numbers: IntArray) -> None:
        """Enter rows into the index: of those that want one free place the last gets it."""
        places, steps = self._way(self._hashes.rows[numbers])
        while len(numbers):
            is_free = self._index[places] < 0
            self._index[places[is_free]] = numbers[is_free]
            left = np.flatnonzero(self._index[places] != numbers)
            numbers, steps = numbers[left], steps[left]
            places = (places[left] + steps) & (len(self._index) - 1)
