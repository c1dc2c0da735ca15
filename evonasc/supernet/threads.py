"""How torch computes: with how many threads, and with which numbers where nobody says.

Set by evonasc, because sums of floats depend on both: with another number of threads losses differ
in the fifth digit, and a search that trains finds another answer.
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


def has_fast_bf16() -> bool:
    """Tell whether convolutions in bfloat16 are faster here than in single precision.

    They are with AVX-512 (measured: about twice); with AVX2 they are emulated and take eight times
    as long.
    """
    return torch.backends.cpu.get_cpu_capability().startswith(("AVX512", "SVE"))
