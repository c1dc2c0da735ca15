"""How a search goes on, in a few numbers: for progress bars and for those who follow many runs."""

from collections.abc import Mapping

import numpy as np

from evonasc.front import hypervolume
from evonasc.search.archive import Archive

#: The measure that grows with every better front.
HYPERVOLUME = "hypervolume"


class SearchProgress:
    """Measures of a search after each batch.

    The hypervolume is in units of that of the first front within the bounds, and its reference
    point is the worst of the first batch plus a tenth of its range: it starts at 1, never falls,
    and is the same whenever the run is resumed. Those of runs with other seeds have other units.
    """

    def __init__(self) -> None:
        self._reference = np.zeros(0)
        self._unit = 0.0

    def measures(self, archive: Archive) -> Mapping[str, float]:
        """Return measures by name: how many were evaluated, failed and are on the front, and more.

        Those are the hypervolume and the least value of each objective, ``least_<objective>``;
        both only from the first design within the bounds on.
        """
        rows = archive.front_rows()
        found = {
            "evaluated": float(len(archive)),
            "failed": float(len(archive.failures)),
            "front": float(len(rows)),
        }
        if len(rows) == 0:
            return found
        points = archive.objectives(rows)
        if len(self._reference) == 0:
            known = archive.objectives()
            known = known[np.isfinite(known).all(axis=1)]
            span = np.ptp(known, axis=0)
            self._reference = known.max(axis=0) + 0.1 * np.where(span > 0, span, 1.0)
            self._unit = hypervolume(points, reference_point=self._reference)
        volume = hypervolume(points, reference_point=self._reference)
        found[HYPERVOLUME] = volume / self._unit if self._unit > 0 else 1.0
        for name, least in zip(archive.problem.objectives, points.min(axis=0), strict=True):
            found[f"least_{name}"] = float(least)
        return found
