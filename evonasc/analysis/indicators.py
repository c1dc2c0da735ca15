"""How good each trial of a comparison is, and the summary over seeds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np

from evonasc.arrays import BoolArray, FloatArray, IntArray
from evonasc.errors import ConfigError
from evonasc.front import (
    front_recall,
    hypervolume_share,
    igd_plus,
    non_dominated,
)
from evonasc.runs.comparison import TrialKey
from evonasc.runs.trials import Trial


@dataclass(frozen=True)
class Reference:
    """What the trials of a scenario are measured against."""

    #: ``(n, n_obj)`` distinct points of the front.
    points: FloatArray
    #: The exact front; False: the best that all trials together found.
    is_exact: bool


@dataclass(frozen=True)
class Indicators:
    """How good one trial is; shares and recall are better the larger they are."""

    #: Share of the reference front's hypervolume, nadir + 0.1 x range.
    hypervolume_share: float
    #: IGD+ in units of the reference front's range; 0 is best. NaN where nothing keeps to bounds.
    igd_plus: float
    #: Share of the reference front's points that were found.
    recall: float
    #: The same share of hypervolume for the answers of a search under thresholds alone; else NaN.
    answers_share: float
    #: Distinct designs evaluated, and all that were asked for.
    n_evaluated: int
    n_requested: int
    #: Wall time of the search, its evaluations looked up.
    seconds: float


def references(
    truths: Mapping[str, FloatArray | None], trials: Mapping[TrialKey, Trial]
) -> dict[str, Reference]:
    """Return the exact front of each scenario, or the best known one where it cannot be listed.

    Raises:
        ConfigError: Nothing keeps to the bounds of the comparison.
    """
    result = {}
    for scenario, truth in truths.items():
        points = truth
        if points is None:
            fronts = [trial.front for key, trial in trials.items() if key.scenario == scenario]
            points = np.concatenate(fronts)
            points = points[non_dominated(points)]
        if len(points) == 0:
            raise ConfigError(
                f"A comparison needs a design within its bounds, got none on {scenario}. Relax "
                "--max; evonasc run says what the nearest design misses."
            )
        result[scenario] = Reference(np.unique(points, axis=0), is_exact=truth is not None)
    return result


def indicators(trial: Trial, reference: Reference) -> Indicators:
    """Measure everything that a trial evaluated within the bounds against a front."""
    front, found = reference.points, trial.front
    return Indicators(
        hypervolume_share=hypervolume_share(found, front=front),
        igd_plus=igd_plus(found, true_front=front) if len(found) else np.nan,
        recall=front_recall(found, true_front=front),
        answers_share=hypervolume_share(trial.answers, front=front)
        if len(trial.answers)
        else np.nan,
        n_evaluated=len(trial.genes),
        n_requested=trial.n_requested,
        seconds=trial.seconds,
    )


def hypervolume_curve(
    points: FloatArray, front: FloatArray, *, is_within: BoolArray, counts: IntArray
) -> FloatArray:
    """Return the share of hypervolume after so many evaluations, ``(n_counts,)``.

    Args:
        points: ``(n, n_obj)`` objectives, in the order of evaluation.
        front: ``(m, n_obj)`` what they are measured against.
        is_within: ``(n,)`` which of them keep to bounds; the others count for nothing.
        counts: Rising numbers of evaluations; a search that ended earlier keeps its last share.
    """
    parts = [points[:count][is_within[:count]] for count in counts.tolist()]
    return np.array([hypervolume_share(part, front=front) for part in parts])


def summary_rows(
    trial_indicators: Mapping[TrialKey, Indicators],
) -> list[dict[str, str | int | float]]:
    """Return one row a scenario, budget and contender: medians and quartiles over seeds.

    Columns: ``scenario``, ``budget``, ``contender``, ``n_seeds``, and of each field of
    :class:`Indicators` ``_median``, ``_q1`` and ``_q3`` (NaN where there is nothing to measure).
    """
    groups: dict[tuple[str, int, str], list[Indicators]] = {}
    for key, value in trial_indicators.items():
        groups.setdefault((key.scenario, key.budget, key.contender), []).append(value)
    rows: list[dict[str, str | int | float]] = []
    for (scenario, budget, contender), values in groups.items():
        row: dict[str, str | int | float] = {
            "scenario": scenario,
            "budget": budget,
            "contender": contender,
            "n_seeds": len(values),
        }
        for field in fields(Indicators):
            column = np.array([getattr(value, field.name) for value in values], dtype=float)
            for suffix, share in (("median", 50), ("q1", 25), ("q3", 75)):
                row[f"{field.name}_{suffix}"] = float(np.percentile(column, share))
        rows.append(row)
    return rows


def by_seed(
    trial_indicators: Mapping[TrialKey, Indicators], *, scenario: str, budget: int, name: str
) -> dict[str, FloatArray]:
    """Return an indicator of each contender by rising seed, ``(n_seeds,)``; NaN without a trial."""
    keys = [key for key in trial_indicators if (key.scenario, key.budget) == (scenario, budget)]
    n_seeds = max((key.seed + 1 for key in keys), default=0)
    values = {key.contender: np.full(n_seeds, np.nan) for key in keys}
    for key in keys:
        values[key.contender][key.seed] = getattr(trial_indicators[key], name)
    return values


def evaluation_counts(budget: int, *, most: int = 40) -> IntArray:
    """Return evenly spaced numbers of evaluations to draw a curve at, the last the budget."""
    return np.unique(np.linspace(min(10, budget), budget, most).round().astype(np.int64))


def fronts_of(
    trials: Mapping[TrialKey, Trial], *, scenario: str, budget: int
) -> dict[str, Sequence[FloatArray]]:
    """Return the fronts of each contender, one a seed; empty where nothing keeps to bounds."""
    fronts: dict[str, list[FloatArray]] = {}
    for key, trial in trials.items():
        if (key.scenario, key.budget) == (scenario, budget):
            fronts.setdefault(key.contender, []).append(trial.front)
    return dict(fronts)
