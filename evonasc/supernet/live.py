"""The error of networks by forward passes, on images the user brings."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from evonasc.arrays import FloatArray, IntArray
from evonasc.cost.scenario import Scenario
from evonasc.data.datasets import is_own
from evonasc.errors import ConfigError
from evonasc.space import DesignSpace
from evonasc.supernet.family import SupernetFamily
from evonasc.supernet.held_out import scoring_images, weights_sum
from evonasc.supernet.image_losses import ImageLosses, loss_cache
from evonasc.supernet.live_options import LiveOptions
from evonasc.supernet.loss_scale import (
    CAVEAT,
    MEASURED_CAVEAT,
    LossToError,
    coarseness_note,
    match_quantiles,
    measured,
)
from evonasc.supernet.network_list import random_networks, require_space, require_trained_for
from evonasc.supernet.payload_effects import PayloadIncrease
from evonasc.supernet.quick_forward import QuickScorer, chosen_device, quick_copy
from evonasc.supernet.score_table import ScoreTable, read_scores
from evonasc.supernet.threads import set_threads
from evonasc.supernet.weights import TrainedSupernet, read_supernet

#: Networks whose top-1 errors give the scale where there is no score file.
N_SCALE_NETWORKS = 100


class LiveSupernet:
    """Runs networks on the scoring images; what was run stays known.

    Without ``loss_to_error`` errors are what was measured; ``note`` ends its provenance.
    """

    def __init__(
        self,
        trained: TrainedSupernet,
        losses: ImageLosses,
        payload: PayloadIncrease,
        *,
        loss_to_error: LossToError | None,
        note: str = "",
    ) -> None:
        self.losses, self._payload, self._to_error = losses, payload, loss_to_error
        self._space = trained.supernet.space
        caveat = MEASURED_CAVEAT if loss_to_error is None else CAVEAT
        self.provenance = (
            f"error: forward passes of the supernet on {losses.n_images} held-out training images "
            f"of {trained.training['data']}; {caveat}{coarseness_note(losses.n_images)}{note}"
        )

    def error(self, genes: IntArray, *, designs: DesignSpace) -> FloatArray:
        """See :meth:`evonasc.benchmark.ErrorSource.error`."""
        require_space(designs, self._space)
        networks = designs.operations(genes)
        self.losses.compute(networks)
        loss = self.losses.mean(networks)
        if self._to_error is None:
            return measured(1 - self.losses.n_right(networks) / self.losses.n_images, loss)
        return self._to_error(loss)

    def payload_increase(
        self, genes: IntArray, *, designs: DesignSpace, scenario: Scenario
    ) -> FloatArray:
        """Return what sending adds to the top-1 error at each design's cut, width and loss."""
        require_space(designs, self._space)
        return self._payload(genes, designs=designs, scenario=scenario)

    def payload_provenance(self) -> str:
        """Say where that comes from."""
        return (
            "error at the cut: rise of the supernet's top-1 error, measured by forward passes with "
            "the payload quantised and packets lost."
        )


def live_supernet(
    options: LiveOptions,
    family: SupernetFamily,
    *,
    shipped: Callable[[], tuple[TrainedSupernet, ScoreTable]] | None = None,
) -> LiveSupernet:
    """Return live evaluation by a supernet on the images it is scored with.

    ``shipped`` loads the supernet that ships with the benchmark, and its scores, where one does.

    Raises:
        ConfigError: No weights and none that ship; no data folder for the shipped ones; scores
            without weights, or of other weights; a supernet that was trained for a choice of
            networks; more or other images than were held out; a device that is not there.
        DataFileError: A file is missing or damaged.
        AssetError: Shipped weights or scores are missing or damaged.
    """
    set_threads(options.threads)
    if options.weights is None:
        if options.scores is not None:
            raise ConfigError("Live evaluation with --scores needs the supernet: --weights FILE.")
        if shipped is None:
            raise ConfigError(
                f"accuracy 'live' needs a supernet, and none ships for {family.space.name!r}. "
                "Give --weights FILE."
            )
        if options.data_root is None:
            raise ConfigError("accuracy 'live' needs the folder of its data. Give --data-root.")
        return _live(*shipped(), options)
    trained = read_supernet(options.weights, family)
    require_trained_for(trained.training, None, family, where=options.weights)
    if options.scores is None:
        return _live(trained, None, options)
    scores = read_scores(options.scores, family.space)
    _require_scores_of(scores, trained, where=options.scores)
    return _live(trained, scores, options)


def _live(
    trained: TrainedSupernet, scores: ScoreTable | None, options: LiveOptions
) -> LiveSupernet:
    """Evaluate on the scale of stored scores, or, without any, of some networks run now."""
    n_images = options.n_images
    if n_images is None and scores is not None:
        n_images = scores.n_images
    images = scoring_images(trained, options.data_root, n_images=n_images)
    supernet, device = trained.supernet, chosen_device(options.device)
    cache = loss_cache(supernet, images, device=device) if options.is_cached else None
    losses = ImageLosses(QuickScorer(supernet, images, device=device), cache)
    to_error, note = None, ""
    if is_own(str(trained.training["data"])):
        pass  # errors are shown as measured
    elif scores is not None:
        to_error = scores.loss_to_error()
    else:
        rng = np.random.default_rng(0)
        networks = random_networks(supernet.space, N_SCALE_NETWORKS, rng=rng)
        losses.compute(networks)
        error = 1 - losses.n_right(networks) / len(images)
        to_error = match_quantiles(losses.mean(networks), error, n_images=len(images))
        note = f" The scale is that of {len(networks)} random networks."
    # payloads are measured on the CPU, wherever losses are
    payload = PayloadIncrease(quick_copy(supernet, device=torch.device("cpu")), images)
    return LiveSupernet(trained, losses, payload, loss_to_error=to_error, note=note)


def _require_scores_of(scores: ScoreTable, trained: TrainedSupernet, *, where: Path) -> None:
    """Refuse scores of other weights."""
    found, total = scores.header.get("weights_sum"), weights_sum(trained)
    is_close = isinstance(found, float) and np.isclose(found, total, rtol=1e-9, atol=1e-9)
    if not is_close or scores.header.get("training") != trained.training:
        raise ConfigError(
            f"{where} holds the scores of other weights. Make those of this supernet with: "
            "evonasc supernet score"
        )
