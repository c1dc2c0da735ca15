"""SMS-EMOA on designs.

Reference: Beume, Naujoks and Emmerich 2007, "SMS-EMOA: Multiobjective selection based on dominated
hypervolume", European Journal of Operational Research 181(3).
"""

from pymoo.algorithms.moo.sms import SMSEMOA, LeastHypervolumeContributionSurvival

from evonasc.front import REFERENCE_MARGIN
from evonasc.search.algorithm import Algorithm
from evonasc.search.archive import Archive
from evonasc.search.config import SearchConfig
from evonasc.search.pymoo_driver import design_operators, drive, with_batch_mating
from evonasc.search.steps import Steps


def sms_emoa(archive: Archive, config: SearchConfig) -> Steps:
    """Search by least hypervolume contribution."""
    # pymoo divides by the range first; its own margin is ten ranges.
    survival = LeastHypervolumeContributionSurvival(eps=REFERENCE_MARGIN)
    operators = design_operators(archive, config)
    algorithm = SMSEMOA(pop_size=config.population, survival=survival, **operators)
    yield from drive(with_batch_mating(algorithm), archive, seed=config.seed)


ALGORITHM = Algorithm(
    sms_emoa,
    is_evolving=True,
    can_refine=True,
    heeds=None,
    least_objectives=2,
    most_objectives=8,  # exact hypervolumes take five times as long for each one more
)
