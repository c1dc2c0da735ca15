"""How many threads torch computes with: set by evonasc, because sums of floats depend on it.

With another number losses differ in the fifth digit, and a search that trains finds another answer.
"""

import torch

from evonasc.limits import require_workers


def set_threads(n_threads: int) -> None:
    """Let torch compute with that many threads from now on.

    Raises:
        ConfigError: Outside ``[1, evonasc.limits.max_workers()]``.
    """
    require_workers("threads", n_threads)
    torch.set_num_threads(n_threads)
