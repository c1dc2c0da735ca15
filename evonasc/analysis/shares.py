"""How near a front came to the exact one, in words that say what the number is worth."""

from collections.abc import Sequence

from evonasc.front import MOST_EXACT_OBJECTIVES


def truth_words(
    *,
    n_found: int,
    n_points: int,
    hypervolume_share: float,
    n_objectives: int,
    noisy: Sequence[str] = (),
) -> str:
    """Say how much of the exact front was found, and where the share of hypervolume is unsure.

    Args:
        n_found: Points of the exact front that were found.
        n_points: Points of it.
        hypervolume_share: As :func:`evonasc.front.hypervolume_share` gives it.
        n_objectives: Beyond :data:`evonasc.front.MOST_EXACT_OBJECTIVES` it is approximated.
        noisy: Objectives that had other values when designs were evaluated again.

    Example:
        >>> truth_words(n_found=3, n_points=4, hypervolume_share=0.5, n_objectives=2)
        '3 of the 4 points of the exact front were found (50.00% of its hypervolume).'
    """
    is_exact = n_objectives <= MOST_EXACT_OBJECTIVES
    is_beyond = hypervolume_share > 1 + (1e-9 if is_exact else 0.005)
    share = f"{hypervolume_share if is_beyond else min(hypervolume_share, 1.0):.2%}"
    if share == "100.00%" and n_found < n_points and hypervolume_share < 1:
        share = "more than 99.99%"
    words = f"{share} of its hypervolume{'' if is_exact else ', approximated'}"
    line = f"{n_found} of the {n_points} points of the exact front were found ({words})."
    if noisy or is_beyond:
        which = ", ".join(noisy) or "an objective"
        line += (
            f" Noisy: {which} had other values when designs were evaluated again, so that share "
            f"may pass 100 % and means little."
        )
    return line
