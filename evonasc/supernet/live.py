"""The error of networks by forward passes, on images the user brings."""

from pathlib import Path

import numpy as np
import torch

from evonasc.arrays import FloatArray, IntArray
from evonasc.cost.scenario import Scenario
from evonasc.data.datasets import DataSet, Images, is_missing_folder, load_data
from evonasc.errors import ConfigError, DataFileError
from evonasc.nasbench201.cells import canonical_connected_cells, cell_number
from evonasc.nasbench201.network import Supernet
from evonasc.space import DesignSpace
from evonasc.supernet.calibration import (
    CAVEAT,
    LossToError,
    coarseness_note,
    match_quantiles,
)
from evonasc.supernet.early_decision import CONFIDENCE, race
from evonasc.supernet.image_losses import ImageLosses
from evonasc.supernet.live_cache import loss_cache
from evonasc.supernet.live_options import LiveOptions
from evonasc.supernet.network_list import require_trained_for
from evonasc.supernet.payload_effects import MeasuredIncrease
from evonasc.supernet.quick_forward import QuickScorer, chosen_device, quick_copy
from evonasc.supernet.scores import (
    SupernetScores,
    read_scores,
    require_nasbench201,
    shipped_scores,
)
from evonasc.supernet.weights import TrainedSupernet, read_supernet, shipped_supernet

#: Networks whose top-1 errors give the scale where there is no score file.
N_CALIBRATING = 100
_MOST_IMAGES = 1000


class LiveError:
    """Runs networks on the scoring images, as many as it takes; what was run stays known.

    Args:
        trained: The supernet.
        losses: Runs its networks.
        payload: What sending adds, measured.
        loss_to_error: Puts losses on the scale of an error.
        decides_early: Stop with designs that are clearly dominated; see
            :mod:`evonasc.supernet.early_decision`.
    """

    def __init__(
        self,
        trained: TrainedSupernet,
        losses: ImageLosses,
        payload: MeasuredIncrease,
        *,
        loss_to_error: LossToError,
        decides_early: bool = False,
    ) -> None:
        self.losses, self._payload, self._to_error = losses, payload, loss_to_error
        self.decides_early = decides_early
        early = (
            " A design whose error another, no worse in the rest, undercuts with "
            f"{CONFIDENCE:.2%} confidence is measured on fewer (n_images), and estimated."
        )
        self.provenance = (
            f"error: forward passes of the supernet on {losses.n_images} held-out training images "
            f"of {trained.training['data']}; {CAVEAT}{early if decides_early else ''}"
            f"{coarseness_note(losses.n_images)}"
        )

    def error(self, genes: IntArray, *, designs: DesignSpace) -> FloatArray:
        """Return the error of canonical designs on all images, fractions, ``(n,)``.

        Raises:
            ConfigError: The designs are of another space than the supernet.
        """
        require_nasbench201(designs)
        cells = designs.operations(genes)
        try:
            self.losses.compute(cells)
        finally:  # what was run before an interruption is kept
            self.losses.save()
        return self._to_error(self.losses.mean(cell_number(cells)))

    def measured_error(
        self,
        genes: IntArray,
        *,
        designs: DesignSpace,
        others: FloatArray,
        rival_genes: IntArray,
        rival_others: FloatArray,
    ) -> tuple[FloatArray, FloatArray]:
        """Return the error of canonical designs and the images it was measured on, ``(n,)`` each.

        See :class:`evonasc.problems.measuring.MeasuringSource`. The result depends on nothing that
        was run or kept before.

        Raises:
            ConfigError: The designs are of another space than the supernet.
        """
        require_nasbench201(designs)
        if not self.decides_early or len(rival_genes) == 0:
            error = self.error(genes, designs=designs)
            return error, np.full(len(genes), float(self.losses.n_images))
        try:
            verdict = race(
                self.losses,
                designs.operations(genes),
                others,
                rival_cells=designs.operations(rival_genes),
                rival_others=rival_others,
            )
        finally:
            self.losses.save()
        error = self._to_error(verdict.loss)
        # Where the scale is flat or ends, an estimate must still lie above the rival's error.
        least = np.nextafter(self._to_error(verdict.rival_loss), np.inf)
        is_stopped = verdict.n_images < self.losses.n_images
        estimate = np.clip(np.maximum(error, least), 0.0, 1.0)
        return np.where(is_stopped, estimate, error), verdict.n_images

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
    data_root: Path | None,
    *,
    weights: Path | None = None,
    scores: Path | None = None,
    options: LiveOptions | None = None,
) -> LiveError:
    """Return live evaluation by a supernet on the images it is scored with.

    Args:
        data_root: The folder with the files of the supernet's data set, where it needs one.
        weights: A supernet of the user; the shipped one, with its scores, by default.
        scores: Its score file, which says how losses read as errors and, unless the options do, how
            many images are used. Without one, losses are put on the scale of the top-1 errors of
            ``N_CALIBRATING`` networks, run first; those count as no evaluation.
        options: How to evaluate; the defaults of :class:`LiveOptions` where not given.

    Raises:
        ConfigError: Scores without weights, or of other weights; a supernet that was trained for a
            choice of networks; more or other images than were held out; a device that is not there.
        DataFileError: A file is missing or damaged.
        AssetError: Shipped weights or scores are missing or damaged.
    """
    chosen = LiveOptions() if options is None else options
    if weights is None:
        if scores is not None:
            raise ConfigError("Live evaluation with --scores needs the supernet: --weights FILE.")
        return _live(shipped_supernet(), data_root, shipped_scores(), chosen)
    trained = read_supernet(weights)
    require_trained_for(trained.training, None, where=weights)
    if scores is None:
        return _self_calibrated(trained, data_root, chosen)
    given = read_scores(scores)
    require_scores_of(given, trained, where=str(scores))
    return _live(trained, data_root, given, chosen)


def image_losses(trained: TrainedSupernet, images: Images, options: LiveOptions) -> ImageLosses:
    """Return what runs the networks of a supernet on images.

    Raises:
        ConfigError: A device that is not there.
    """
    device = chosen_device(options.device)
    scorer = QuickScorer(trained.supernet, images, device=device)
    cache = loss_cache(trained.supernet, images, device=device) if options.is_cached else None
    return ImageLosses(scorer, cache)


def _live(
    trained: TrainedSupernet, data_root: Path | None, scores: SupernetScores, options: LiveOptions
) -> LiveError:
    """Evaluate on the scale of stored scores."""
    n_images = scores.n_images if options.n_images is None else options.n_images
    images = scoring_images(trained, data_root, n_images=n_images)
    return LiveError(
        trained,
        image_losses(trained, images, options),
        MeasuredIncrease(_for_payloads(trained), images),
        loss_to_error=scores.loss_to_error(),
        decides_early=options.decides_early,
    )


def _self_calibrated(
    trained: TrainedSupernet, data_root: Path | None, options: LiveOptions
) -> LiveError:
    """Evaluate on the scale of some networks run now."""
    images = scoring_images(trained, data_root, n_images=options.n_images)
    losses = image_losses(trained, images, options)
    networks = canonical_connected_cells()
    rows = np.random.default_rng(0).choice(len(networks), size=N_CALIBRATING, replace=False)
    try:
        losses.compute(networks[rows])
    finally:
        losses.save()
    numbers = cell_number(networks[rows])
    live = LiveError(
        trained,
        losses,
        MeasuredIncrease(_for_payloads(trained), images),
        loss_to_error=match_quantiles(
            losses.mean(numbers),
            1 - losses.n_right(numbers) / len(images),
            n_images=len(images),
        ),
        decides_early=options.decides_early,
    )
    live.provenance += f" The scale is that of {N_CALIBRATING} random networks."
    return live


def _for_payloads(trained: TrainedSupernet) -> Supernet:
    """Return the network that payloads are cut out of, quick; they are measured on the CPU."""
    return quick_copy(trained.supernet, device=torch.device("cpu"))


def scoring_images(
    trained: TrainedSupernet, data_root: Path | None, *, n_images: int | None = None
) -> Images:
    """Return the first ``n_images`` of those held out when the supernet was trained.

    Args:
        trained: Its header names the data set and the split.
        data_root: The folder with the data set's files, where it needs one.
        n_images: At most as many as were held out; by default those, but no more than 1,000.

    Raises:
        ConfigError: More images than were held out, or other images than at the training.
        DataFileError: The data are missing or damaged.
    """
    training = trained.training
    held_out, seed = training["n_validation"], trained.split_seed
    if not isinstance(held_out, int):
        raise ConfigError(f"The supernet's header must give n_validation, got {held_out!r}.")
    chosen = min(held_out, _MOST_IMAGES) if n_images is None else n_images
    if not 1 <= chosen <= held_out:
        raise ConfigError(f"images must lie in [1, {held_out}], got {chosen}.")
    name = str(training["data"])
    try:
        data = load_data(name, data_root, n_validation=held_out, seed=seed)
    except DataFileError as error:
        if not is_missing_folder(name, data_root):
            raise
        raise DataFileError(
            f"Cannot read the images of {name!r}, which the supernet was trained on, in "
            f"{name.removeprefix('folder:') if data_root is None else data_root}. Say where their "
            "folder lies now: --data-root DIR."
        ) from error
    _require_its_images(training, data)
    if data.n_classes != trained.supernet.config.n_classes:
        raise ConfigError(
            f"The data set {data.name!r} must have the supernet's "
            f"{trained.supernet.config.n_classes} classes, got {data.n_classes}."
        )
    return data.validation.take(np.arange(chosen))


def _require_its_images(training: dict[str, object], data: DataSet) -> None:
    """Refuse images that are known to be others than those of the training."""
    known = training.get("images", "")
    if known not in ("", data.digest):
        raise ConfigError(
            f"The images of {data.name!r} must be those that the supernet was trained and held out "
            "on, got others: some of them, or names, were added, removed or changed. Restore them, "
            "say where they lie with --data-root DIR, or train on the new ones into another folder."
        )


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
