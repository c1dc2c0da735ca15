"""What is known of networks, image by image: computed once, batch after batch, kept on disk."""

import numpy as np

from evonasc.arrays import FloatArray, IntArray
from evonasc.nasbench201.cells import cell_number
from evonasc.supernet.live_cache import KeptLosses, LossCache
from evonasc.supernet.quick_forward import QuickScorer


class ImageLosses:
    """Losses of networks on every image; nothing is computed twice.

    Args:
        scorer: Computes what is missing.
        cache: Where losses of earlier runs are, and where new ones go; None for nowhere.
    """

    def __init__(self, scorer: QuickScorer, cache: LossCache | None) -> None:
        self._scorer, self._cache = scorer, cache
        #: Images up to the end of each batch.
        self.ends = [int(rows[-1]) + 1 for rows in scorer.batches]
        self.n_images = self.ends[-1]
        self._known: dict[int, KeptLosses] = {} if cache is None else cache.read()
        self._n_known = {number: kept.n_known for number, kept in self._known.items()}
        self._unsaved: set[int] = set()
        #: Forward passes done here, a network on a batch of images each.
        self.n_passes = 0

    def compute(self, cells: IntArray, *, n_batches: int | None = None) -> None:
        """Compute what is missing of networks on the first batches.

        Args:
            cells: ``(n, 6)`` canonical connected cells; repeats are free.
            n_batches: Batches of images; all by default.
        """
        if len(cells) == 0:
            return
        numbers, first = np.unique(cell_number(cells), return_index=True)
        for batch, end in enumerate(self.ends[:n_batches]):
            is_new = np.array([self._n_known.get(number, 0) < end for number in numbers.tolist()])
            if not is_new.any():
                continue
            loss, is_right = self._scorer.score(cells[first[is_new]], batch=batch)
            self.n_passes += len(loss)
            rows = self._scorer.batches[batch]
            for row, number in enumerate(numbers[is_new].tolist()):
                kept = self._known.get(number)
                if kept is None:
                    kept = KeptLosses(
                        np.full(self.n_images, np.nan), np.zeros(self.n_images, dtype=bool)
                    )
                    self._known[number] = kept
                kept.loss[rows], kept.is_right[rows] = loss[row], is_right[row]
                self._n_known[number] = end
                self._unsaved.add(number)

    def save(self) -> None:
        """Write what was computed since to the cache."""
        if self._cache is not None:
            self._cache.add({number: self._known[number] for number in self._unsaved})
        self._unsaved.clear()

    def seen(self, number: int, *, n_images: int) -> FloatArray:
        """Return a network's losses on the first images, all computed before, nats."""
        return self._known[number].loss[:n_images]

    def mean(self, numbers: IntArray) -> FloatArray:
        """Return the mean losses of networks computed on all images, nats, ``(n,)``."""
        return np.array([self._known[number].loss.mean() for number in numbers.tolist()])

    def n_right(self, numbers: IntArray) -> IntArray:
        """Return how many images networks computed on all of them have right, ``(n,)``."""
        found = [int(self._known[number].is_right.sum()) for number in numbers.tolist()]
        return np.array(found, dtype=np.int64)
