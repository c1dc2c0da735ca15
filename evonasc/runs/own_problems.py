"""The problems of evonasc, made as the configuration of a run says."""

from evonasc.errors import ConfigError
from evonasc.problems import SplitNasProblem, Staircase
from evonasc.problems.split_nas import ErrorCalibration, ErrorSource
from evonasc.runs.run import RunConfig, error_source
from evonasc.space import search_space


def toy_problem(config: RunConfig) -> Staircase:
    """Return the problem ``toy``.

    Raises:
        ConfigError: It has no use for something in the configuration.
    """
    toy = Staircase()
    if config.objectives != toy.objectives or config.accuracy != RunConfig.accuracy:
        raise ConfigError(
            f"The problem 'toy' has the objectives {', '.join(toy.objectives)} and no other "
            "source of accuracy. Leave out --objectives and --accuracy."
        )
    if config.error_resolution or config.calibration is not None:
        raise ConfigError(
            "The problem 'toy' has an exact error. Leave out --error-resolution and --calibration."
        )
    return toy


def split_nas_problem(config: RunConfig) -> SplitNasProblem:
    """Return the problem ``split-nas``.

    Raises:
        EvonascError: Anything in the configuration cannot be had.
    """
    source = error_source(config)
    return SplitNasProblem(
        search_space(config.space),
        config.scenario,
        source,
        objectives=config.objectives,
        error_resolution=config.error_resolution,
        calibration=_calibration(config, source),
    )


def _calibration(config: RunConfig, source: ErrorSource) -> ErrorCalibration | None:
    """Return the calibration of a configuration, which must be one of its source of the error."""
    if config.calibration is None:
        return None
    from evonasc.supernet.trained_calibration import read_calibration

    return read_calibration(config.calibration, source)
