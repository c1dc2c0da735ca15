"""pymoo problems: the split-computing search, and one with a known answer."""

from evonasc.problems.base import DesignProblem
from evonasc.problems.split_nas import SplitNasProblem
from evonasc.problems.toy import Staircase

__all__ = ["DesignProblem", "SplitNasProblem", "Staircase"]
