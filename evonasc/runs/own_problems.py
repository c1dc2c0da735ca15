"""The problems of evonasc, made as the configuration of a run says."""

from evonasc.problems import SplitNasProblem, Staircase
from evonasc.problems.toy import ToySpace
from evonasc.runs.benchmarks import benchmark, search_space
from evonasc.runs.config import ProblemKind, RunConfig
from evonasc.runs.error_table import make_source


def split_nas_problem(config: RunConfig) -> SplitNasProblem:
    """Return the problem ``split-nas``; its choice of errors is settled.

    Raises:
        EvonascError: Anything in the configuration cannot be had.
    """
    chosen = benchmark(config.space)
    source = make_source(config.error, chosen, seed=config.search.seed)
    calibration = None
    if config.calibration is not None:
        from evonasc.supernet.calibration import read_calibration  # scipy, for those who need it

        calibration = read_calibration(config.calibration, source, chosen.make_space())
    return SplitNasProblem(
        chosen,
        config.scenario,
        source,
        objectives=config.objectives,
        calibration=calibration,
    )


SPLIT_NAS = ProblemKind(
    split_nas_problem,
    reads=frozenset(
        {"space", "scenario", "objectives", "error", "error_resolution", "calibration"}
    ),
    make_space=lambda config: search_space(config.space),
)
TOY = ProblemKind(lambda config: Staircase(), make_space=lambda config: ToySpace())
