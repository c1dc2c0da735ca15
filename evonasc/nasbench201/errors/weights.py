"""Errors by weights at hand: forward passes of a supernet, or weights that a search trains."""

from evonasc.supernet.error_kinds import cotrained_kind, live_kind

_SUPERNET = "evonasc.nasbench201.supernet"

#: Weights in training.
COTRAINED = cotrained_kind(f"{_SUPERNET}:FAMILY")
#: Forward passes of a supernet.
LIVE = live_kind(f"{_SUPERNET}:FAMILY", shipped=f"{_SUPERNET}:shipped")
