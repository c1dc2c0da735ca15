"""The curve of the report page: how much of a hypervolume a run held while it went on."""

from pathlib import Path
from typing import Any

import numpy as np

from evonasc.analysis.convergence import convergence
from evonasc.analysis.indicators import evaluation_counts, hypervolume_curve
from evonasc.arrays import BoolArray, FloatArray
from evonasc.bounds import is_within
from evonasc.runs.finished import FinishedRun, StoredDesigns
from evonasc.runs.folder import EVALUATIONS_FILE, EXACT_FILE, read_exact, read_summary

#: Points of the curve, at most.
_MOST_COUNTS = 60


def hypervolume_history(folder: Path, run: FinishedRun, stored: StoredDesigns) -> dict[str, Any]:
    """Return the share of a hypervolume that a run held while it went on.

    Keys: ``counts`` (distinct designs evaluated), ``shares`` (after so many), ``truth`` (the true
    front, where the run noted it), ``note`` (what else the shares are of, for people) and
    ``why_not`` (for people; empty where the curve is known, and the rest is empty else).

    Args:
        folder: Of the run.
        run: Its front.
        stored: All that it evaluated, in order.
    """
    objectives = run.config.objectives
    exact = read_exact(folder, objectives=objectives, designs=run.designs)
    within = is_within(stored.columns, run.config.bounds)
    points = run.config.compared(stored.columns)
    if exact is None:
        return _own_curve(points, within, objectives)
    truth = np.unique(exact, axis=0)
    counts = evaluation_counts(len(points), most=_MOST_COUNTS)
    shares = hypervolume_curve(points, truth, is_within=within, counts=counts)
    noted = read_summary(folder)["exact"]["hypervolume_share"]
    if not np.isclose(shares[-1], noted, rtol=1e-6):
        return _no_curve(
            f"{EXACT_FILE} or {EVALUATIONS_FILE} is no longer what the run was set against: it was "
            "changed since. Run it again."
        )
    return {
        "counts": counts.tolist(),
        "shares": shares.tolist(),
        "truth": truth.tolist(),
        "note": "",
        "why_not": "",
    }


def _own_curve(
    points: FloatArray, within: BoolArray, objectives: tuple[str, ...]
) -> dict[str, Any]:
    """Return how a run went on by what it found in the end, its exact front being unknown."""
    if len(objectives) == 1:
        return _no_curve("The exact front of this run is not known.")
    (curve,) = convergence([points], is_within=[within], objectives=objectives)
    return {
        "counts": curve.counts.tolist(),
        "shares": curve.values.tolist(),
        "truth": [],
        "note": f"{curve.words}; the exact front of this run is not known",
        "why_not": "",
    }


def _no_curve(why: str) -> dict[str, Any]:
    """Say why there is no curve."""
    return {"counts": [], "shares": [], "truth": [], "note": "", "why_not": why}
