"""Errors by weights at hand: forward passes of a supernet, or weights that a search trains."""

from evonasc.supernet.error_kinds import cotrained_kind, live_kind

_FAMILY = "evonasc.fbnet.supernet:FAMILY"

#: Weights in training.
COTRAINED = cotrained_kind(_FAMILY)
#: Forward passes of a supernet that the user brings.
LIVE = live_kind(_FAMILY)
