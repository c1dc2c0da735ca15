"""Errors by weights at hand, one line a benchmark: running a supernet, or training one in a search.

Families are named ``package.module:object`` and imported when a search asks, because torch comes
with them and takes seconds. A benchmark whose supernet is ``mine.supernet:FAMILY`` writes::

    LIVE = live_kind("mine.supernet:FAMILY")
    COTRAINED = cotrained_kind("mine.supernet:FAMILY")
"""

from evonasc.benchmark import ErrorKind, ErrorRequest, ErrorSource
from evonasc.plugins import imported
from evonasc.supernet.live_options import CotrainedOptions, LiveOptions


def live_kind(family: str, *, shipped: str | None = None) -> ErrorKind:
    """Return forward passes of a family's supernet, on images the user brings.

    Args:
        family: Names a :class:`evonasc.supernet.family.SupernetFamily`.
        shipped: Names a function that returns the supernet that ships and its scores; None where
            none does, and users must bring weights.
    """

    def make(options: LiveOptions, request: ErrorRequest) -> ErrorSource:
        from evonasc.supernet.live import live_supernet

        ready = None if shipped is None else imported(shipped)
        return live_supernet(options, imported(family), shipped=ready)

    return ErrorKind(LiveOptions, make, is_stored=False)


def cotrained_kind(family: str) -> ErrorKind:
    """Return the weights of a family's supernet that the search itself trains.

    Args:
        family: Names a :class:`evonasc.supernet.family.SupernetFamily`.
    """

    def make(options: CotrainedOptions, request: ErrorRequest) -> ErrorSource:
        from evonasc.supernet.cotraining import cotrained_weights

        return cotrained_weights(options, imported(family), seed=request.seed)

    return ErrorKind(CotrainedOptions, make, is_stored=False, is_trained_by_search=True)
