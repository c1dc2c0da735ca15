"""``evonasc supernet calibrate``: a run's error on the scale of networks that the user trained."""

import argparse
from pathlib import Path

from evonasc.cli.accuracy_arguments import add_accuracy_arguments, stored_source
from evonasc.cli.console import output
from evonasc.cli.problem_arguments import add_space_argument
from evonasc.files import require_new

_DEFAULT_OUT = Path("calibration.json")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_space_argument(parser)
    parser.add_argument(
        "pairs",
        type=Path,
        metavar="PAIRS.csv",
        help="columns arch_str (or what the space calls it), error: a handful of networks and "
        "their error when trained",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE.json",
        help=f"for evonasc run --calibration (default: {_DEFAULT_OUT}); a new file",
    )
    add_accuracy_arguments(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Fit, write, and print each network beside what the line through the others says of it."""
    from evonasc.analysis.report import plain_table
    from evonasc.runs.benchmarks import search_space
    from evonasc.supernet.calibration import TrainedCalibration, read_pairs, write_calibration

    out = arguments.out or _DEFAULT_OUT
    require_new(out)
    source = stored_source(arguments, what="A calibration")
    space = search_space(arguments.space)
    pairs = read_pairs(arguments.pairs, source, space)
    calibration = TrainedCalibration(pairs)
    write_calibration(out, calibration, source)
    rows = [
        {
            space.network_word: text,
            "error": f"{error:.4f}",
            "trained": f"{trained:.4f}",
            "from the others": f"{guess:.4f}",
            "missed by": f"{guess - trained:+.4f}",
        }
        for text, error, trained, guess in zip(
            space.to_short_text(pairs.networks),
            pairs.error,
            pairs.trained_error,
            calibration.left_out,
            strict=True,
        )
    ]
    console = output()
    console.print(plain_table(rows))
    console.print(
        f"logit(trained error) = {calibration.intercept:.3f} + {calibration.slope:.3f} "
        f"logit(error). Each network left out in turn: +- {calibration.left_out_error:.4f}."
    )
    console.print(f"Written to {out}. Use it with: evonasc run --calibration FILE")
    return 0
