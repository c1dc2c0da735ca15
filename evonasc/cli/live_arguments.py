"""Options of live evaluation."""

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evonasc.supernet.live_options import LiveOptions


def add_live_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    group = parser.add_argument_group("live evaluation")
    group.add_argument(
        "--images",
        type=int,
        metavar="N",
        help="held-out images to run networks on (default: 1000, or all where there are fewer)",
    )
    group.add_argument(
        "--no-cache",
        action="store_true",
        help="neither read nor keep losses on disk ($EVONASC_CACHE or ~/.cache/evonasc)",
    )
    group.add_argument(
        "--early-decision",
        action=argparse.BooleanOptionalAction,
        default=False,
        help="stop running a design on images once it is clearly dominated (default: do not)",
    )
    group.add_argument(
        "--device", default="auto", help="auto, cpu or cuda (default: auto: a GPU torch sees)"
    )


def live_options_of(arguments: argparse.Namespace) -> "LiveOptions":
    """Return the options that were given.

    Raises:
        ConfigError: Fewer than one image.
        UnknownNameError: No such device.
    """
    from evonasc.supernet.live_options import LiveOptions

    return LiveOptions(
        n_images=arguments.images,
        is_cached=not arguments.no_cache,
        decides_early=arguments.early_decision,
        device=arguments.device,
    )
