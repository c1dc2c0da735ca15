"""What can be built: search spaces, and designs (a network and its placement)."""

from evonasc.space.base import SearchSpace
from evonasc.space.designs import DesignSpace, Genome, any_cut

__all__ = ["DesignSpace", "Genome", "SearchSpace", "any_cut"]
