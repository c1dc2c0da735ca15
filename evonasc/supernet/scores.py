"""Supernet scores of all networks, as shipped: the accuracy of a search without a forward pass."""

import io
import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from evonasc.arrays import FloatArray, IntArray
from evonasc.cost.scenario import Scenario
from evonasc.errors import AssetError, ConfigError, EvaluationError
from evonasc.nasbench201.assets import ASSETS
from evonasc.nasbench201.cells import (
    N_CELLS,
    canonical_cells,
    canonical_connected_cells,
    cell_number,
)
from evonasc.nasbench201.errors.payload_model import model_for, model_provenance, modelled_increase
from evonasc.parsing import json_value, npz_arrays, read_own
from evonasc.space import DesignSpace
from evonasc.supernet.calibration import (
    CAVEAT,
    LossToError,
    coarseness_note,
    match_quantiles,
)
from evonasc.supernet.network_list import networks_digest

SCORES_ASSET = "supernet/cifar10-c16-n1-scores.npz"


@dataclass(frozen=True)
class SupernetScores:
    """Loss and right answers of canonical connected NAS-Bench-201 cells in a supernet."""

    #: ``(n, 6)`` canonical connected cells.
    cells: IntArray
    #: ``(n,)`` mean cross-entropy on the scoring images, nats.
    loss: FloatArray
    #: ``(n,)`` scoring images classified right.
    n_right: IntArray
    #: Scoring images.
    n_images: int
    #: What made them: training configuration, images, precision.
    header: dict[str, object]

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
    def is_choice(self) -> bool:
        """Whether these are of some networks by intent, not of all."""
        chosen = self.header.get("networks")
        return chosen is not None and chosen != networks_digest(canonical_connected_cells())

    @property
    def is_complete(self) -> bool:
        """Whether every network is there, or every one of those that were chosen to be scored."""
        chosen = self.header.get("networks")
        if chosen is None:
            return len(np.unique(cell_number(self.cells))) == len(canonical_connected_cells())
        return networks_digest(self.cells) == chosen

    def loss_to_error(self) -> LossToError:
        """Return the map from loss to error that these scores define."""
        return match_quantiles(self.loss, self.top1_error, n_images=self.n_images)


def encode_scores(scores: SupernetScores) -> bytes:
    """Return the bytes of a score file (npz without pickles)."""
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        cells=scores.cells.astype(np.int8),
        loss=scores.loss.astype(np.float32),
        n_right=scores.n_right.astype(np.int32),
        n_images=np.int64(scores.n_images),
        header=np.array(json.dumps(scores.header)),
    )
    return buffer.getvalue()


def decode_scores(data: bytes, *, where: str) -> SupernetScores:
    """Return the scores that a file's bytes hold.

    Raises:
        AssetError: Not a score file.
    """
    try:
        file = npz_arrays(data, ("cells", "loss", "n_right", "n_images", "header"))
        scores = SupernetScores(
            cells=file["cells"].astype(np.int64),
            loss=file["loss"].astype(np.float64),
            n_right=file["n_right"].astype(np.int64),
            n_images=int(file["n_images"]),
            header=json_value(str(file["header"])),
        )
        n = len(scores.cells)
        is_fine = scores.cells.shape == (n, 6) and scores.loss.shape == scores.n_right.shape == (n,)
        if not is_fine or not np.isin(scores.cells, range(5)).all():
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
    except (TypeError, ValueError) as error:
        raise AssetError(f"{where} is no score file of evonasc ({error}).") from error


def read_scores(path: Path) -> SupernetScores:
    """Read a score file of the user.

    Raises:
        DataFileError: Missing, or no score file.
    """
    return read_own(path, decode_scores, kind="score file", command="evonasc supernet score")


def read_all_scores(path: Path) -> SupernetScores:
    """Read a score file of the user that must hold every network, to be searched.

    Raises:
        DataFileError: Missing, or no score file.
        ConfigError: Networks are missing.
    """
    scores = read_scores(path)
    if scores.is_choice or not scores.is_complete:
        remedy = (
            "It is of chosen networks alone; score without --networks."
            if scores.is_choice
            else "Finish it with the evonasc supernet score that began it."
        )
        raise ConfigError(
            f"{path} must hold the scores of all {len(canonical_connected_cells())} networks, got "
            f"{len(scores.cells)}. {remedy}"
        )
    return scores


@lru_cache(maxsize=1)
def shipped_scores() -> SupernetScores:
    """Return the scores that ship with evonasc.

    Raises:
        AssetError: The file is missing or damaged.
    """
    return decode_scores(ASSETS.read(SCORES_ASSET), where=SCORES_ASSET)


class ScoredError:
    """The error of networks, looked up in stored supernet scores.

    Args:
        scores: Scores of every canonical connected cell; the shipped ones by default.
    """

    def __init__(self, scores: SupernetScores | None = None) -> None:
        chosen = shipped_scores() if scores is None else scores
        self.scores = chosen
        self._error = np.full(N_CELLS, np.nan)
        self._error[cell_number(chosen.cells)] = chosen.loss_to_error()(chosen.loss)
        supernet = "few-shot supernets" if "split_edge" in chosen.header else "supernet"
        self.provenance = (
            f"error: {supernet} trained by evonasc on {chosen.data}, scored on {chosen.n_images} "
            f"held-out training images; {CAVEAT}{coarseness_note(chosen.n_images)}"
        )

    def error(self, genes: IntArray, *, designs: DesignSpace) -> FloatArray:
        """Return the error of canonical designs, fractions, ``(n,)``.

        Raises:
            ConfigError: The designs are of another space than the scores.
            EvaluationError: A network was not scored.
        """
        require_nasbench201(designs)
        cells = designs.operations(genes)
        error = self._error[cell_number(cells)]
        missing = np.flatnonzero(np.isnan(error))
        if missing.size:
            raise EvaluationError(f"No supernet score for cell {cells[missing[0]].tolist()}.")
        return error

    def payload_increase(
        self, genes: IntArray, *, designs: DesignSpace, scenario: Scenario
    ) -> FloatArray:
        """Return what narrow payloads and lost packets add to the error, fractions, ``(n,)``.

        Args:
            genes: ``(n, n_genes)`` canonical designs.
            designs: The design space of the genes.
            scenario: Packets and their loss.

        Raises:
            ConfigError: The scores are not those of the shipped supernet.
            EvaluationError: A network was not scored.
        """
        own_error = self.error(genes, designs=designs)
        model = model_for(self.scores.header)
        return modelled_increase(model, genes, own_error, designs=designs, scenario=scenario)

    def payload_provenance(self) -> str:
        """Say where that comes from.

        Raises:
            ConfigError: The scores are not those of the shipped supernet.
        """
        return model_provenance(model_for(self.scores.header))

    def table(self, cells: IntArray) -> FloatArray:
        """Return the error of any cells, ``(n,)``; NaN for disconnected ones."""
        return self._error[cell_number(canonical_cells(cells))]


def require_nasbench201(designs: DesignSpace) -> None:
    """Refuse designs that the supernet does not hold.

    Raises:
        ConfigError: Another space.
    """
    if designs.space.name != "nasbench201":
        raise ConfigError(
            "The supernet knows the space 'nasbench201' only, "
            f"got {designs.space.name!r}. Give another source of accuracy."
        )
