"""Any pymoo problem over integers as a problem of evonasc: nothing in it need be a network.

The variables become operation genes of a space without blocks, so that there is one cut, which
means nothing, and the evolutionary algorithms, the archive, run folders, tables and figures work as
they are. Searches that choose by error and latency say that these columns are missing.
"""

import traceback
from pathlib import Path

import numpy as np
from pymoo.core.problem import Problem

from evonasc.arrays import BoolArray, FloatArray, IntArray
from evonasc.errors import ConfigError, EvaluationError, EvonascError, GenomeError
from evonasc.problems.base import DesignProblem
from evonasc.space import DesignSpace
from evonasc.space.plain import PlainSpace

#: Designs, at most, that are listed to know the true front.
_MOST_LISTED = 50_000


class IntegerSpace(PlainSpace):
    """Integer variables, each in a range of its own; every choice is a design of its own.

    Args:
        lower: ``(n,)`` least value of each variable.
        upper: ``(n,)`` greatest value of each.
    """

    name = "plain"
    block_names = ()
    cut_shapes = ((1, 1, 1),)
    short_text_key = "design: its variables"
    network_word = "design"
    layer_membership = np.zeros((0, 0), dtype=np.int64)

    def __init__(self, lower: IntArray, upper: IntArray) -> None:
        self.lower = lower
        self.n_choices = tuple((upper - lower + 1).tolist())
        self.gene_groups = tuple((gene,) for gene in range(len(lower)))
        self.bare_network = (0,) * len(lower)

    def networks(self) -> IntArray | None:
        """Return every design, or None where they are more than 50,000."""
        if np.prod(np.array(self.n_choices, dtype=float)) > _MOST_LISTED:
            return None
        return super().networks()

    def sample(self, n: int, *, rng: np.random.Generator) -> IntArray:
        """Draw uniformly."""
        return rng.integers(np.array(self.n_choices), size=(n, len(self.n_choices)))

    def to_text(self, operations: IntArray) -> list[str]:
        """Write the variables, blanks between."""
        return [" ".join(map(str, row)) for row in (self.check(operations) + self.lower).tolist()]

    def choice_in_words(self, gene: int, value: int) -> str:
        """Return the variable's value."""
        return str(int(self.lower[gene]) + value)

    def from_text(self, texts: list[str]) -> IntArray:
        """Read variables with blanks between.

        Raises:
            GenomeError: Other words, or values out of range.
        """
        n = len(self.n_choices)
        rows = []
        for text in texts:
            try:
                row = [int(word) for word in text.split()]
            except ValueError:
                row = []
            if len(row) != n:
                raise GenomeError(f"A design must be {n} whole numbers, got {text!r}.")
            rows.append(row)
        return self.check(np.array(rows, dtype=np.int64).reshape(-1, n) - self.lower)


class PymooProblem(DesignProblem):
    """An integer problem of pymoo, without constraints.

    Args:
        problem: ``xl`` and ``xu`` are whole and finite; every objective is minimised.
        objectives: Names of its objectives, in order; ``f1``, ``f2``, ... by default.

    Raises:
        ConfigError: It has constraints, no finite range of integers, or other objectives.
    """

    def __init__(self, problem: Problem, *, objectives: tuple[str, ...] | None = None) -> None:
        named = objectives or tuple(f"f{place}" for place in range(1, problem.n_obj + 1))
        if len(named) != problem.n_obj:
            raise ConfigError(f"objectives must name {problem.n_obj}, got {', '.join(named)}.")
        if problem.n_ieq_constr or problem.n_eq_constr:
            raise ConfigError(
                f"{type(problem).__name__} must have no constraints, got some. Let designs that "
                "break them be worse in every objective, or mend them in the evaluation."
            )
        space = IntegerSpace(*_bounds(problem))
        self.inner = problem
        designs = DesignSpace(space, (8,), _the_only_cut)
        super().__init__(designs, objectives=named, known_columns=named)

    def columns(self, genes: IntArray) -> dict[str, FloatArray]:
        """Return the objectives.

        Raises:
            EvaluationError: The problem failed, or gave something of another shape.
        """
        space = self.designs.space
        assert isinstance(space, IntegerSpace)  # made above
        variables = self.designs.operations(genes) + space.lower
        try:
            values = np.asarray(self.inner.evaluate(variables, return_values_of=["F"]), dtype=float)
        except EvonascError:
            raise
        except Exception as error:  # its author's code: anything can come out of it
            raise EvaluationError(
                f"{type(self.inner).__name__} failed on designs of shape {variables.shape}: "
                f"{type(error).__name__}: {error} ({_place(error)}). Mend the problem."
            ) from error
        if values.shape != (len(genes), len(self.objectives)):
            raise EvaluationError(
                f"{type(self.inner).__name__} must give objectives of shape "
                f"{(len(genes), len(self.objectives))}, got {values.shape}."
            )
        return dict(zip(self.objectives, values.T, strict=True))

    def provenance(self) -> tuple[str, ...]:
        """Name the problem."""
        names = ", ".join(self.objectives)
        return (f"{names}: computed by the pymoo problem {type(self.inner).__name__}.",)


def _place(error: Exception) -> str:
    """Name the line where an error was raised."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(last.filename).name}, line {last.lineno}"


def _bounds(problem: Problem) -> tuple[IntArray, IntArray]:
    """Return the least and the greatest value of each variable."""
    limits = [np.asarray(limit, dtype=float) for limit in (problem.xl, problem.xu)]
    is_fine = all(
        limit.shape == (problem.n_var,) and np.isfinite(limit).all() and (limit % 1 == 0).all()
        for limit in limits
    )
    if problem.vtype is not int or not is_fine or (limits[1] < limits[0]).any():
        raise ConfigError(
            f"{type(problem).__name__} must have integer variables (vtype=int) between whole, "
            f"finite xl and xu, got vtype {problem.vtype}, xl {problem.xl}, xu {problem.xu}."
        )
    return limits[0].astype(np.int64), limits[1].astype(np.int64)


def _the_only_cut(operations: IntArray, bits: IntArray) -> BoolArray:
    """Allow the one cut there is."""
    return np.ones((*bits.shape, 1), dtype=bool)
