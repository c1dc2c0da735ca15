"""The error of networks by forward passes, on images the user brings."""

from pathlib import Path

import numpy as np

from evonasc.accuracy.calibration import CAVEAT, LossToError
from evonasc.accuracy.datasets import Images, load_data
from evonasc.accuracy.scores import require_nasbench201, shipped_scores
from evonasc.accuracy.scoring import score_cells
from evonasc.accuracy.weights import TrainedSupernet, shipped_supernet
from evonasc.arrays import FloatArray, IntArray
from evonasc.errors import ConfigError
from evonasc.space import DesignSpace
from evonasc.space.nasbench201 import N_CELLS, cell_number


class LiveError:
    """Runs each network once on the scoring images; what was run stays known.

    Args:
        trained: The supernet.
        images: Scoring images.
        loss_to_error: Puts losses on the scale of an error.
    """

    def __init__(
        self, trained: TrainedSupernet, images: Images, *, loss_to_error: LossToError
    ) -> None:
        self._supernet, self._images, self._to_error = trained.supernet, images, loss_to_error
        self.loss = np.full(N_CELLS, np.nan)
        self.n_right = np.full(N_CELLS, -1, dtype=np.int64)
        self.provenance = (
            f"error: forward passes of the supernet on {len(images)} held-out training images of "
            f"{trained.training['data']}; {CAVEAT}"
        )

    def error(self, genes: IntArray, *, designs: DesignSpace) -> FloatArray:
        """Return the error of canonical designs, fractions, ``(n,)``.

        Raises:
            ConfigError: The designs are of another space than the supernet.
        """
        require_nasbench201(designs)
        numbers, first = np.unique(cell_number(designs.operations(genes)), return_index=True)
        is_new = np.isnan(self.loss[numbers])
        new = numbers[is_new]
        self.loss[new], self.n_right[new] = score_cells(
            self._supernet, designs.operations(genes)[first[is_new]], self._images
        )
        return self._to_error(self.loss[cell_number(designs.operations(genes))])


def live_error(data_root: Path) -> LiveError:
    """Return live evaluation by the shipped supernet on the images its scores were made with.

    Args:
        data_root: The folder with the official files of the supernet's data set.

    Raises:
        DataFileError: The data are missing or damaged.
        AssetError: Shipped weights or scores are missing or damaged.
    """
    trained, scores = shipped_supernet(), shipped_scores()
    images = scoring_images(trained, data_root, n_images=scores.n_images)
    return LiveError(trained, images, loss_to_error=scores.loss_to_error())


def scoring_images(trained: TrainedSupernet, data_root: Path, *, n_images: int) -> Images:
    """Return the first ``n_images`` of those held out when the supernet was trained.

    Raises:
        ConfigError: More images than were held out.
        DataFileError: The data are missing or damaged.
    """
    training = trained.training
    held_out, seed = training["n_validation"], training["seed"]
    if not isinstance(held_out, int) or not isinstance(seed, int):
        raise ConfigError("The supernet's header must give n_validation and seed.")
    if not 1 <= n_images <= held_out:
        raise ConfigError(f"images must lie in [1, {held_out}], got {n_images}.")
    data = load_data(str(training["data"]), data_root, n_validation=held_out, seed=seed)
    return data.validation.take(np.arange(n_images))
