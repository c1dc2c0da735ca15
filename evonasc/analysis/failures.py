"""What people are told of evaluations that failed."""

from collections.abc import Sequence

from rich.text import Text

#: Share of the evaluations from which failures are told loudly; reasons that are shown.
_MANY, _SHOWN = 0.1, 3


def failure_lines(reasons: Sequence[str], n_good: int) -> list[Text]:
    """Say how many evaluations failed, and why the first did; nothing where none failed.

    Args:
        reasons: Of those that failed.
        n_good: How many did not.

    Example:
        >>> [str(line) for line in failure_lines(["ZeroDivisionError: 0"], 20)]
        ['1 of 21 evaluations failed (failed.csv), the first: ZeroDivisionError: 0']
    """
    if not reasons:
        return []
    n, n_all = len(reasons), len(reasons) + n_good
    what = f"{n} of {n_all} evaluations failed (failed.csv)"
    shown = [f"  {reason}" for reason in reasons[:_SHOWN]]
    if n > _MANY * n_all:
        what = f"WARNING: {what}, more than a tenth: the front is of what is left"
        style = "bold red"
    else:
        style = ""
    if len(shown) == 1:
        return [Text(f"{what}, the first: {reasons[0]}", style=style)]
    return [Text(f"{what}, the first {len(shown)}:", style=style), *map(Text, shown)]
