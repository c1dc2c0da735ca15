"""A problem under the bounds of a configuration: their columns found, their margins settled."""

from dataclasses import replace

from evonasc.bounds import Bound, in_words, named
from evonasc.errors import ConfigError
from evonasc.problems import DesignProblem
from evonasc.runs.config import RunConfig


def bounded(problem: DesignProblem, config: RunConfig) -> tuple[DesignProblem, RunConfig]:
    """Return the problem under a configuration's bounds, and the configuration with them settled.

    Settled, it has the problem's own bounds too.

    A margin of M takes M times the mean relative error of the column's predictor, as a share, off
    the limit: ``limit x (1 - M x error)``. Nothing is taken off what is computed exactly, or by a
    predictor whose error nobody knows.

    Raises:
        UnknownNameError: A bound on no column of the problem.
        ConfigError: A bound names several columns, a column has two, a margin leaves nothing of a
            limit, or none of the bounds has a predictor whose error is known.
    """
    own = problem.column_bounds
    asked = [bound for bound in config.bounds if bound not in own]
    if not asked:
        return problem, replace(config, bounds=own)
    columns = named(asked, problem.columns_to_bound())
    bounds = tuple(
        replace(bound, column=column) for bound, column in zip(asked, columns, strict=True)
    )
    if config.margin:
        errors = problem.within(bounds).predictor_errors()
        bounds = tuple(_with_margin(bound, errors, config.margin) for bound in bounds)
        if not any(bound.column in errors for bound in bounds):
            raise ConfigError(
                f"margin takes a share of the predictor's error off each bound, got bounds on "
                f"{', '.join(columns)}, where none is known. Known: "
                f"{', '.join(errors) or 'none'}. Leave out --margin, and tighten the bound."
            )
    return problem.within(bounds), replace(config, bounds=(*own, *bounds))


def _with_margin(bound: Bound, errors: dict[str, float], margin: float) -> Bound:
    """Return a bound with so many times the error of its column's predictor taken off."""
    return replace(bound, margin=margin * errors.get(bound.column, 0.0))


def bound_lines(
    problem: DesignProblem, config: RunConfig, *, heeds: frozenset[str] | None
) -> tuple[str, ...]:
    """Say what designs must keep to, what is taken off, and what of it the search did not know.

    For the provenance of a run.

    Args:
        problem: Has the bounds.
        config: Has the margin, and names the algorithm.
        heeds: Columns whose bounds the algorithm knows; None for any.
    """
    if not problem.column_bounds:
        return ()
    line = f"bounds: {in_words(problem.column_bounds)}; only designs within are on the front"
    if config.margin:
        line += f"; margin: {config.margin:g} times the mean error of each predictor, where known"
    columns = {bound.column: None for bound in problem.column_bounds}
    unheeded = [] if heeds is None else [name for name in columns if name not in heeds]
    if unheeded:
        line += (
            f"; {config.search.algorithm} does not search by bounds on {', '.join(unheeded)}: what "
            "it found beyond them is left out"
        )
    return (f"{line}.",)
