"""What of a search space a run's folder keeps, so that it can be read where the space is not."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from evonasc.arrays import IntArray
from evonasc.errors import DataFileError, GenomeError
from evonasc.space import DesignSpace, any_cut
from evonasc.space.plain import PlainSpace

_TEXTS = ("name", "text_column", "network_word", "short_text_key")


def designs_record(designs: DesignSpace) -> dict[str, object]:
    """Return what a folder keeps of a design space, as JSON holds it."""
    space = designs.space
    return {
        **{name: getattr(space, name) for name in _TEXTS},
        "block_names": list(space.block_names),
        "payload_bits": list(designs.payload_bits),
        "n_links": designs.n_links,
    }


class StoredSpace(PlainSpace):
    """Networks that a run evaluated, known by what it wrote of them: each is a choice of its own.

    Args:
        record: As :func:`designs_record` gives it.
        texts: The networks in full, each once.

    Raises:
        DataFileError: The record is none.
    """

    def __init__(self, record: Mapping[str, Any], texts: Sequence[str]) -> None:
        _require_record(record)
        for name in _TEXTS:
            setattr(self, name, record[name])
        self.block_names = tuple(record["block_names"])
        self._texts = tuple(texts)
        self._place = {text: place for place, text in enumerate(self._texts)}
        self.n_choices, self.gene_groups, self.bare_network = (len(self._texts),), ((0,),), (0,)
        self.choice_words = self._texts
        self.cut_shapes = ((1, 1, 1),) * (self.n_blocks + 1)
        self.layer_membership = np.zeros((0, self.n_blocks), dtype=np.int64)

    @property
    def gene_words(self) -> tuple[str, ...]:
        """Return the one thing that is told apart."""
        return (self.network_word,)

    def sample(self, n: int, *, rng: np.random.Generator) -> IntArray:
        """Draw among what the run evaluated."""
        return rng.integers(len(self._texts), size=(n, 1))

    def to_text(self, operations: IntArray) -> list[str]:
        """Return what the run wrote."""
        return [self._texts[place] for place in self.check(operations)[:, 0]]

    def from_text(self, texts: list[str]) -> IntArray:
        """Return which networks of the run these are.

        Raises:
            GenomeError: It wrote no such thing.
        """
        for text in texts:
            if text not in self._place:
                raise GenomeError(f"{text!r} is no network of {self.name!r} that the run wrote.")
        return np.array([[self._place[text]] for text in texts], dtype=np.int64).reshape(-1, 1)


def stored_designs(record: Mapping[str, Any], texts: Sequence[str]) -> DesignSpace:
    """Return what reads the designs of a run, from what the run wrote; any cut counts as allowed.

    Raises:
        DataFileError: The record is none.
    """
    space = StoredSpace(record, texts)
    widths, allowed = tuple(record["payload_bits"]), any_cut(space.n_blocks)
    return DesignSpace(space, widths, allowed, record["n_links"])


def _require_record(record: Mapping[str, Any]) -> None:
    """Refuse what is no record.

    Raises:
        DataFileError: It is none.
    """
    names, bits = record.get("block_names"), record.get("payload_bits")
    is_whole = (
        all(isinstance(record.get(name), str) for name in _TEXTS)
        and isinstance(names, list)
        and all(isinstance(name, str) for name in names)
        and isinstance(bits, list)
        and bool(bits)
        and all(type(width) is int for width in bits)
        and type(record.get("n_links")) is int
        and 1 <= record["n_links"] <= 100
    )
    if not is_whole:
        raise DataFileError("The record of a run's designs is damaged: run it again.")
