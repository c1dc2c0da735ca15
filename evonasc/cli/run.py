"""``evonasc run``: search, show the front, leave a folder."""

import argparse
from dataclasses import fields
from pathlib import Path

from evonasc.cli.accuracy_arguments import (
    add_accuracy_arguments,
    add_weights_arguments,
    error_of,
)
from evonasc.cli.bound_arguments import (
    add_bound_arguments,
    add_margin_argument,
    bounds_of,
    require_meant,
)
from evonasc.cli.problem_arguments import (
    add_problem_arguments,
    objectives_of,
    require_read_by_problem,
    scenario_of,
)
from evonasc.cli.search_into import add_result_arguments, search_into
from evonasc.runs.config import RunConfig
from evonasc.runs.prepare import prepare
from evonasc.search.algorithms import algorithm, require_read_options
from evonasc.search.config import SearchConfig
from evonasc.search.threshold_rule import THRESHOLD_ORDERS, THRESHOLD_RULES
from evonasc.search.threshold_search import NASC_HELP


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = NASC_HELP
    parser.add_argument(
        "--algo",
        dest="algorithm",
        metavar="ALGO",
        default=SearchConfig.algorithm,
        help="algorithm (default: %(default)s)",
    )
    add_problem_arguments(parser)
    add_bound_arguments(parser)
    add_margin_argument(parser)
    add_accuracy_arguments(parser, takes_live=True)
    add_weights_arguments(parser)
    parser.add_argument(
        "--data",
        help="data set to train on, where the algorithm trains weights: cifar10, cifar100, "
        "cifar100-recoded, digits or folder:PATH",
    )
    live = parser.add_argument_group("live evaluation")
    live.add_argument(
        "--images",
        type=int,
        metavar="N",
        help="held-out images to run networks on (default: 1000, or all where there are fewer)",
    )
    live.add_argument(
        "--no-cache",
        action="store_true",
        help="neither read nor keep losses on disk ($EVONASC_CACHE or ~/.cache/evonasc)",
    )
    live.add_argument(
        "--threads",
        type=int,
        metavar="N",
        help="of torch, also where the search trains; another number rounds otherwise and is "
        "another run (default: 1)",
    )
    live.add_argument(
        "--device", help="auto, cpu or cuda (default: a GPU that torch sees; cpu for --data)"
    )
    parser.add_argument(
        "--error-resolution",
        type=float,
        default=0.0,
        metavar="FRACTION",
        help="errors that differ by less are ties; 0.008 is about the noise of the shipped scores, "
        "see docs/accuracy.md (default: %(default)s)",
    )
    parser.add_argument(
        "--calibration",
        type=Path,
        metavar="FILE.json",
        help="show errors as of networks trained alone, made by evonasc supernet calibrate",
    )
    parser.add_argument(
        "--seed", type=int, default=SearchConfig.seed, help="(default: %(default)s)"
    )
    parser.add_argument(
        "--budget",
        type=int,
        default=SearchConfig.budget,
        help="distinct designs to evaluate (default: %(default)s)",
    )
    parser.add_argument(
        "--pop-size",
        type=int,
        default=SearchConfig.pop_size,
        help="of algorithms that evolve a population (default: %(default)s)",
    )
    _add_algorithm_arguments(parser)
    parser.add_argument("--out", type=Path, help="run folder (default: a new one below runs/)")
    add_result_arguments(parser)


def _add_algorithm_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what single algorithms ask for."""
    group = parser.add_argument_group(
        "single algorithms", "`evonasc list algorithms` names those that read each option"
    )
    group.add_argument(
        "--refine-split",
        action="store_true",
        help="move each new design's cut to the fastest allowed one of its network",
    )
    group.add_argument(
        "--n-thresholds",
        type=int,
        metavar="N",
        help="thresholds of a sweep, at most, the last a bound on latency_ms (default: that bound "
        "alone; without it 10, or 5 where weights are trained)",
    )
    group.add_argument(
        "--threshold-rule",
        default=SearchConfig.threshold_rule,
        metavar="RULE",
        help=f"{' or '.join(THRESHOLD_RULES)} (default: %(default)s)",
    )
    group.add_argument(
        "--penalty-weight",
        type=float,
        default=SearchConfig.penalty_weight,
        help="error an excess of once the threshold is worth (default: %(default)s)",
    )
    group.add_argument(
        "--threshold-order",
        default=SearchConfig.threshold_order,
        metavar="ORDER",
        help=f"of a sweep, {' or '.join(THRESHOLD_ORDERS)} (default: %(default)s)",
    )
    group.add_argument(
        "--share-samples",
        action="store_true",
        help="search all thresholds of a sweep at once, samples shared by importance",
    )
    group.add_argument(
        "--cold-start",
        dest="is_warm",
        action="store_false",
        help="search each threshold of a sweep from scratch",
    )
    group.add_argument(
        "--n-samples",
        type=int,
        default=SearchConfig.n_samples,
        metavar="N",
        help="samples of a step, lambda (default: %(default)s)",
    )
    group.add_argument(
        "--alpha",
        type=float,
        default=SearchConfig.alpha,
        help="how consistent ASNG's steps must be to grow; larger is bolder (default: %(default)s)",
    )
    group.add_argument(
        "--delta0",
        type=float,
        default=SearchConfig.delta0,
        help="ASNG's first step (default: %(default)s)",
    )
    group.add_argument(
        "--patience",
        type=int,
        default=SearchConfig.patience,
        metavar="N",
        help="samples drawn at most for each new design (default: %(default)s)",
    )
    for kind in ("sampling", "crossover", "mutation"):
        group.add_argument(
            f"--{kind}",
            default=getattr(SearchConfig, kind),
            metavar="NAME",
            help="see evonasc list operators (default: %(default)s)",
        )
    group.add_argument(
        "--fixed-cut", type=int, metavar="BLOCK", help="cut here, not at the fastest cut"
    )


def execute(arguments: argparse.Namespace) -> int:
    """Search, and return 0, 3 where no design keeps to the bounds, or 130 after Ctrl-C.

    What the search found is on disk before anything else is computed.
    """
    # refuses an unknown one before anything is made or written
    entry = algorithm(arguments.algorithm)
    values = vars(arguments)
    search = SearchConfig(**{field.name: values[field.name] for field in fields(SearchConfig)})
    require_read_options(search, entry, given=arguments.given)
    require_read_by_problem(arguments)
    config = RunConfig(
        problem=arguments.problem,
        space=arguments.space,
        scenario=scenario_of(arguments),
        objectives=objectives_of(arguments),
        bounds=bounds_of(arguments),
        margin=arguments.margin,
        error=error_of(arguments, trains=entry.trains),
        error_resolution=arguments.error_resolution,
        calibration=arguments.calibration,
        search=search,
    )
    prepared = prepare(config)
    config = prepared.config
    require_meant(arguments, config.objectives)
    folder = arguments.out or _new_folder(config.search)
    return search_into(folder, prepared, arguments)


def _new_folder(search: SearchConfig) -> Path:
    """Return a folder below runs/ that does not exist yet."""
    stem = f"{search.algorithm}-seed{search.seed}"
    number = 1
    while (folder := Path("runs") / f"{stem}-{number:03d}").exists():
        number += 1
    return folder
