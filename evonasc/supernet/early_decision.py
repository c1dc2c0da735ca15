"""When a network need not be run on all images: another is clearly better, and no worse otherwise.

A candidate is compared with one rival, the network of least loss among designs that are no worse in
anything but the error. Both saw the same images, so what counts is the mean difference of their
losses image by image, whose spread is much smaller than that of the losses. The candidate stops
after a batch if the one-sided confidence interval of that difference lies above 0. The images are a
random sample of a fixed set, on which both would be judged in the end; the interval is that of
sampling without replacement, and shrinks to nothing at the last image.

A stopped candidate's loss is put at the rival's plus the mean difference so far: above the rival's,
whatever the images still to come would have said. So it is dominated in the archive, and never on
the front. A candidate that is clearly *better* goes on to the end: the front reports its loss.

References: Birattari et al. 2002, "A Racing Algorithm for Configuring Metaheuristics", GECCO
(stopping candidates as soon as a paired test tells that another is better); Cochran 1977, Sampling
Techniques, 3rd edition, chapter 2 (finite population correction).
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from evonasc.arrays import BoolArray, FloatArray, IntArray
from evonasc.nasbench201.cells import cell_number
from evonasc.supernet.image_losses import ImageLosses

#: Of the one-sided interval, at each look.
CONFIDENCE = 0.9995
_QUANTILE = NormalDist().inv_cdf(CONFIDENCE)


def lower_bound(differences: FloatArray, *, n_images: int) -> float:
    """Return the least mean difference over all images that the confidence allows, nats.

    Args:
        differences: ``(n,)`` candidate's loss minus the rival's on the images seen, n at least 2.
        n_images: All images, of which those are a random sample.
    """
    n = len(differences)
    missing = 1 - n / n_images
    spread = float(differences.std(ddof=1)) * math.sqrt(missing / n)
    return float(differences.mean()) - _QUANTILE * spread


def is_clearly_worse(candidate: FloatArray, rival: FloatArray, *, n_images: int) -> bool:
    """Tell whether a candidate's mean loss lies above the rival's, with ``CONFIDENCE``.

    Args:
        candidate: ``(n,)`` losses on the images seen, nats.
        rival: ``(n,)`` the rival's on the same images.
        n_images: All images.
    """
    return len(candidate) > 1 and lower_bound(candidate - rival, n_images=n_images) > 0


def best_rivals(
    others: FloatArray, *, rival_others: FloatArray, rival_loss: FloatArray
) -> tuple[IntArray, BoolArray]:
    """Return for each candidate the rival of least loss that is no worse in anything else.

    Args:
        others: ``(n, k)`` what the candidates have besides the error, minimised.
        rival_others: ``(m, k)`` the same of complete designs.
        rival_loss: ``(m,)`` their losses on all images.

    Returns:
        ``(n,)`` rows of the rivals, and ``(n,)`` whether there is one.
    """
    if len(rival_loss) == 0:
        return np.zeros(len(others), dtype=np.int64), np.zeros(len(others), dtype=bool)
    # (n, m)
    is_no_worse: BoolArray = np.all(rival_others[None] <= others[:, None], axis=2)
    loss = np.where(is_no_worse, rival_loss, np.inf)
    has_rival: BoolArray = np.any(is_no_worse, axis=1)
    return loss.argmin(axis=1), has_rival


@dataclass(frozen=True)
class Verdict:
    """What a race says of its candidates."""

    #: ``(n,)`` mean losses, nats; of a stopped candidate the estimate.
    loss: FloatArray
    #: ``(n,)`` images they were measured on.
    n_images: FloatArray
    #: ``(n,)`` loss of the rival that stopped the candidate; -inf where none did.
    rival_loss: FloatArray


def race(
    losses: ImageLosses,
    cells: IntArray,
    others: FloatArray,
    *,
    rival_cells: IntArray,
    rival_others: FloatArray,
) -> Verdict:
    """Run candidates batch by batch, each until a rival is clearly better or no image is left.

    A network stops when all its designs among the candidates do; one that is a rival's is known.

    Args:
        losses: Runs networks, and knows those that were run.
        cells: ``(n, 6)`` the candidates' canonical cells; repeats are cuts of one network.
        others: ``(n, k)`` what they have besides the error, minimised.
        rival_cells: ``(m, 6)`` cells of designs that were measured on all images.
        rival_others: ``(m, k)`` the same of those.
    """
    numbers, rival_numbers = cell_number(cells), cell_number(rival_cells)
    losses.compute(rival_cells)  # known, unless they come from elsewhere
    rival_loss = losses.mean(rival_numbers)
    rivals, has_rival = best_rivals(others, rival_others=rival_others, rival_loss=rival_loss)
    n_total = losses.n_images
    loss, n_images = np.zeros(len(cells)), np.full(len(cells), float(n_total))
    stopped_by = np.full(len(cells), -np.inf)
    is_running = ~np.isin(numbers, rival_numbers)
    for batch, end in enumerate(losses.ends):
        losses.compute(cells[is_running], n_batches=batch + 1)
        if end == n_total:
            break
        excess = np.zeros(len(cells))
        for row in np.flatnonzero(is_running & has_rival).tolist():
            seen = losses.seen(int(numbers[row]), n_images=end)
            rival = losses.seen(int(rival_numbers[rivals[row]]), n_images=end)
            if is_clearly_worse(seen, rival, n_images=n_total):
                excess[row] = float((seen - rival).mean())
        undecided = numbers[is_running & (excess <= 0)]
        is_stopped = is_running & ~np.isin(numbers, undecided)
        stopped_by[is_stopped] = rival_loss[rivals[is_stopped]]
        loss[is_stopped] = stopped_by[is_stopped] + excess[is_stopped]
        n_images[is_stopped] = end
        is_running &= ~is_stopped
    is_whole = n_images == n_total
    loss[is_whole] = losses.mean(numbers[is_whole])
    return Verdict(loss, n_images, stopped_by)
