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
from statistics import NormalDist

import numpy as np

from evonasc.arrays import BoolArray, FloatArray, IntArray

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
    is_no_worse = (rival_others[None] <= others[:, None]).all(axis=2)  # (n, m)
    loss = np.where(is_no_worse, rival_loss, np.inf)
    return loss.argmin(axis=1), is_no_worse.any(axis=1)
