"""A comparison from its configuration to what was measured of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from evonasc.analysis.indicators import (
    Indicators,
    Reference,
    indicators,
    references,
    summary_rows,
)
from evonasc.cluster import Cluster
from evonasc.field_types import argument
from evonasc.runs.comparison import (
    ComparisonConfig,
    TrialKey,
    run_comparison,
    true_points,
)
from evonasc.runs.comparison_folder import open_folder, read_everything
from evonasc.runs.prepare import prepare
from evonasc.runs.run import lists_designs
from evonasc.runs.trials import Trial


@dataclass(frozen=True)
class Comparison:
    """Everything that the searches of a comparison evaluated, and what it is measured against."""

    config: ComparisonConfig
    #: What each search evaluated.
    trials: Mapping[TrialKey, Trial]
    #: The front of each scenario: the exact one, or the best known where that cannot be listed.
    references: Mapping[str, Reference]
    #: What the folder holds besides and cannot be used, and why; a sentence each.
    left_out: tuple[str, ...] = ()

    @cached_property
    def trial_indicators(self) -> dict[TrialKey, Indicators]:
        """What each search is worth."""
        return {
            key: indicators(trial, self.references[key.scenario])
            for key, trial in self.trials.items()
        }

    @cached_property
    def summary(self) -> list[dict[str, str | int | float]]:
        """One row a scenario, budget and contender: medians and quartiles over seeds."""
        return summary_rows(self.trial_indicators)


def compare(
    config: ComparisonConfig,
    folder: Path | str,
    *,
    n_jobs: int = 1,
    cluster: Cluster | None = None,
    is_exact_wanted: bool | None = None,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Comparison:
    """Run the searches of a comparison that are missing in a folder, and measure all of them.

    What the folder holds from before is measured too, with the seeds that are there.

    Args:
        config: Who meets where.
        folder: Made, or taken up where it holds this comparison; it may grow.
        n_jobs: Worker processes; the results do not depend on it.
        cluster: Workers of a scheduler, which take their place.
        is_exact_wanted: Enumerate the exact fronts, see :func:`evonasc.runs.run.lists_designs`.
        on_progress: Called with (searches done, searches in all).

    Raises:
        ConfigError: The folder holds something else, or a search is not allowed.
        EvonascError: A search failed.

    Example:
        >>> from tempfile import mkdtemp
        >>> from evonasc import ComparisonConfig, RunConfig
        >>> config = ComparisonConfig(
        ...     base=RunConfig(problem="toy"),
        ...     scenarios=(RunConfig().scenario,),
        ...     contenders=("nsga2", "random"),
        ...     budgets=(60,),
        ...     n_seeds=2,
        ... )
        >>> for row in compare(config, mkdtemp()).summary:
        ...     print(row["contender"])
        nsga2
        random
    """
    config = argument("config", ComparisonConfig, config).with_own_names()
    folder = Path(argument("folder", Path, folder))
    if is_exact_wanted:  # refused before any search
        lists_designs(prepare(replace(config.base, scenario=config.scenarios[0])), is_asked=True)
    open_folder(folder, config)
    for done, total in run_comparison(folder, config, n_jobs=n_jobs, cluster=cluster):
        on_progress(done, total)
    config, trials, left_out = read_everything(folder, config)
    truths = true_points(config, is_exact_wanted=is_exact_wanted)
    return Comparison(config, trials, references(truths, trials), left_out)
