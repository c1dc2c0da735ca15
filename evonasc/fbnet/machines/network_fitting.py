"""Fitting a machine to the times of whole networks, and sharing them out among blocks.

The time of a network is nearly a sum over its layers, so that least relative error over thousands
of networks gives, for each layer, what every operation takes more than a skip. Where a skip is an
identity it takes nothing, and the difference is the block's own time. What is left is the time
of the network that skips everything: its stem, its 1x1 convolutions where a skip changes the shape,
and its last layers share it by a roofline fitted to the blocks whose times are known.
"""

from dataclasses import dataclass

import numpy as np

from evonasc.arrays import FloatArray, IntArray
from evonasc.cost.fit_quality import FitReport, judge
from evonasc.cost.roofline import Roofline
from evonasc.cost.roofline_fit import fit_roofline
from evonasc.fbnet.machines.network_entries import fixed_entries, searched_entries
from evonasc.fbnet.machines.sharing_report import SharingReport

_HELD_OUT = 0.2
_N_ROUNDS = 20
_SMALL_ERROR = 0.005  # relative errors below this count as squares, above by their size
_LEAST_MS = 1e-4  # for the roofline: of a block that seems to take nothing, or less


@dataclass(frozen=True, eq=False)
class NetworkFit:
    """What whole networks tell of blocks."""

    #: Time of each operation of each layer, ms, ``(22, 9)``, and of the four fixed blocks.
    searched_ms: FloatArray
    fixed_ms: FloatArray
    #: What the rest was shared out by.
    roofline: Roofline


def fit_networks(operations: IntArray, times_ms: FloatArray) -> NetworkFit:
    """Return times of blocks that explain the times of networks.

    Args:
        operations: ``(n, 22)``; every operation occurs in every layer.
        times_ms: For one input, ms, ``(n,)``.
    """
    whole_ms, more_ms = _fit_sum(operations, times_ms)
    entries = searched_entries()
    is_known = np.array([row[-1].is_identity for row in entries])
    known = [entry for row in np.flatnonzero(is_known) for entry in entries[row][:-1]]
    roofline = fit_roofline(
        [entry.layers for entry in known], np.maximum(more_ms[is_known, :-1].ravel(), _LEAST_MS)
    )
    skips = [row[-1] for row in entries if not row[-1].is_identity]
    sharing = [*fixed_entries(), *skips]
    shares = np.array([roofline.layer_ms(entry.layers).sum() for entry in sharing])
    shares *= whole_ms / shares.sum()
    fixed_ms, skip_ms = np.split(shares, [len(fixed_entries())])
    searched_ms = more_ms.copy()
    searched_ms[~is_known] += skip_ms[:, None]
    return NetworkFit(np.maximum(searched_ms, 0.0), fixed_ms, roofline)


def judge_networks(
    name: str, operations: IntArray, times_ms: FloatArray, *, rng: np.random.Generator
) -> FitReport:
    """Return how well a fit to four fifths of the networks predicts the others."""
    rows = rng.permutation(len(times_ms))
    held_out, rest = np.split(rows, [round(_HELD_OUT * len(rows))])
    whole_ms, more_ms = _fit_sum(operations[rest], times_ms[rest])
    return judge(
        name,
        predicted_ms=sum_of(operations[held_out], more_ms) + whole_ms,
        measured_ms=times_ms[held_out],
        n_networks=len(rows),
        twins=np.zeros(0),
    )


def sum_of(operations: IntArray, searched_ms: FloatArray) -> FloatArray:
    """Return the sums over layers, ms, ``(n,)``."""
    total: FloatArray = searched_ms[np.arange(operations.shape[1]), operations].sum(axis=1)
    return total


def judge_sharing(
    operations: IntArray, searched_ms: FloatArray, fixed_ms: FloatArray
) -> SharingReport:
    """Share out the whole networks of a machine whose blocks are known, and compare.

    Args:
        operations: Networks, ``(n, 22)``, whose sums are handed to the fit as if measured.
        searched_ms: The known time of each operation of each layer, ms, ``(22, 9)``.
        fixed_ms: Those of the four fixed blocks, ms.
    """
    whole_ms = sum_of(operations, searched_ms) + fixed_ms.sum()
    found = fit_networks(operations, whole_ms)
    entries = searched_entries()
    is_known = np.array([row[-1].is_identity for row in entries])

    def error(guess: FloatArray, truth: FloatArray) -> float:
        """Return how far apart they are, as a share of the true times."""
        return float(np.abs(guess - truth).sum() / truth.sum())

    is_operation = np.ones(searched_ms.shape, dtype=bool)
    is_operation[is_known, -1] = False
    alone = np.array(
        [[found.roofline.layer_ms(entry.layers).sum() for entry in row] for row in entries]
    )
    shared = (
        np.concatenate([found.fixed_ms, found.searched_ms[~is_known, -1]]),
        np.concatenate([fixed_ms, searched_ms[~is_known, -1]]),
    )
    guess, truth = (
        _heads(operations, *parts)
        for parts in ((found.searched_ms, found.fixed_ms), (searched_ms, fixed_ms))
    )
    return SharingReport(
        known_blocks=error(found.searched_ms[is_known, :-1], searched_ms[is_known, :-1]),
        shared_blocks=error(*shared),
        roofline_alone=error(alone[is_operation], searched_ms[is_operation]),
        heads=float((np.abs(guess - truth) / whole_ms[:, None]).mean()),
    )


def _heads(operations: IntArray, searched_ms: FloatArray, fixed_ms: FloatArray) -> FloatArray:
    """Return the times of heads at the cuts between stem and last convolution, ms."""
    blocks = searched_ms[np.arange(operations.shape[1]), operations]
    heads: FloatArray = fixed_ms[0] + np.cumsum(blocks, axis=1)
    return heads


def _fit_sum(operations: IntArray, times_ms: FloatArray) -> tuple[float, FloatArray]:
    """Return the time of the network of skips, and what operations take more, ms, ``(22, 9)``.

    Least absolute relative error, by squares of changing weight: clocks jump, and some networks
    took a third more than others like them.
    """
    n_layers, n_choices = operations.shape[1], len(searched_entries()[0])
    is_chosen = operations[:, :, None] == np.arange(n_choices - 1)
    design = np.concatenate(
        [np.ones((len(operations), 1)), is_chosen.reshape(len(operations), -1)], 1
    )
    relative = design / times_ms[:, None]
    weight: FloatArray = np.ones(len(times_ms))
    solution: FloatArray = np.zeros(design.shape[1])
    for _ in range(_N_ROUNDS):
        weighted = relative * weight[:, None]
        solution = np.linalg.lstsq(weighted, weight, rcond=None)[0].astype(np.float64)
        off: FloatArray = np.abs(relative @ solution - 1)
        weight = np.maximum(off, _SMALL_ERROR) ** -0.5
    more_ms = np.zeros((n_layers, n_choices))
    more_ms[:, :-1] = solution[1:].reshape(n_layers, n_choices - 1)
    return float(solution[0]), more_ms
