"""Stored scores of one supernet as the error of a search: no forward pass takes place."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from evonasc.arrays import FloatArray, IntArray
from evonasc.benchmark import ErrorKind, ErrorRequest
from evonasc.cost.scenario import Scenario
from evonasc.nasbench201.assets import ASSETS
from evonasc.nasbench201.errors.payload_model import model_for, modelled_increase
from evonasc.nasbench201.space import NasBench201
from evonasc.space import DesignSpace
from evonasc.supernet.error_table import StoredErrors
from evonasc.supernet.loss_scale import CAVEAT, MEASURED_CAVEAT, coarseness_note
from evonasc.supernet.score_table import ScoreTable, decode_scores, read_all_scores

SCORES_ASSET = "supernet/cifar10-c16-n1-scores.npz"


@lru_cache(maxsize=1)
def shipped_scores() -> ScoreTable:
    """Return the scores that ship with evonasc.

    Raises:
        AssetError: The file is missing or damaged.
    """
    return decode_scores(ASSETS.read(SCORES_ASSET), where=SCORES_ASSET, space=NasBench201())


class StoredOrder:
    """The error of networks from a table; payloads' effects by the shipped model.

    Args:
        errors: The table.
        what: Names the table in messages.
        header: Of the scores that give the scale, which say of what supernet they are.
        provenance: Where the errors come from, one sentence.
    """

    #: See :class:`evonasc.benchmark.HarmlessSource`; fitting the model checks that it is so.
    harmless_words = (
        "measured on the shipped supernet: less than the model of payload effects is off by"
    )

    def __init__(
        self, errors: StoredErrors, *, what: str, header: dict[str, object], provenance: str
    ) -> None:
        self.errors, self.provenance = errors, provenance
        self._what, self._header = what, header

    def error(self, genes: IntArray, *, designs: DesignSpace) -> FloatArray:
        """Return the error of canonical designs, fractions, ``(n,)``.

        Raises:
            ConfigError: The designs are of another space than the table.
            EvaluationError: A network is not in the table.
        """
        return self.errors.of_designs(genes, designs=designs, what=self._what)

    def payload_increase(
        self, genes: IntArray, *, designs: DesignSpace, scenario: Scenario
    ) -> FloatArray:
        """Return what narrow payloads and lost packets add to the error, fractions, ``(n,)``.

        Raises:
            ConfigError: The scores are not those of the shipped supernet.
            EvaluationError: A network is not in the table.
        """
        own_error, model = self.error(genes, designs=designs), model_for(self._header)
        return modelled_increase(model, genes, own_error, designs=designs, scenario=scenario)

    def payload_provenance(self) -> str:
        """Say where that comes from, and how wrong it is.

        Raises:
            ConfigError: The scores are not those of the shipped supernet.
        """
        return f"error at the cut: {model_for(self._header).header['summary']}"


class SupernetScores(StoredOrder):
    """The error of networks, looked up in stored supernet scores; the shipped ones by default."""

    def __init__(self, scores: ScoreTable | None = None) -> None:
        self.scores = scores = shipped_scores() if scores is None else scores
        caveat = MEASURED_CAVEAT if scores.is_of_own_images else CAVEAT
        supernet = "few-shot supernets" if "split_edge" in scores.header else "supernet"
        super().__init__(
            StoredErrors(scores.space, scores.networks, scores.errors()),
            what="The supernet's scores",
            header=scores.header,
            provenance=f"error: {supernet} trained by evonasc on {scores.data}, scored on "
            f"{scores.n_images} held-out training images; {caveat}"
            f"{coarseness_note(scores.n_images)}{scores.chance_note}",
        )


@dataclass(frozen=True)
class ScoresOptions:
    """Whose scores."""

    #: Score file of the user's supernet; None for the shipped scores.
    scores: Path | None = None


def own_scores(options: ScoresOptions, request: ErrorRequest) -> ScoreTable | None:
    """Return the scores that the user named, None for the shipped ones.

    Raises:
        DataFileError: They cannot be read.
        ConfigError: Networks are missing.
    """
    return None if options.scores is None else read_all_scores(options.scores, request.space)


def _make(options: ScoresOptions, request: ErrorRequest) -> SupernetScores:
    """Look scores up."""
    return SupernetScores(own_scores(options, request))


#: Stored scores of one supernet.
SUPERNET = ErrorKind(ScoresOptions, _make)
