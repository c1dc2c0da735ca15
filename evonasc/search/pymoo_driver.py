"""Running pymoo's algorithms on the archive: same budget, same operators, same door for each."""

from typing import Any

import numpy as np
from pymoo.algorithms.base.genetic import GeneticAlgorithm
from pymoo.core.algorithm import Algorithm as PymooAlgorithm
from pymoo.core.individual import Individual
from pymoo.core.mating import Mating
from pymoo.core.population import Population
from pymoo.core.termination import NoTermination
from pymoo.problems.static import StaticProblem

from evonasc.arrays import BoolArray, FloatArray
from evonasc.operators import CanonicalDuplicates
from evonasc.search.archive import Archive
from evonasc.search.config import SearchConfig
from evonasc.search.operator_table import ValidOnly, foreign_operators, operators_of
from evonasc.search.refinement import SplitRefinement
from evonasc.search.steps import Steps

#: By how many times a bound counts as missed where the evaluation failed.
_FAILED = 1e6
#: Designs in a row without a new one before a search is called exhausted.
_PATIENCE = 5000


def design_operators(archive: Archive, config: SearchConfig) -> dict[str, Any]:
    """Return fresh operators for a constructor: pymoo shares its default instances.

    Raises:
        ConfigError: The configuration wants cuts refined where that has no meaning, or names an
            operator of another kind.
        UnknownNameError: No such operator.
        PluginError: An operator of another package cannot be used.
    """
    refinement = SplitRefinement.of(archive.problem, config)
    return {
        "repair": ValidOnly(refinement, config) if foreign_operators(config) else refinement,
        **operators_of(config),
        "eliminate_duplicates": CanonicalDuplicates(
            canonical=archive.problem.designs.canonical, is_known=archive.is_known
        ),
    }


class BatchMating(Mating):
    """Mating that fills up what duplicate elimination took in whole batches.

    pymoo asks for as many children as are missing; late in a search, when most children are known,
    that is one or two at a time and hundreds of times a generation.
    """

    def _do(self, problem: Any, pop: Any, n_offsprings: int, **kwargs: Any) -> Any:
        """Return at least as many children as the population has members; pymoo drops the rest."""
        return super()._do(problem, pop, max(n_offsprings, len(pop)), **kwargs)


def with_batch_mating(algorithm: GeneticAlgorithm) -> GeneticAlgorithm:
    """Give a fresh algorithm a mating that works in batches, with its own operators."""
    mating = algorithm.mating
    algorithm.mating = BatchMating(
        mating.selection,
        mating.crossover,
        mating.mutation,
        repair=mating.repair,
        eliminate_duplicates=mating.eliminate_duplicates,
        n_max_iterations=mating.n_max_iterations,
    )
    return algorithm


def drive(algorithm: PymooAlgorithm, archive: Archive, *, seed: int) -> Steps:
    """Let an algorithm of pymoo ask for designs.

    Returns early if the algorithm finds no design it has not seen: the space is exhausted, or the
    algorithm's population is.

    Args:
        algorithm: A fresh pymoo algorithm with integer operators.
        archive: What is known.
        seed: Of the algorithm's generator.
    """
    problem = archive.problem
    algorithm.setup(problem, termination=NoTermination(), seed=seed)
    idle = 0
    while idle < _PATIENCE:
        asked = algorithm.ask()
        if asked is None or (not isinstance(asked, Individual) and len(asked) == 0):
            return
        # MOEA/D asks for one design at a time and does not call it a population.
        batch = Population.create(asked) if isinstance(asked, Individual) else asked
        n_known = len(archive)
        genes = np.asarray(batch.get("X"), dtype=np.int64)
        values = {"F": _finite((yield genes), archive)}
        idle = idle + len(batch) if len(archive) == n_known else 0
        if problem.column_bounds:  # constraints to pymoo
            values["G"] = np.nan_to_num(problem.excesses(archive.columns_of(genes)), nan=_FAILED)
        algorithm.evaluator.eval(StaticProblem(problem, **values), batch)
        algorithm.tell(infills=asked)


def _finite(values: FloatArray, archive: Archive) -> FloatArray:
    """Return objectives, those of failed designs a range beyond the worst: pymoo takes no others.

    Their columns are not a number, so under bounds they miss them all, too.
    """
    is_failed: BoolArray = np.logical_or.reduce(~np.isfinite(values), axis=1)
    if not is_failed.any():
        return values
    known = archive.objectives()
    known = known[np.isfinite(known).all(axis=1)]
    worst = 2 * known.max(axis=0) - known.min(axis=0) + 1
    return np.where(is_failed[:, None], worst, values)
