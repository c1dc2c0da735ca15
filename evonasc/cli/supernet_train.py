"""``evonasc supernet train``: one supernet, or one for each operation of a split gene."""

import argparse
import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evonasc.cli.console import output, progress, warn
from evonasc.cli.interrupt import stop_on_interrupt
from evonasc.cli.problem_arguments import add_space_argument

if TYPE_CHECKING:  # torch comes with it, and takes seconds
    from evonasc.data.datasets import DataSet
    from evonasc.supernet.training_state import EpochLog

NETWORKS_HELP = (
    "only these networks: a table with a column arch_str, or what the space calls it (default: all)"
)
_SMALL_SET = "sets below 10,000 training images"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_space_argument(parser)
    parser.add_argument(
        "--data",
        default="cifar10",
        help="cifar10, cifar100, cifar100-recoded (a copy with other pixels), digits or "
        "folder:PATH, a folder of images with one sub-folder a class (default: %(default)s)",
    )
    parser.add_argument(
        "--data-root", type=Path, help="folder with its files, for cifar10 and cifar100* only"
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for checkpoint, log, curve")
    parser.add_argument(
        "--epochs",
        type=int,
        default=60,
        help="in all; a finished training that is asked for more goes on with a new cosine of the "
        "learning rate (default: %(default)s)",
    )
    parser.add_argument("--batch-size", type=int, help=f"(default: 128, or 16 for {_SMALL_SET})")
    parser.add_argument(
        "--path-sampling",
        default="uniform",
        help="uniform, or fair: every choice of every gene each step (default: %(default)s)",
    )
    parser.add_argument(
        "--start", type=Path, metavar="FILE", help="start from these weights, not from random ones"
    )
    parser.add_argument("--networks", type=Path, metavar="FILE.csv", help=NETWORKS_HELP)
    parser.add_argument(
        "--split-edge",
        type=int,
        metavar="GENE",
        help="few-shot: from --start, one supernet for the networks of each operation of this "
        "gene (its number; an edge, where networks are cells), each in a folder of its own",
    )
    parser.add_argument(
        "--learning-rate", type=float, help=f"(default: 0.05, or 0.2 for {_SMALL_SET})"
    )
    parser.add_argument(
        "--size",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="size of the supernet, such as channels=8; may be given again; a name that it lacks "
        f"is refused with those it has (default: the space's own, less for {_SMALL_SET})",
    )
    parser.add_argument(
        "--validation",
        type=int,
        help=f"images held out (default: a tenth, at most 5000; a fifth for {_SMALL_SET})",
    )
    parser.add_argument("--seed", type=int, default=0, help="(default: %(default)s)")
    parser.add_argument(
        "--threads",
        type=int,
        default=1,
        help="of torch; another number is another training (default: %(default)s)",
    )
    parser.add_argument(
        "--device",
        default="cpu",
        help="cpu or cuda; on a GPU the last digits differ from run to run (default: %(default)s)",
    )


class _StopHereError(Exception):
    """An epoch is kept, and the user asked to stop."""


def execute(arguments: argparse.Namespace) -> int:
    """Train with a progress bar; return 0, or 130 after Ctrl-C."""
    from evonasc.data.datasets import (
        is_large,
        load_data,
        require_data_name,
        require_no_idle_root,
    )
    from evonasc.errors import ConfigError
    from evonasc.runs.benchmarks import supernet_family
    from evonasc.supernet.checkpoint import CHECKPOINT_FILE
    from evonasc.supernet.few_shot import train_few_shot
    from evonasc.supernet.network_list import parts_of_gene, read_networks
    from evonasc.supernet.training import TrainingConfig, train_supernet
    from evonasc.supernet.training_state import training_note
    from evonasc.supernet.weights import read_supernet

    gene = arguments.split_edge
    if gene is not None and (arguments.start is None or arguments.networks is not None):
        raise ConfigError("--split-edge needs --start, and chooses the networks itself.")
    has_root = arguments.data_root is not None
    require_data_name(arguments.data, has_root=has_root)
    require_no_idle_root(arguments.data, has_root=has_root)
    family = supernet_family(arguments.space)
    start = None if arguments.start is None else read_supernet(arguments.start, family)
    chosen = arguments.networks
    networks = None if chosen is None else read_networks(chosen, family.space)
    # Images that the weights to start from never saw must stay held out.
    split = arguments.seed if start is None else start.split_seed
    data = load_data(
        arguments.data, arguments.data_root, n_validation=arguments.validation, seed=split
    )
    # A small set gives few batches: smaller ones and longer steps teach more from one pass.
    batch_size, learning_rate = (128, 0.05) if is_large(data) else (16, 0.2)

    def given(value: Any, default: Any) -> Any:
        return default if value is None else value

    config = TrainingConfig(
        supernet=family.make_config(
            data.n_classes,
            is_large=is_large(data),
            given=_sizes(arguments.size),
        ),
        data=arguments.data,
        n_validation=len(data.validation),
        epochs=arguments.epochs,
        batch_size=given(arguments.batch_size, batch_size),
        path_sampling=arguments.path_sampling,
        learning_rate=given(arguments.learning_rate, learning_rate),
        seed=arguments.seed,
        threads=arguments.threads,
        device=arguments.device,
        split=None if split == arguments.seed else split,
    )
    folders = [arguments.out]
    if gene is not None:
        folders = [arguments.out / part for part in parts_of_gene(gene, family)]
    n_epochs = config.epochs * len(folders)
    console = output()
    for line in _said_of(data):
        console.print(line)
    is_told = is_interrupted = False
    with progress() as bar, stop_on_interrupt() as should_stop:
        task = bar.add_task("training", total=None, note="")

        def on_step(step: int, n_steps: int) -> None:
            nonlocal is_told
            bar.update(task, completed=step, total=n_steps)
            if should_stop() and not is_told:
                bar.console.print("Stopping after this epoch; Ctrl-C again stops at once.")
                is_told = True

        def on_epoch(log: "EpochLog", operation: str = "") -> None:
            which = f"{operation}, " if operation else ""
            note = (
                f"{which}epoch {log.epoch}/{config.epochs}, loss {log.train_loss:.3f}, "
                f"held-out error {log.held_out_error:.3f}"
            )
            bar.update(task, note=note)
            if not bar.console.is_terminal:
                console.print(f"{note}, {log.seconds:.0f} s")
            if should_stop() and sum(len(_logs(folder)) for folder in folders) < n_epochs:
                raise _StopHereError

        try:
            with contextlib.suppress(_StopHereError):
                told = (config, data, arguments.out, family)
                if gene is None:
                    train_supernet(
                        *told, start=start, networks=networks, on_step=on_step, on_epoch=on_epoch
                    )
                else:
                    assert start is not None
                    train_few_shot(
                        *told, gene=gene, start=start, on_step=on_step, on_epoch=on_epoch
                    )
            for folder in folders:
                if _logs(folder):
                    _draw_training(folder, config.epochs)
        except KeyboardInterrupt:  # asked twice: what is kept is said, and nothing drawn
            is_interrupted = True
    n_done = sum(len(_logs(folder)) for folder in folders)
    if is_interrupted or n_done < n_epochs:
        words = f"{n_done} of {n_epochs} epochs are kept in {arguments.out}; the same command"
        nothing = "no epoch was finished and nothing is kept; the same command"
        console.print(f"Interrupted: {words if n_done else nothing} goes on from there.")
        return 130
    for folder in folders:
        warn(training_note(folder / CHECKPOINT_FILE))
    each = "" if gene is None else f" for each of {len(folders)} supernets"
    console.print(
        f"Trained {config.epochs} epochs{each}; checkpoint, log and curve are in {arguments.out}."
    )
    return 0


def _sizes(texts: list[str]) -> dict[str, int]:
    """Return the sizes that texts like ``channels=8`` give, by name.

    Raises:
        ConfigError: A text says none.
    """
    from evonasc.errors import ConfigError

    sizes = {}
    for text in texts:
        name, _, value = text.partition("=")
        try:
            sizes[name] = int(value)
        except ValueError as error:
            raise ConfigError(
                f"--size must be NAME=VALUE, the value a whole number, got {text!r}."
            ) from error
    return sizes


def _said_of(data: "DataSet") -> list[str]:
    """Return what was read, and a warning where it is too little to tell networks apart."""
    from evonasc.supernet.loss_scale import coarseness_note

    said = (
        f"{data.name}: {data.n_classes} classes; {len(data.train)} images to train on, "
        f"{len(data.validation)} held out, {len(data.test)} for the test"
    )
    idle = {"other files": data.n_other_files, "folders in classes": data.n_nested_folders}
    if any(idle.values()):
        said += f"; left alone: {', '.join(f'{what}: {n}' for what, n in idle.items() if n)}"
    note = coarseness_note(len(data.validation))
    remedy = "Hold out more with --validation N, or bring more images."
    return [f"{said}.", *([f"Warning:{note} {remedy}"] if note else [])]


def _draw_training(folder: Path, n_epochs: int) -> None:
    """Draw the curve of all epochs done, also of those before a restart."""
    from evonasc.analysis.plotting import save_figure
    from evonasc.analysis.training_figure import training_figure

    figure = training_figure(_logs(folder), n_epochs=n_epochs, title=folder.name)
    save_figure(figure, folder / "curve", may_replace=True)


def _logs(folder: Path) -> "list[EpochLog]":
    """Return the log of all epochs done; empty where the first was not finished."""
    from evonasc.supernet.checkpoint import CHECKPOINT_FILE
    from evonasc.supernet.training_state import read_epoch_logs

    return read_epoch_logs(folder / CHECKPOINT_FILE)
