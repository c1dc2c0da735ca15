"""A comparison from its configuration to what was measured of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from evonasc.analysis.indicators import (
    Indicators,
    Reference,
    indicators,
    references,
    summary_rows,
)
from evonasc.runs.comparison import (
    ComparisonConfig,
    TrialKey,
    open_folder,
    read_trials,
    run_comparison,
    true_points,
)
from evonasc.runs.trials import Trial


@dataclass(frozen=True)
class Comparison:
    """Everything that the searches of a comparison evaluated, and what it is measured against."""

    config: ComparisonConfig
    #: What each search evaluated.
    trials: Mapping[TrialKey, Trial]
    #: The front of each scenario: the exact one, or the best known where that cannot be listed.
    references: Mapping[str, Reference]

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
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Comparison:
    """Run the searches of a comparison that are missing in a folder, and measure all of them.

    Args:
        config: Who meets where.
        folder: Made, or taken up where it holds this comparison; it may grow.
        n_jobs: Worker processes; the results do not depend on it.
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
    config, folder = config.with_own_names(), Path(folder)
    open_folder(folder, config)
    for done, total in run_comparison(folder, config, n_jobs=n_jobs):
        on_progress(done, total)
    trials = read_trials(folder, config)
    return Comparison(config, trials, references(true_points(config), trials))
