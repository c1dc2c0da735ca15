"""The error of networks by forward passes, on images the user brings."""

from pathlib import Path

import numpy as np

from evonasc.accuracy.calibration import CAVEAT, LossToError, match_quantiles
from evonasc.accuracy.datasets import Images, load_data
from evonasc.accuracy.payload_effects import MeasuredIncrease
from evonasc.accuracy.scores import (
    SupernetScores,
    read_scores,
    require_nasbench201,
    shipped_scores,
)
from evonasc.accuracy.scoring import score_cells
from evonasc.accuracy.weights import TrainedSupernet, read_supernet, shipped_supernet
from evonasc.arrays import FloatArray, IntArray
from evonasc.cost.scenario import Scenario
from evonasc.errors import ConfigError
from evonasc.space import DesignSpace
from evonasc.space.nasbench201 import N_CELLS, canonical_connected_cells, cell_number

#: Networks whose top-1 errors give the scale where there is no score file.
N_CALIBRATING = 100
_MOST_IMAGES = 1000


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
        self._payload = MeasuredIncrease(trained.supernet, images)
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

    def payload_increase(
        self, genes: IntArray, *, designs: DesignSpace, scenario: Scenario
    ) -> FloatArray:
        """Return what sending adds to the top-1 error of canonical designs, fractions, ``(n,)``.

        Measured at each design's cut, width and loss; a design once.

        Raises:
            ConfigError: The designs are of another space than the supernet.
        """
        require_nasbench201(designs)
        return self._payload(genes, designs=designs, scenario=scenario)

    def payload_provenance(self) -> str:
        """Say where that comes from."""
        return (
            "error at the cut: rise of the supernet's top-1 error, measured by forward passes with "
            "the payload quantised and packets lost."
        )


def live_error(
    data_root: Path | None, *, weights: Path | None = None, scores: Path | None = None
) -> LiveError:
    """Return live evaluation by a supernet on the images it is scored with.

    Args:
        data_root: The folder with the files of the supernet's data set, where it needs one.
        weights: A supernet of the user; the shipped one, with its scores, by default.
        scores: Its score file, which says how many images are used and how losses read as errors.
            Without one, losses are put on the scale of the top-1 errors of ``N_CALIBRATING``
            networks, scored first; those count as no evaluation.

    Raises:
        ConfigError: Scores without weights, or of other weights.
        DataFileError: A file is missing or damaged.
        AssetError: Shipped weights or scores are missing or damaged.
    """
    if weights is None:
        if scores is not None:
            raise ConfigError("Live evaluation with --scores needs the supernet: --weights FILE.")
        shipped = shipped_scores()
        return _live(shipped_supernet(), data_root, shipped)
    trained = read_supernet(weights)
    if scores is None:
        return _self_calibrated(trained, data_root)
    given = read_scores(scores)
    require_scores_of(given, trained, where=str(scores))
    return _live(trained, data_root, given)


def _live(trained: TrainedSupernet, data_root: Path | None, scores: SupernetScores) -> LiveError:
    """Evaluate on the images of stored scores, on their scale."""
    images = scoring_images(trained, data_root, n_images=scores.n_images)
    return LiveError(trained, images, loss_to_error=scores.loss_to_error())


def _self_calibrated(trained: TrainedSupernet, data_root: Path | None) -> LiveError:
    """Evaluate on the scale of some networks scored now."""
    images = scoring_images(trained, data_root)
    networks = canonical_connected_cells()
    rows = np.random.default_rng(0).choice(len(networks), size=N_CALIBRATING, replace=False)
    loss, n_right = score_cells(trained.supernet, networks[rows], images)
    live = LiveError(
        trained, images, loss_to_error=match_quantiles(loss, 1 - n_right / len(images))
    )
    live.provenance += f" The scale is that of {N_CALIBRATING} random networks."
    return live


def scoring_images(
    trained: TrainedSupernet, data_root: Path | None, *, n_images: int | None = None
) -> Images:
    """Return the first ``n_images`` of those held out when the supernet was trained.

    Args:
        trained: Its header names the data set and the split.
        data_root: The folder with the data set's files, where it needs one.
        n_images: At most as many as were held out; by default those, but no more than 1,000.

    Raises:
        ConfigError: More images than were held out.
        DataFileError: The data are missing or damaged.
    """
    training = trained.training
    held_out, seed = training["n_validation"], training["seed"]
    if not isinstance(held_out, int) or not isinstance(seed, int):
        raise ConfigError("The supernet's header must give n_validation and seed.")
    chosen = min(held_out, _MOST_IMAGES) if n_images is None else n_images
    if not 1 <= chosen <= held_out:
        raise ConfigError(f"images must lie in [1, {held_out}], got {chosen}.")
    data = load_data(str(training["data"]), data_root, n_validation=held_out, seed=seed)
    if data.n_classes != trained.supernet.config.n_classes:
        raise ConfigError(
            f"The data set {data.name!r} must have the supernet's "
            f"{trained.supernet.config.n_classes} classes, got {data.n_classes}."
        )
    return data.validation.take(np.arange(chosen))


def require_scores_of(scores: SupernetScores, trained: TrainedSupernet, *, where: str) -> None:
    """Refuse scores of other weights.

    Raises:
        ConfigError: They are.
    """
    found, total = scores.header.get("weights_sum"), weights_sum(trained)
    is_close = isinstance(found, float) and np.isclose(found, total, rtol=1e-9, atol=1e-9)
    if not is_close or scores.header.get("training") != trained.training:
        raise ConfigError(
            f"{where} holds the scores of other weights. Make those of this supernet with: "
            "evonasc supernet score"
        )


def weights_sum(trained: TrainedSupernet) -> float:
    """Return the sum of all weights, by which a score file knows its supernet."""
    return sum(float(w.detach().double().sum()) for w in trained.supernet.parameters())
