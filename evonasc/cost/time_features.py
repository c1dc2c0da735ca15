"""Features of networks along which few measured times are corrected, on one scale."""

from dataclasses import dataclass

import numpy as np

from evonasc.arrays import FloatArray, IntArray
from evonasc.space import SearchSpace

_N_DRAWN = 5000  # where networks are too many to list


@dataclass(frozen=True, eq=False)
class FeatureScale:
    """Those of a space's features that differ among networks, with mean 0 and variance 1.

    Over all networks, or 5,000 drawn ones where they cannot be listed, so that a ridge treats the
    features alike.
    """

    space: SearchSpace
    #: Places of the features that vary, their means and standard deviations, ``(n_features,)``.
    varying: IntArray
    mean: FloatArray
    spread: FloatArray

    @classmethod
    def of(cls, space: SearchSpace) -> "FeatureScale":
        """Return the scale of a space."""
        networks = space.networks()
        if networks is None:
            networks = space.sample(_N_DRAWN, rng=np.random.default_rng(0))
        features = space.time_features(networks)
        spread = features.std(axis=0)
        varying = np.flatnonzero(spread > 0)
        return cls(space, varying, features.mean(axis=0)[varying], spread[varying])

    def __call__(self, networks: IntArray) -> FloatArray:
        """Return the features of canonical networks, ``(n, n_features)``."""
        return (self.space.time_features(networks)[:, self.varying] - self.mean) / self.spread
