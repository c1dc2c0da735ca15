"""Limits of what many commands ask for: seeds, threads, worker processes."""

import os

from evonasc.errors import ConfigError

#: The largest seed: that of a signed number of 64 bits, which every generator in use takes.
MAX_SEED = 2**63 - 1
_WORKERS_A_CORE = 4


def require_seed(seed: int) -> None:
    """Refuse a seed that not every generator takes.

    Raises:
        ConfigError: Outside ``[0, MAX_SEED]``.
    """
    if not 0 <= seed <= MAX_SEED:
        raise ConfigError(f"seed must lie in [0, {MAX_SEED}], got {seed}.")


def max_workers() -> int:
    """Return how many threads or processes may compute at once: four a core of this machine."""
    return _WORKERS_A_CORE * (os.cpu_count() or 1)


def require_workers(name: str, n_workers: int) -> None:
    """Refuse a number of threads or processes that only slows this machine down, or ends it.

    Raises:
        ConfigError: Outside ``[1, max_workers()]``.
    """
    if n_workers < 1:
        raise ConfigError(f"{name} must be at least 1, got {n_workers}.")
    if n_workers > max_workers():
        raise ConfigError(
            f"{name} must be at most {max_workers()}, {_WORKERS_A_CORE} for each core of this "
            f"machine, got {n_workers}."
        )
