"""Any pymoo problem of discrete variables as a problem of evonasc: nothing in it need be a network.

The variables become operation genes of a space without blocks, so that there is one cut, which
means nothing, and the evolutionary algorithms, the archive, run folders, tables and figures work as
they are. Its constraints become columns with bounds. Searches that choose by error and latency say
that these columns are missing.
"""

import traceback
from pathlib import Path

import numpy as np
from pymoo.core.problem import Problem

from evonasc.arrays import FloatArray, IntArray
from evonasc.bounds import Bound
from evonasc.errors import ConfigError, EvaluationError, EvonascError
from evonasc.problems.base import DesignProblem
from evonasc.problems.variables import VariableSpace, values_of, variables_of
from evonasc.space import DesignSpace, any_cut

#: How far an equality may be missed, as in pymoo.
_EQUAL = 1e-4


class PymooProblem(DesignProblem):
    """A problem of pymoo over discrete variables.

    Its inequalities are the columns ``g1``, ``g2``, ..., which keep to it at most at 0; its
    equalities the columns ``h1``, ``h2``, ...: how far each is missed, at most 0.0001.

    Args:
        problem: Integers (``vtype=int``) from ``xl`` to ``xu``, or ``vars`` that are Integer,
            Binary or Choice; every objective is minimised.
        objectives: Names of its objectives, in order; ``f1``, ``f2``, ... by default.

    Raises:
        ConfigError: A variable is not discrete or has no finite range; other objectives.
    """

    is_foreign = True

    def __init__(self, problem: Problem, *, objectives: tuple[str, ...] | None = None) -> None:
        named = objectives or tuple(f"f{place}" for place in range(1, problem.n_obj + 1))
        if len(named) != problem.n_obj:
            raise ConfigError(f"objectives must name {problem.n_obj}, got {', '.join(named)}.")
        unequal = [Bound(f"g{place}", 0.0) for place in range(1, problem.n_ieq_constr + 1)]
        equal = [Bound(f"h{place}", _EQUAL) for place in range(1, problem.n_eq_constr + 1)]
        self.inner, self._space = problem, VariableSpace(variables_of(problem))
        self._names = (*named, *(bound.column for bound in (*unequal, *equal)))
        if len(set(self._names)) < len(self._names):
            raise ConfigError(
                f"objectives must differ from the constraints' columns, got "
                f"{', '.join(self._names)}."
            )
        designs = DesignSpace(self._space, (8,), any_cut(n_blocks=0))
        super().__init__(designs, objectives=named, known_columns=named, bounds=(*unequal, *equal))

    def columns(self, genes: IntArray) -> dict[str, FloatArray]:
        """Return the objectives, and by how much constraints are missed.

        Raises:
            EvaluationError: The problem failed, or gave something of another shape.
        """
        inner = self.inner
        values = values_of(inner, self._space, self.designs.operations(genes))
        parts = {"F": inner.n_obj, "G": inner.n_ieq_constr, "H": inner.n_eq_constr}
        asked = [part for part, n in parts.items() if n]
        try:
            given = inner.evaluate(values, return_values_of=asked, return_as_dictionary=True)
            tables = [np.asarray(given[part], dtype=float) for part in asked]
        except EvonascError:
            raise
        except Exception as error:  # its author's code: anything can come out of it
            raise EvaluationError(
                f"{type(inner).__name__} failed on designs of shape {values.shape}: "
                f"{type(error).__name__}: {error} ({_place(error)}). Mend the problem."
            ) from error
        for part, table in zip(asked, tables, strict=True):
            if table.shape != (len(genes), parts[part]):
                raise EvaluationError(
                    f"{type(inner).__name__} must give {part} of shape "
                    f"{(len(genes), parts[part])}, got {table.shape}."
                )
        if "H" in asked:
            tables[-1] = np.abs(tables[-1])
        return dict(zip(self._names, np.concatenate(tables, axis=1).T, strict=True))

    def columns_to_bound(self) -> tuple[str, ...]:
        """Return the objectives, and the constraints' columns."""
        return self._names

    def provenance(self) -> tuple[str, ...]:
        """Name the problem."""
        whose = type(self.inner).__name__
        return (f"{', '.join(self._names)}: computed by the pymoo problem {whose}.",)


def _place(error: Exception) -> str:
    """Name the line where an error was raised."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(last.filename).name}, line {last.lineno}"
