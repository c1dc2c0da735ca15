"""Scores of networks in a supernet, and the file that holds them."""

import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from evonasc.arrays import FloatArray, IntArray
from evonasc.data.datasets import is_own
from evonasc.errors import AssetError, ConfigError, GenomeError
from evonasc.inputs import read_own
from evonasc.parsing import json_value, npz_arrays, npz_bytes
from evonasc.space import SearchSpace
from evonasc.supernet.loss_scale import LossToError, chance_note, match_quantiles, measured
from evonasc.supernet.network_list import (
    gene_type,
    listed_networks,
    networks_digest,
    require_file_of,
)


@dataclass(frozen=True)
class ScoreTable:
    """Loss and right answers of networks in a supernet."""

    #: ``(n, n_operation_genes)`` canonical connected networks.
    networks: IntArray
    #: ``(n,)`` mean cross-entropy on the scoring images, nats.
    loss: FloatArray
    #: ``(n,)`` scoring images classified right.
    n_right: IntArray
    #: Scoring images.
    n_images: int
    #: What made them: space (files of before do not say), training configuration, precision.
    header: dict[str, object]
    #: The networks are of this space.
    space: SearchSpace

    @property
    def top1_error(self) -> FloatArray:
        """Share of scoring images classified wrong, ``(n,)``."""
        return 1 - self.n_right / self.n_images

    @property
    def data(self) -> str:
        """Name of the data set that the supernet was trained and scored on."""
        training = self.header.get("training")
        return str(training.get("data")) if isinstance(training, dict) else "unknown data"

    @property
    def chance_note(self) -> str:
        """A sentence where even the best network is hardly better than guessing, else nothing."""
        training = self.header.get("training")
        size = training.get("supernet") if isinstance(training, dict) else None
        n_classes = size.get("n_classes") if isinstance(size, dict) else None
        if type(n_classes) is not int or n_classes < 2 or not len(self.n_right):
            return ""
        return chance_note(float(self.top1_error.min()), n_classes=n_classes)

    @property
    def is_choice(self) -> bool:
        """Whether these are of some networks by intent, not of all."""
        chosen, listed = self.header.get("networks"), self.space.networks()
        return chosen is not None and (
            listed is None or chosen != networks_digest(listed, self.space)
        )

    @property
    def is_complete(self) -> bool:
        """Whether every network is there, or every one of those that were chosen to be scored."""
        chosen, listed = self.header.get("networks"), self.space.networks()
        if chosen is None:
            return listed is not None and len(np.unique(self.networks, axis=0)) == len(listed)
        return networks_digest(self.networks, self.space) == chosen

    @property
    def is_of_own_images(self) -> bool:
        """Whether the images are the user's own, on which errors are shown as measured."""
        return is_own(self.data)

    def errors(self) -> FloatArray:
        """Return the networks' errors as a search reads them, ``(n,)``.

        On the user's own images what was measured; else by loss on the scale of the top-1 errors.
        """
        if self.is_of_own_images:
            return measured(self.top1_error, self.loss)
        return self.loss_to_error()(self.loss)

    def loss_to_error(self) -> LossToError:
        """Return the map from loss to error that these scores define."""
        return match_quantiles(self.loss, self.top1_error, n_images=self.n_images)


def encode_scores(scores: ScoreTable) -> bytes:
    """Return the bytes of a score file (npz without pickles)."""
    return npz_bytes(
        # not all spaces have cells, but files are known by this name
        cells=scores.networks.astype(gene_type(scores.space)),
        loss=scores.loss.astype(np.float32),
        n_right=scores.n_right.astype(np.int32),
        n_images=np.int64(scores.n_images),
        header=np.array(json.dumps(scores.header)),
    )


def decode_scores(data: bytes, *, where: str, space: SearchSpace) -> ScoreTable:
    """Return the scores that a file's bytes hold; ``where`` names it in errors.

    Raises:
        AssetError: Not a score file of the space.
    """
    try:
        file = npz_arrays(data, ("cells", "loss", "n_right", "n_images", "header"))
        header = json_value(str(file["header"]))
        require_file_of(space, header, what="scores", where=where)
        scores = ScoreTable(
            space=space,
            networks=space.check(file["cells"]),
            loss=file["loss"].astype(np.float64),
            n_right=file["n_right"].astype(np.int64),
            n_images=int(file["n_images"]),
            header=header,
        )
        if not scores.loss.shape == scores.n_right.shape == (len(scores.networks),):
            raise ValueError("its arrays do not fit together")
        if scores.n_images < 1:
            raise ValueError(f"n_images must be at least 1, got {scores.n_images}")
        bounds = f"[0, n_images] = [0, {scores.n_images}]"
        for right in scores.n_right[(scores.n_right < 0) | (scores.n_right > scores.n_images)]:
            raise ValueError(f"n_right must lie in {bounds}, got {right}")
        if not np.isfinite(scores.loss).all():
            raise ValueError("its losses must be finite numbers")
        if not isinstance(scores.header, dict) or scores.data in ("unknown data", "None"):
            raise ValueError("it does not name the data set")
        return scores
    except (OverflowError, TypeError, ValueError, GenomeError) as error:
        raise AssetError(f"{where} is no score file of evonasc ({error}).") from error


def read_scores(path: Path, space: SearchSpace) -> ScoreTable:
    """Read a score file of the user.

    Raises:
        DataFileError: Missing, or no score file.
    """
    decode = partial(decode_scores, space=space)
    return read_own(path, decode, kind="score file", command="evonasc supernet score")


def read_all_scores(path: Path, space: SearchSpace) -> ScoreTable:
    """Read a score file of the user that must hold every network, to be searched.

    Raises:
        DataFileError: Missing, or no score file.
        ConfigError: Networks are missing, or too many to list.
    """
    scores = read_scores(path, space)
    networks = listed_networks(space, remedy="Search it on other errors than stored scores.")
    if scores.is_choice or not scores.is_complete:
        remedy = (
            "It is of chosen networks alone; score without --networks."
            if scores.is_choice
            else "Finish it with the evonasc supernet score that began it."
        )
        raise ConfigError(
            f"{path} must hold the scores of all {len(networks)} networks, got "
            f"{len(scores.networks)}. {remedy}"
        )
    return scores
