"""The family of FBNet's supernets."""

from evonasc.fbnet.network import FBNetConfig, LayerSupernet, initialise
from evonasc.fbnet.space import OPERATIONS, FBNet
from evonasc.supernet.family import SupernetFamily


class LayerSupernets(SupernetFamily):
    """See :class:`evonasc.fbnet.network.LayerSupernet`."""

    space = FBNet()
    config_type = FBNetConfig

    def default_sizes(self, *, is_large: bool) -> dict[str, int]:
        """A small set has too little to teach wide layers."""
        return {"width_percent": 100 if is_large else 25}

    def initialise(self, config: FBNetConfig, *, seed: int) -> LayerSupernet:  # type: ignore[override]  # its own sizes
        """See :func:`evonasc.fbnet.network.initialise`."""
        return initialise(config, seed=seed)

    def choice_names(self, gene: int) -> tuple[str, ...]:
        """Return the operations."""
        return OPERATIONS


FAMILY = LayerSupernets()
