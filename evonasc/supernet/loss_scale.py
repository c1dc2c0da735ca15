"""From a supernet network's validation loss to an error that a person can read.

The loss orders networks better than the share of right answers, which is coarse and noisy on a
thousand images; but a loss is no error. The map below keeps the loss's order and gives it the
error's scale: the q-th best loss is read as the q-th best top-1 error of the same scored networks.
"""

from dataclasses import dataclass

import numpy as np

from evonasc.arrays import FloatArray
from evonasc.errors import EvaluationError

#: What a reader of such an error must know.
CAVEAT = (
    "ordered by loss, on the scale of the supernet's top-1 error. It is not the accuracy of a "
    "network trained alone."
)
#: The same of errors that are shown as they were measured.
MEASURED_CAVEAT = (
    "the supernet's top-1 error as measured, equal ones ordered by loss within a millionth. It is "
    "not the accuracy of a network trained alone."
)
#: What the loss may add to a measured error, at most: it decides between equal ones alone.
_TIE = 1e-6
#: Fewer images than these are too few to tell networks apart without a word about it.
FEW_IMAGES = 100
#: Beyond this share of the error of guessing, a supernet has learned next to nothing.
_NEAR_CHANCE = 0.9
_LEVELS = np.linspace(0, 1, 21)


@dataclass(frozen=True)
class LossToError:
    """A strictly rising, piecewise linear map from loss to error."""

    #: Losses at the knots, rising.
    losses: tuple[float, ...]
    #: Errors at the knots, rising, fractions.
    errors: tuple[float, ...]

    def __call__(self, loss: FloatArray) -> FloatArray:
        """Return errors in [0, 1], same shape; beyond the knots the outer slopes go on."""
        x, y = np.array(self.losses), np.array(self.errors)
        inside = np.interp(loss, x, y)
        below = y[0] + (loss - x[0]) * (y[1] - y[0]) / (x[1] - x[0])
        above = y[-1] + (loss - x[-1]) * (y[-1] - y[-2]) / (x[-1] - x[-2])
        extended = np.where(loss < x[0], below, np.where(loss > x[-1], above, inside))
        clipped: FloatArray = np.clip(extended, 0.0, 1.0)
        return clipped


def measured(error: FloatArray, loss: FloatArray) -> FloatArray:
    """Return measured errors as they are, but for a millionth at most that orders equal ones.

    On the user's own images an error is read as what was counted on them; on few images many
    networks share one, and the loss tells them apart.

    Args:
        error: ``(n,)`` top-1 errors, fractions.
        loss: ``(n,)`` losses of the same networks, nats.

    Example:
        >>> measured(np.array([0.25, 0.25]), np.array([1.0, 3.0])).round(9).tolist()
        [0.2500005, 0.25000075]
    """
    shown: FloatArray = np.minimum(error + _TIE * loss / (1 + loss), 1.0)
    return shown


def match_quantiles(loss: FloatArray, error: FloatArray, *, n_images: int) -> LossToError:
    """Return the map that gives losses the distribution of errors.

    Errors are multiples of 1 / n_images, so many networks share one, and the map may not tie those
    whose losses differ. Networks of one error are spread over what rounds to it, half an image to
    either side: the q-th best loss is at most half an image from the q-th best error.

    Args:
        loss: ``(n,)`` validation losses of scored networks.
        error: ``(n,)`` their top-1 errors, fractions.
        n_images: Images that the errors were counted on.

    Raises:
        EvaluationError: All losses are equal, or one is no number: nothing tells networks apart.
    """
    if not np.isfinite(loss).all() or np.ptp(loss) == 0:
        raise EvaluationError(
            "The supernet must give different networks different, finite losses. Train it longer, "
            "or at a lower learning rate."
        )
    losses = np.quantile(loss, _LEVELS)
    errors = np.quantile(_spread(error, n_images=n_images), _LEVELS)
    keep = np.concatenate([[True], np.diff(losses) > 0])
    # Of equal losses the first knot is kept, but at the top the last, so that all are spanned.
    keep[np.flatnonzero(keep)[-1]] = False
    keep[[0, -1]] = True
    return LossToError(tuple(losses[keep].tolist()), tuple(errors[keep].tolist()))


def _spread(error: FloatArray, *, n_images: int) -> FloatArray:
    """Return errors in rising order, equal ones spread over the interval that rounds to them."""
    values, counts = np.unique(error, return_counts=True)
    low = np.maximum(values - 0.5 / n_images, 0.0)
    high = np.minimum(values + 0.5 / n_images, 1.0)
    shares = np.concatenate([(np.arange(count) + 0.5) / count for count in counts])
    spread: FloatArray = np.repeat(low, counts) + np.repeat(high - low, counts) * shares
    return spread


def chance_note(error: float, *, n_classes: int) -> str:
    """Return a sentence about an error that guessing would nearly reach too, else nothing.

    It begins with a space, to follow another one.

    Args:
        error: Of the best network that is known, or of the training images, a fraction.
        n_classes: Classes of the images.

    Example:
        >>> chance_note(0.3, n_classes=10), chance_note(0.85, n_classes=10)[:40]
        ('', ' NEAR CHANCE: an error of 0.85 is hardly')
    """
    guessing = 1 - 1 / n_classes
    if error < _NEAR_CHANCE * guessing:
        return ""
    return (
        f" NEAR CHANCE: an error of {error:.2f} is hardly better than guessing among {n_classes} "
        f"classes ({guessing:.2f}); the order of networks says little. Train longer, or at another "
        "learning rate, or with more images."
    )


def coarseness_note(n_images: int) -> str:
    """Return a sentence about the steps of top-1 errors on few images, else nothing.

    It begins with a space, to follow another one.
    """
    if n_images >= FEW_IMAGES:
        return ""
    return (
        f" Top-1 errors on {n_images} images are multiples of 1/{n_images}, too coarse for "
        "networks that are nearly alike."
    )
