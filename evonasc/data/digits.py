"""scikit-learn's handwritten digits: 1,797 grey images of 8 x 8 that come with the package.

Small enough that a supernet is trained, scored and searched while one waits. Enlarged to 32 x 32 by
repeating pixels, the same in all three channels.

Reference: Alpaydin and Kaynak 1998, "Optical Recognition of Handwritten Digits", UCI repository.
"""

import numpy as np

from evonasc.data.images import Images
from evonasc.errors import MissingDependencyError

#: Share of the images kept for the test.
_TEST_SHARE = 0.2
_ENLARGED = 32 // 8


def read_digits(*, seed: int) -> tuple[Images, Images, int]:
    """Return training images, test images, split by the seed, and the number of classes.

    Raises:
        MissingDependencyError: scikit-learn is not installed.
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise MissingDependencyError(
            "The data set 'digits' comes with scikit-learn. Install it with: "
            "pip install 'evonasc[digits]'"
        ) from error
    bunch = load_digits()
    grey = np.rint(bunch.images * (255 / 16)).astype(np.uint8)  # published as 0 to 16
    pixels = grey.repeat(_ENLARGED, axis=1).repeat(_ENLARGED, axis=2)[:, None].repeat(3, axis=1)
    images = Images(pixels, bunch.target.astype(np.int64))
    order = np.random.default_rng(seed).permutation(len(images))
    n_test = round(_TEST_SHARE * len(images))
    return images.take(order[n_test:]), images.take(order[:n_test]), 10
