"""Models of payload effects with made-up parts, for the tests of what fits and what uses them."""

import numpy as np

from evonasc.nasbench201.cells import canonical_connected_cells
from evonasc.nasbench201.errors.payload_model import N_KINDS, PayloadModel, network_features

CELLS = canonical_connected_cells()
N_VALUES = (3072, 16384, 16384, 8192, 8192, 4096, 4096)
HEADER = {"training": {"data": "noise"}, "n_images": 100}


def made_model(**changes):
    """A model with made-up parts."""
    rng = np.random.default_rng(5)
    n_features = network_features(CELLS[:1], np.array([0.2])).shape[1]
    values = {
        "cells_per_stage": 1,
        "n_values": N_VALUES,
        "chance_error": 0.9,
        "by_cut": np.array([[-2.0] * 7, [-2.5] * 7, np.linspace(0.5, -1, 7)]),
        "exponents": np.array([0.9, 0.2]),
        "weights": rng.normal(0, 0.1, (2, 1 + N_KINDS, n_features)),
        "header": HEADER,
    }
    return PayloadModel(**{**values, **changes})
