"""``evonasc supernet``: train, score, proxies, rank, payload effects, and errors as a table.

A supernet of one's own in three commands, here on the digits; images of one's own are
``--data folder:PATH``::

    evonasc supernet train --data digits --epochs 30 --out mine
    evonasc supernet score --weights mine/checkpoint.safetensors --images 100 --jobs 2 --out s.npz
    evonasc run --scores s.npz
"""

import argparse
from types import ModuleType

from evonasc.cli import (
    supernet_calibrate,
    supernet_errors,
    supernet_payload,
    supernet_proxies,
    supernet_rank,
    supernet_score,
    supernet_train,
)

#: Action -> its module and one line for people.
_ACTIONS: dict[str, tuple[ModuleType, str]] = {
    "train": (supernet_train, "train the supernet; resumes from its folder"),
    "score": (supernet_score, "score networks on held-out training images, into a score file"),
    "rank": (supernet_rank, "rank correlation with benchmark accuracies (bring them)"),
    "calibrate": (
        supernet_calibrate,
        "put the error on the scale of a few networks that you trained",
    ),
    "proxies": (supernet_proxies, "measure training-free proxies of every network"),
    "payload-effects": (
        supernet_payload,
        "measure what narrow payloads and lost packets do to the error",
    ),
    "errors": (supernet_errors, "error of all networks, or of the best, as CSV"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, (module, what) in _ACTIONS.items():
        module.add_arguments(actions.add_parser(name, help=what))


def execute(arguments: argparse.Namespace) -> int:
    """Do what the action says."""
    code: int = _ACTIONS[arguments.action][0].execute(arguments)
    return code
