"""pymoo operators on designs: integer genes in, valid integer genes out."""

from evonasc.operators.crossover import DesignCrossover
from evonasc.operators.duplicates import CanonicalDuplicates
from evonasc.operators.mutation import DesignMutation
from evonasc.operators.repair import CutRepair
from evonasc.operators.sampling import DesignSampling

__all__ = [
    "CanonicalDuplicates",
    "CutRepair",
    "DesignCrossover",
    "DesignMutation",
    "DesignSampling",
]
